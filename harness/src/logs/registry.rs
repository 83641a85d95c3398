//! `registry.reg`: the device's registry as `regedit` exports it, with what follows from the device's state: the policies
//! that an MDM server has set, and the agent's verdict on its policies.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use csp_model::Device;
use csp_model::agent::PolicyState;
use csp_model::device::Scalar;
use csp_model::value::Value;

use super::utf16;

/// Values of a key by their names in small letters, with the names as they are.
type Values = BTreeMap<String, (String, Scalar)>;

/// Where MDM policies of the area stand.
const POLICY_MANAGER: &str = r"HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\Update";

/// The export of a device.
pub(super) fn file(device: &Device, bytes: &mut Vec<u8>) {
    let mut text = String::from("Windows Registry Editor Version 5.00\r\n");
    for (key, values) in keys(device) {
        let _ = write!(text, "\r\n[{key}]\r\n");
        for (name, value) in values {
            match name.as_str() {
                "" => text.push('@'),
                name => quoted(name, &mut text),
            }
            text.push('=');
            write_value(&value, &mut text);
            text.push_str("\r\n");
        }
    }
    text.push_str("\r\n");
    utf16::encode(&text, bytes);
}

/// Every key with its values, in the order of a registry: without case.
fn keys(device: &Device) -> impl Iterator<Item = (String, Vec<(String, Scalar)>)> {
    let own = device.registry().iter();
    let own = own.map(|(key, name, value)| (key.to_owned(), name.to_owned(), value.clone()));
    let policies = device.policy().iter().map(|(name, value)| {
        let value = match value {
            Value::Int(number) => Scalar::Int(*number),
            Value::Bool(flag) => Scalar::Bool(*flag),
            other => Scalar::Text(other.text().into_owned()),
        };
        (POLICY_MANAGER.to_owned(), name.to_owned(), value)
    });
    let verdict = device.policy_state().values();
    let verdict = verdict.map(|(name, value)| (PolicyState::KEY.to_owned(), name.to_owned(), value));
    let mut keys = BTreeMap::<String, (String, Values)>::new();
    // An export has lines: a name that would end one cannot stand in it.
    let is_plain = |text: &str| !text.contains(|symbol: char| symbol.is_control());
    let own = own.filter(|(key, name, _)| is_plain(key) && is_plain(name));
    // What follows from the state comes last, and counts.
    for (key, name, value) in own.chain(policies).chain(verdict) {
        let key = long_root(&key).into_owned();
        let (_, values) = keys.entry(key.to_lowercase()).or_insert_with(|| (key, Values::new()));
        values.insert(name.to_lowercase(), (name, value));
    }
    keys.into_values().map(|(key, values)| (key, values.into_values().collect()))
}

/// A key with the long name of its root, as exports have it.
fn long_root(key: &str) -> Cow<'_, str> {
    const ROOTS: [(&str, &str); 5] = [
        ("HKLM", "HKEY_LOCAL_MACHINE"),
        ("HKCU", "HKEY_CURRENT_USER"),
        ("HKCR", "HKEY_CLASSES_ROOT"),
        ("HKU", "HKEY_USERS"),
        ("HKCC", "HKEY_CURRENT_CONFIG"),
    ];
    let (root, rest) = key.split_once('\\').unwrap_or((key, ""));
    let known = ROOTS
        .into_iter()
        .find(|(short, long)| root.eq_ignore_ascii_case(short) || root.eq_ignore_ascii_case(long));
    match known {
        Some((_, long)) if rest.is_empty() => long.into(),
        Some((_, long)) => format!("{long}\\{rest}").into(),
        None => key.into(),
    }
}

/// A number is a `REG_DWORD` where it fits, everything else a `REG_SZ`; a text of several lines stands in hexadecimal.
fn write_value(value: &Scalar, text: &mut String) {
    let number = match value {
        Scalar::Bool(flag) => Some(i64::from(*flag)),
        Scalar::Int(number) => Some(*number),
        Scalar::Text(_) => None,
    };
    match number {
        Some(number) => match u32::try_from(number) {
            Ok(number) => {
                let _ = write!(text, "dword:{number:08x}");
            }
            Err(_) => hex("hex(b):", number.to_le_bytes(), text),
        },
        None => {
            let words = value.text();
            if words.contains(|symbol: char| symbol.is_control()) {
                let units = words.encode_utf16().chain(Some(0)).flat_map(u16::to_le_bytes);
                hex("hex(1):", units, text);
            } else {
                quoted(&words, text);
            }
        }
    }
}

fn hex(kind: &str, bytes: impl IntoIterator<Item = u8>, text: &mut String) {
    text.push_str(kind);
    for (index, byte) in bytes.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{byte:02x}");
    }
}

fn quoted(words: &str, text: &mut String) {
    text.push('"');
    for symbol in words.chars() {
        match symbol {
            '"' | '\\' => text.extend(['\\', symbol]),
            other => text.push(other),
        }
    }
    text.push('"');
}
