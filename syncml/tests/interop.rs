//! Our WBXML is read by libwbxml, and libwbxml's by us: every message there is in XML says the same on both ways.
//!
//! `wbxml2xml` and `xml2wbxml` are of the package `libwbxml2-utils`. Where they are not installed nothing is compared,
//! which is said; where `CI` is set they must be.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases and runs programs")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use csp_model::xml::{Doctype, Event, Reader};
use syncml::codec::{Encoding, Limits, decode, encode, encode_as, wbxml};
use syncml::message::Message;

/// What `wbxml2xml` makes another message of, and why. Everywhere it leaves attributes out.
const READ_OTHERWISE: [(&str, &str); 4] = [
    ("messages/data-quotes-and-cr/", "a carriage return is written as it is, which is a line feed in XML"),
    ("mutation-seeds/server-profile/", "the same"),
    ("wbxml/unknown-attribute-tokens/", "tokens without a name are all called `unknown`"),
    ("wbxml/unknown-tokens/", "the same"),
];

/// What `xml2wbxml` cannot read, or makes another message of, and why. Everywhere it leaves attributes out.
const WRITTEN_OTHERWISE: [(&str, &str); 4] = [
    ("messages/nodecache-life/request-2", "line feeds in Data become CR LF"),
    ("messages/data-cdata/request-1", "a CDATA section beside text is an internal error"),
    ("messages/encoding-declared-falsely/", "a declaration of UTF-16 on UTF-8 is believed"),
    (
        "mutation-seeds/server-markup/",
        "a tree description is taken for a document of its own, which has no public identifier",
    ),
];

/// An element or a text; white space between elements counts for nothing, nor do namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tree {
    Element { name: String, attributes: BTreeSet<(String, String)>, children: Vec<Self> },
    Text(String),
}

/// The elements of a document; without attributes where those are not compared.
fn tree(xml: &[u8], with_attributes: bool) -> Vec<Tree> {
    let text = std::str::from_utf8(xml).expect("UTF-8");
    let mut reader = Reader::new(text, Doctype::SubsetOfInstructions, Limits::DEEPEST);
    let mut open: Vec<(String, BTreeSet<_>, Vec<Tree>)> = vec![(String::new(), BTreeSet::new(), Vec::new())];
    loop {
        match reader.next().unwrap_or_else(|error| panic!("{error} in {text}")) {
            Event::Start(start) => {
                let name = start.name.rsplit(':').next().unwrap_or_default().to_owned();
                let attributes =
                    reader.attributes().iter().filter(|it| with_attributes && !it.is_declaration());
                let attributes = attributes.map(|it| (it.local().to_owned(), it.value.to_string())).collect();
                open.push((name, attributes, Vec::new()));
            }
            Event::End(_) => {
                let (name, attributes, mut children) = open.pop().expect("it was opened");
                let has_elements = children.iter().any(|child| matches!(child, Tree::Element { .. }));
                children.retain(
                    |child| !matches!(child, Tree::Text(text) if has_elements && text.trim().is_empty()),
                );
                let parent = open.last_mut().expect("the document");
                parent.2.push(Tree::Element { name, attributes, children });
            }
            Event::Text(text) => {
                let children = &mut open.last_mut().expect("the document").2;
                match children.last_mut() {
                    Some(Tree::Text(before)) => before.push_str(&text.value),
                    Some(Tree::Element { .. }) | None => children.push(Tree::Text(text.value.into_owned())),
                }
            }
            Event::Eof => return open.pop().expect("the document").2,
        }
    }
}

/// A document whose tags have local names.
fn without_prefixes(xml: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(xml).expect("UTF-8");
    let mut parts = text.split('<');
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut is_cdata = false;
    for part in parts {
        is_cdata |= part.starts_with("![CDATA[");
        if is_cdata {
            is_cdata = !part.contains("]]>");
            out.extend(["<", part]);
            continue;
        }
        let (slash, rest) = part.strip_prefix('/').map_or(("", part), |rest| ("/", rest));
        let end = rest.find([' ', '/', '>']).unwrap_or(rest.len());
        let colon = rest[..end].find(':').map_or(0, |colon| colon + 1);
        out.extend(["<", slash, &rest[colon..]]);
    }
    out.into_bytes()
}

/// Where two trees differ first.
fn difference(name: &str, expected: &[Tree], found: &[Tree]) -> String {
    let [expected, found] = [expected, found].map(|tree| format!("{tree:#?}"));
    let lines = expected.lines().zip(found.lines()).enumerate();
    let differs = lines.filter(|(_, (expected, found))| expected != found);
    let shown =
        differs.take(3).map(|(line, (expected, found))| format!("\n  {line}: {expected}\n  {line}: {found}"));
    format!("{name}:{}", shown.collect::<String>())
}

