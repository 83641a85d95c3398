//! A strict reader of registry exports.

use std::collections::BTreeMap;

use super::{device, utf16};
use crate::logs;

/// The values of an export, by key and name, as they stand there.
pub(super) fn read(bytes: &[u8]) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = utf16(bytes);
    let body = text.strip_prefix("Windows Registry Editor Version 5.00\r\n\r\n").expect("a header");
    let mut keys = BTreeMap::new();
    for block in body.split("\r\n\r\n").filter(|block| !block.is_empty()) {
        let mut lines = block.trim_end().split("\r\n");
        let head = lines.next().expect("a key");
        let key = head.strip_prefix('[').and_then(|key| key.strip_suffix(']')).expect("brackets");
        assert!(key.starts_with("HKEY_"), "{key}");
        let values: BTreeMap<_, _> = lines.map(value).collect();
        assert!(keys.insert(key.to_owned(), values).is_none(), "{key} twice");
    }
    keys
}

fn value(line: &str) -> (String, String) {
    let (name, rest) = match line.strip_prefix('@') {
        Some(rest) => (String::new(), rest),
        None => quoted(line),
    };
    let data = rest.strip_prefix('=').expect("a value");
    if let Some(number) = data.strip_prefix("dword:") {
        assert!(number.len() == 8 && u32::from_str_radix(number, 16).is_ok(), "{line}");
    } else if let Some(hex) = data.strip_prefix("hex(b):").or_else(|| data.strip_prefix("hex(1):")) {
        assert!(hex.split(',').all(|byte| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok()), "{line}");
    } else {
        let (text, rest) = quoted(data);
        assert_eq!(rest, "", "{line}");
        return (name, text);
    }
    (name, data.to_owned())
}

/// A text in quotation marks, and what comes after.
fn quoted(text: &str) -> (String, &str) {
    let mut symbols = text.strip_prefix('"').expect("a quotation mark").char_indices();
    let mut plain = String::new();
    while let Some((at, symbol)) = symbols.next() {
        match symbol {
            '"' => return (plain, &text[at + 2..]),
            '\\' => plain.push(symbols.next().expect("what is escaped").1),
            other => plain.push(other),
        }
    }
    panic!("no end: {text:?}");
}

#[test]
fn the_registry_is_there_with_what_follows_from_the_state() {
    let mut device = device(
        r#"
[policy.Update]
ActiveHoursStart = 8
UpdateServiceUrl = "http://\"a\\b\""
[registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate']
WUServer = "http://wsus.contoso.com:8530"
TargetGroup = "two\nlines"
Large = 5000000000
[registry.'hklm\software\Policies\Microsoft\Windows\WindowsUpdate\AU']
UseWUServer = true
"#,
    );
    let until = device.clock();
    let (_, files) = logs::live(&mut device, until);
    let file = files.iter().find(|file| file.name == "registry.reg").expect("an export");
    let keys = read(&file.bytes);
    let get = |key: &str, name: &str| keys[&format!("HKEY_LOCAL_MACHINE\\{key}")][name].as_str();
    let policies = r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate";
    assert_eq!(get(policies, "WUServer"), "http://wsus.contoso.com:8530");
    assert!(get(policies, "TargetGroup").starts_with("hex(1):74,00,77,00,6f,00,0a,00"));
    assert_eq!(get(policies, "Large"), "hex(b):00,f2,05,2a,01,00,00,00");
    assert_eq!(get(r"software\Policies\Microsoft\Windows\WindowsUpdate\AU", "UseWUServer"), "dword:00000001");
    let managed = r"SOFTWARE\Microsoft\PolicyManager\current\device\Update";
    assert_eq!(get(managed, "ActiveHoursStart"), "dword:00000008");
    assert_eq!(get(managed, "UpdateServiceUrl"), r#"http://"a\b""#);
    let state = r"SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\PolicyState";
    assert_eq!(get(state, "IsWUfBDualScanActive"), "dword:00000000");
}
