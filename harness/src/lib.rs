//! cspsim: an offline simulator of a Windows device under MDM.
//!
//! The device itself is [`csp_model`], the language it speaks is [`syncml`]; this crate is the world around them:
//! files, the terminal, and what people run.
//!
//! ```
//! let mut device = cspsim::Device::builtin();
//! let request = br#"<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get></SyncBody>"#;
//! let answer = cspsim::answer(&mut device, request)?;
//! assert!(String::from_utf8_lossy(&answer).contains("<Data>Contoso</Data>"));
//! # Ok::<(), syncml::codec::DecodeError>(())
//! ```

mod aside;
pub mod cli;
mod clock;
mod dial;
mod drive;
mod endpoint;
mod event;
mod exit;
mod fleet;
mod input;
mod kept;
mod lint;
mod listening;
mod located;
pub mod logs;
mod opening;
mod output;
mod place;
mod pretty;
mod record;
mod redact;
pub mod replay;
mod report;
mod scenario;
mod sim;
mod store;
mod transcript;
mod transport;
mod tree_json;
mod violation;

pub use clock::{NotAPace, Pace};
pub use csp_model::{self, Device, DeviceFile};
pub use event::{DeviceEvent, RecordedEvent};
pub use exit::Failure;
pub use sim::{SimDevice, Unmet};
pub use syncml;
pub use violation::{RecordedViolation, Violation};

use csp_model::tree::Effect;
use syncml::codec::{self, DecodeError, Limits};
use syncml::session::{Incoming, Responder};

/// Answers one message of a server, as the first of a session, in the encoding of the message. The device keeps what the
/// message changed.
///
/// # Errors
/// When the bytes are no SyncML message; the device is then as it was.
pub fn answer(device: &mut Device, message: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let (message, input) = codec::decode_with_text(message, &Limits::default())?;
    let encoding = input.encoding();
    let incoming = Incoming { encoding: Some(encoding), ..Incoming::from(&message) };
    let turn = Responder::new(device).receive(incoming, device);
    if turn.effects.contains(&Effect::Restart) {
        device.restart();
    }
    Ok(codec::encode_as(&turn.answer, encoding))
}

/// The blocks of the README are tested with the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
