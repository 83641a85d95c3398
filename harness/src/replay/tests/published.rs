//! The sessions that specifications print, replayed with `--seed-from-capture`: every difference has its reason here.
//!
//! The messages are not part of the project: without the folder `shared/data/messages` beside it, nothing is compared,
//! and that is said.

use std::fs;
use std::path::Path;

use super::super::Replay;

/// A session of a specification.
struct Published {
    /// What the names of its files begin with, in order.
    messages: &'static [&'static str],
    /// What the texts of its differences have in them, and why.
    reasons: &'static [(&'static str, &'static str)],
}

const PUBLISHED: [Published; 5] = [
    // [MS-MDM] section 4
    Published {
        messages: &["20-msmdm", "21-msmdm", "22-msmdm"],
        reasons: &[
            ("Alert 1201", "the example leaves out who calls"),
            ("HwV", "its address has a space in the example"),
            ("[software version returned here]", "the example has no version"),
            ("Meta/Format said", "Windows does not say what is the default"),
            ("./DevDetail/SwV\": Cmd", "Windows says no Cmd in Results"),
        ],
    },
    // OMA-TS-DM_Protocol 1.2.1, protocol examples
    Published {
        messages: &[
            "34-oma-protocol-example-1.",
            "34-oma-protocol-example-2.",
            "34-oma-protocol-example-3.",
            "34-oma-protocol-example-4.",
            "34-oma-protocol-example-5.",
            "34-oma-protocol-example-6.",
            "34-oma-protocol-example-7.",
            "34-oma-protocol-example-8.",
            "34-oma-protocol-example-9.",
            "34-oma-protocol-example-10.",
        ],
        reasons: &[
            ("Source/LocName", "Windows names the account beside its credentials"),
            ("Meta/Format said", "Windows does not say what is the default"),
            ("Meta/Type", "Windows does not say what is the default"),
            ("./DevInfo/DmV", "Windows has a version of its own"),
            ("./DevInfo/Lang", "the second session is of another device than the first"),
            ("Status of Alert 2", "Windows has no alerts of user interaction"),
            ("TargetRef", "Windows has none where the command has one Item"),
            ("Status of SyncHdr: CmdRef", "the example leaves it out, against the representation protocol"),
            ("Status of Replace 2 \"./antivirus_data\": MsgRef", "the example refers to its first message"),
            (
                "Status of Replace 2 \"./antivirus_data\": Data",
                "a node that is interior here has no value of type bin",
            ),
        ],
    },
    // OMA-TS-DM_Protocol 1.2.1, authentication
    Published {
        messages: &[
            "35-oma-auth-example-1.",
            "35-oma-auth-example-2.",
            "35-oma-auth-example-3.",
            "35-oma-auth-example-4.",
            "35-oma-auth-example-5.",
            "35-oma-auth-example-6.",
        ],
        reasons: &[
            ("Source/LocName", "Windows names the account beside its credentials, and only then"),
            ("SyncHdr: MsgID", "the example does not count the message that was refused"),
            ("SyncHdr: Cred", "the example proves itself once more after a 212"),
            ("a message more", "the example ends before the device has answered"),
        ],
    },
    // OMA-TS-DM_TND 1.2.1, tree exchange
    Published {
        messages: &["30-oma-list", "31-oma-list"],
        reasons: &[
            ("MsgRef left out", "Windows says it always"),
            ("Status of Get 4", "the example shows the Results alone"),
            ("SyncBody: order", "the example lists level by level, Windows branch by branch"),
        ],
    },
    Published {
        messages: &["32-oma-list", "33-oma-list-structdata-response.xml"],
        reasons: &[
            ("MsgRef left out", "Windows says it always"),
            ("Status of Get 4", "the example shows the Results alone"),
            ("SyncBody: order", "the example lists level by level, Windows branch by branch"),
            ("./A/D/E/H", "the example has a picture that is none, and no Format that says so"),
        ],
    },
];

#[test]
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn published_sessions_differ_where_it_is_known_why() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/messages");
    if !folder.is_dir() {
        eprintln!("no published messages at {}: they are left out", folder.display());
        return;
    }
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for Published { messages, reasons } in PUBLISHED {
        let mut capture = String::new();
        for begins in messages {
            let is_meant = |name: &&std::ffi::OsString| {
                let name = name.to_string_lossy();
                name.starts_with(*begins) && name.ends_with(".xml")
            };
            let name = names.iter().find(is_meant).unwrap_or_else(|| panic!("no {begins}"));
            let text = fs::read_to_string(folder.join(name)).unwrap();
            // A command alone stands in a body.
            let is_whole = text.contains("<SyncBody");
            capture.push_str(&if is_whole { text } else { format!("<SyncBody>{text}</SyncBody>\n") });
        }
        let path = super::written(&format!("published-{}", messages[0]), &capture);
        let report = Replay::of(&path).seed_from_capture().run();
        fs::remove_file(&path).unwrap();
        assert!(report.unreadable.is_empty() && report.not_compared.is_empty(), "{}", report.in_words());
        let differences: Vec<_> =
            report.played.iter().flat_map(|played| played.differences()).map(ToString::to_string).collect();
        for difference in &differences {
            assert!(
                reasons.iter().any(|(part, _)| difference.contains(part)),
                "{messages:?}: {difference}: nobody knows why"
            );
        }
        for (part, why) in reasons {
            assert!(
                differences.iter().any(|difference| difference.contains(part)),
                "{messages:?}: nothing differs any more in {part}, of which was known: {why}"
            );
        }
    }
}
