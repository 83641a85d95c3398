//! What is written is read back, by readers that know the formats from their description and nothing of the writer.

mod client;
mod cmtrace;
mod export;
mod lives;
mod reporting;
mod trace;

use csp_model::agent::{EventKind, Refusal};
use csp_model::{Device, DeviceFile, device::Profile};

/// Every kind of event.
pub(super) fn kinds() -> Vec<EventKind> {
    let kinds = vec![
        EventKind::ScanSucceeded { updates: 1 },
        EventKind::ScanFailed,
        EventKind::Offered,
        EventKind::Revised { revision: 1 },
        EventKind::Withdrawn,
        EventKind::Held,
        EventKind::ReadyToDownload,
        EventKind::DownloadStarted,
        EventKind::DownloadBlocked,
        EventKind::DownloadUnblocked,
        EventKind::DownloadSucceeded,
        EventKind::DownloadFailed,
        EventKind::ReadyToInstall,
        EventKind::ContentExpired,
        EventKind::InstallStarted,
        EventKind::InstallBlocked,
        EventKind::InstallUnblocked,
        EventKind::InstallCancelled,
        EventKind::InstallSucceeded,
        EventKind::RestartRequired,
        EventKind::InstallFailed,
        EventKind::Restarted,
        EventKind::CommitStarted,
        EventKind::CommitSucceeded,
        EventKind::CommitFailed,
        EventKind::RollbackRefused { why: Refusal::ALL[0] },
        EventKind::RollbackStarted,
        EventKind::RollbackSucceeded,
        EventKind::Paused,
        EventKind::Resumed,
        EventKind::PolicyRefreshed,
        EventKind::PolicyReceived { deployments: 1 },
        EventKind::PolicyFailed,
        EventKind::SourceSet,
        EventKind::SourceFailed,
        EventKind::ClientReset,
    ];
    assert_eq!(kinds.len(), EventKind::NAMES.len());
    kinds
}

/// The device of a file.
fn device(toml: &str) -> Device {
    let file = DeviceFile::from_toml(toml).expect("the file is well-formed");
    Device::new(std::sync::Arc::new(Profile::new(file).expect("the file makes sense")))
}

/// Texts between other texts, one after another.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn skip(&mut self, text: &str) {
        self.0 =
            self.0.strip_prefix(text).unwrap_or_else(|| panic!("expected {text:?} before {:.80?}", self.0));
    }

    fn until(&mut self, text: &str) -> &'a str {
        let (before, after) =
            self.0.split_once(text).unwrap_or_else(|| panic!("expected {text:?} after {:.80?}", self.0));
        self.0 = after;
        before
    }
}

/// A number of just so many digits.
fn number(text: &str, digits: usize) -> u32 {
    assert!(text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()), "{text:?}");
    text.parse().expect("digits")
}

/// The text of a file in UTF-16LE with a byte order mark.
fn utf16(bytes: &[u8]) -> String {
    let (mark, rest) = bytes.split_at(2);
    assert_eq!(mark, [0xff, 0xfe]);
    let units: Vec<_> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    assert_eq!(rest.len() % 2, 0);
    String::from_utf16(&units).expect("no half characters")
}