/// Every file of a folder and those below that is a message in XML.
fn messages(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>, Message)>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").filter_map(Result::ok).map(|it| it.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            messages(&path, found);
        } else if path.extension() == Some(OsStr::new("xml")) {
            let bytes = fs::read(&path).expect("a file to read");
            if let Ok(message) = decode(&bytes, &Limits::default()) {
                found.push((path, bytes, message));
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "a comparison that is left out must be seen")]
fn every_message() -> Vec<(PathBuf, Vec<u8>, Message)> {
    let mut found = Vec::new();
    for kind in ["messages", "sessions", "judge", "mutation-seeds", "wbxml"] {
        messages(&fixtures::root().join(kind), &mut found);
    }
    let shared = fixtures::root().join("../../shared/data/messages");
    if shared.is_dir() {
        messages(&shared, &mut found);
    } else {
        eprintln!("no published messages at {}: they are left out", shared.display());
    }
    assert!(found.len() > 100, "{} messages", found.len());
    found
}

/// Whether a program of libwbxml is there.
#[expect(clippy::print_stderr, reason = "a comparison that is left out must be seen")]
fn is_installed(program: &str) -> bool {
    let is_there = Command::new(program).output().is_ok();
    assert!(is_there || std::env::var_os("CI").is_none(), "{program} is needed: install libwbxml2-utils");
    if !is_there {
        eprintln!("{program} is not installed: WBXML was not compared with it");
    }
    is_there
}

/// Runs a program of libwbxml on bytes.
fn run(program: &str, options: &[&str], bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop").join(name);
    fs::create_dir_all(&folder).expect("a folder for temporary files");
    let (input, output) = (folder.join("input"), folder.join("output"));
    fs::write(&input, bytes).expect("a file to write");
    let ran =
        Command::new(program).args(options).arg("-o").args([&output, &input]).output().expect("it runs");
    let result = fs::read(&output).map_err(|_| String::from_utf8_lossy(&ran.stderr).into_owned());
    fs::remove_dir_all(&folder).expect("the folder can go");
    result
}

#[test]
fn libwbxml_reads_what_we_write() {
    if !is_installed("wbxml2xml") {
        return;
    }
    let mut wrong = Vec::new();
    for (path, _, message) in every_message() {
        if READ_OTHERWISE.iter().any(|(known, _)| path.display().to_string().contains(known)) {
            continue;
        }
        let ours = encode_as(&message, Encoding::Wbxml);
        // Without a public identifier it must be told.
        let options = ["-m", "0", "-k", "-l", "SYNCML12"];
        let options = if ours.get(1) == Some(&1) { &options[..] } else { &options[..3] };
        let theirs = match run("wbxml2xml", options, &ours, "read") {
            Ok(theirs) => theirs,
            Err(error) => {
                wrong.push(format!("{}: {error}\n{}", path.display(), wbxml::dump(&ours)));
                continue;
            }
        };
        if std::str::from_utf8(&theirs).is_err() {
            wrong.push(format!("{}: {}", path.display(), String::from_utf8_lossy(&theirs)));
            continue;
        }
        // Attributes are left out by it, and with them what prefixes mean.
        let (expected, found) = (tree(&encode(&message), false), tree(&without_prefixes(&theirs), false));
        if expected != found {
            wrong.push(difference(&path.display().to_string(), &expected, &found));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn we_read_what_libwbxml_writes() {
    if !is_installed("xml2wbxml") {
        return;
    }
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (path, bytes, message) in every_message() {
        // It does not know a body alone.
        if message.bare_body {
            continue;
        }
        let name = path.strip_prefix(fixtures::root()).unwrap_or(&path).display().to_string();
        if WRITTEN_OTHERWISE.iter().any(|(known, _)| name.contains(known)) {
            continue;
        }
        count += 1;
        for options in [&["-k"][..], &["-k", "-n", "-v", "1.2"]] {
            let theirs = match run("xml2wbxml", options, &bytes, "write") {
                Ok(theirs) => theirs,
                // Its string table is where a literal would be.
                Err(error) if error.contains("can't encode Literal") => continue,
                Err(error) => {
                    wrong.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let Ok(found) = decode(&theirs, &Limits::default()) else {
                wrong.push(format!("{name}: {}", wbxml::dump(&theirs)));
                continue;
            };
            // Attributes are left out by it.
            let (expected, found) = (tree(&encode(&message), false), tree(&encode(&found), false));
            if expected != found {
                wrong.push(difference(&name, &expected, &found));
            }
        }
    }
    assert!(count > 50, "{count} messages");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
