//! What must hold of any input, one function a target: it panics where that does not hold.
//!
//! The targets below `targets/` run these on what a fuzzer makes up; `syncml/tests/corpus.rs` includes this file, and
//! runs them on what is kept in `corpus/`.

mod program;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use csp_model::device::{AtomicFailure, FileError, Profile, Snapshot};
use csp_model::schema::{Schema, ddf};
use csp_model::{Device, DeviceFile};
use syncml::codec::{self, Encoding, Limits};
use syncml::message::{Kind, Message, Status};
use syncml::session::device::Opening;
use syncml::session::{DeviceSession, Responder};

/// What is read as a message is written in both encodings so that it is read as the same; an error points into the input.
pub fn xml(bytes: &[u8]) {
    match codec::decode(bytes, &Limits::default()) {
        Ok(message) => Encoding::ALL.into_iter().for_each(|encoding| comes_back(&message, encoding)),
        Err(error) => {
            let length = match Encoding::of(bytes) {
                Encoding::Xml => {
                    codec::text(bytes, &Limits::default()).map_or(bytes.len(), |text| text.len())
                }
                Encoding::Wbxml => bytes.len(),
            };
            assert!(error.span.start <= error.span.end && error.span.end <= length, "{error:?} of {length}");
        }
    }
}

/// The same, of bytes that are taken for WBXML, and any bytes can be listed.
pub fn wbxml(bytes: &[u8]) {
    let _listing = codec::wbxml::dump(bytes);
    if Encoding::of(bytes) == Encoding::Wbxml {
        xml(bytes);
    }
}

/// Messages of a server to a device that was dialled and to one that dials: every command is answered, the answer can
/// be read, and the device is one that its state gives back. The first byte picks the switches of the device, and how
/// the messages are spelled: behind a digit as XML with zero bytes between, behind a byte below 8 as a
/// [`program`].
pub fn session(bytes: &[u8]) {
    let (variant, messages) = match bytes {
        [variant @ 0..8, rest @ ..] => (*variant, program::messages(rest)),
        [digit @ b'0'..b'8', rest @ ..] => (digit - b'0', decoded(rest)),
        _ => (0, decoded(bytes)),
    };
    let profile = &PROFILES[usize::from(variant)];

    let mut device = Device::new(Arc::clone(profile));
    let mut responder = Responder::new(&device);
    for message in &messages {
        let turn = responder.receive(message, &mut device);
        comes_back(&turn.answer, Encoding::Xml);
        // Where answers are cut, a Status may come in the next.
        if !profile.file().large_objects && !turn.answer.has_alert("1223") {
            is_an_answer(&turn.answer, message);
        }
    }
    is_kept(profile, &device);

    let mut device = Device::new(Arc::clone(profile));
    let (mut session, first) = DeviceSession::open(Opening::default(), &mut device);
    comes_back(&first, Encoding::Xml);
    for message in &messages {
        if session.ending().is_some() {
            break;
        }
        let turn = session.receive(message, &mut device);
        if turn.is_due && !turn.repeats {
            comes_back(&turn.answer, Encoding::Xml);
        }
    }
    is_kept(profile, &device);
}

/// A description that can be read is written so that it is read as the same, and is mounted or refused.
pub fn ddf(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(description) = ddf::read(text) else { return };
    let written = ddf::write(&description.roots);
    let again = ddf::read(&written).map(|again| again.roots);
    assert_eq!(again.as_ref(), Ok(&description.roots), "{written}");
    let _is_mounted = Schema::new().mount(&description.roots);
}

/// A device file in TOML or JSON makes a device or an error that points into the text, and the device's snapshot is
/// read as that device.
pub fn device(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let is_json = text.trim_start().starts_with('{');
    let file = if is_json { DeviceFile::from_json(text) } else { DeviceFile::from_toml(text) };
    let profile = file.and_then(|file| {
        let written = serde_json::to_string(&file).expect("a device file is JSON");
        assert_eq!(DeviceFile::from_json(&written).as_ref(), Ok(&file), "{written}");
        Profile::new(file).map_err(|error| if is_json { FileError::from(error) } else { error.in_toml(text) })
    });
    match profile {
        Ok(profile) => {
            let device = Device::new(Arc::new(profile));
            let written = serde_json::to_string(&device).expect("a snapshot is JSON");
            let again = Snapshot::from_json(&written).map(Device::from_snapshot);
            assert_eq!(again, Ok(Ok(device)), "{written}");
        }
        Err(FileError { span: Some(span), .. }) => assert!(text.get(span.clone()).is_some(), "{span:?}"),
        Err(_) => {}
    }
}

/// The built-in device with and without large objects, and with two answers to an Atomic that fails; in the second half
/// both sides have to prove who they are.
static PROFILES: LazyLock<[Arc<Profile>; 8]> = LazyLock::new(|| {
    const CREDENTIALS: &str = "[account.appsrv]\ntype = 'BASIC'\nname = 'Bruce2'\nsecret = 'OhBehave'\n\
        [account.client]\ntype = 'DIGEST'\nsecret = 'OhBehave'\nnonce = 'Tm9uY2U='\n";
    std::array::from_fn(|variant| {
        let credentials = if variant < 4 { "" } else { CREDENTIALS };
        let text = format!("{}\n{credentials}", DeviceFile::BUILTIN);
        let file = DeviceFile {
            large_objects: variant % 2 == 1,
            atomic_failure: if variant % 4 < 2 { AtomicFailure::RolledBack } else { AtomicFailure::OwnCodes },
            ..DeviceFile::from_toml(&text).expect("the built-in device")
        };
        Arc::new(Profile::new(file).expect("a profile"))
    })
});

fn decoded(bytes: &[u8]) -> Vec<Message> {
    bytes.split(|byte| *byte == 0).filter_map(|one| codec::decode(one, &Limits::default()).ok()).collect()
}

fn comes_back(message: &Message, encoding: Encoding) {
    let written = codec::encode_as(message, encoding);
    let again = codec::decode(&written, &Limits::default());
    assert_eq!(again.as_ref(), Ok(message), "{encoding:?}: {}", written.escape_ascii());
}

/// The SyncHdr is answered first, and then every command that can be referred to. The members of a container are not
/// where it is refused as a whole: one without a CmdID, and an Atomic whose answer cannot fit.
fn is_an_answer(answer: &Message, message: &Message) {
    let statuses = answer.body.commands.iter().filter_map(|command| match &command.kind {
        Kind::Status(status) => Some(status),
        _ => None,
    });
    assert!(statuses.clone().next().is_some_and(Status::is_of_sync_hdr), "{answer:?}");
    assert!(statuses.clone().all(|status| status.msg_ref == Some(message.msg_ref())), "{answer:?}");
    let refs: BTreeSet<_> = statuses.clone().map(|status| status.cmd_ref.as_deref()).collect();
    let too_large: BTreeSet<_> = statuses
        .filter(|status| status.number() == Some(517))
        .map(|status| status.cmd_ref.as_deref())
        .collect();
    let mut commands: Vec<_> = message.body.commands.iter().collect();
    while let Some(command) = commands.pop() {
        match &command.kind {
            Kind::Status(_) | Kind::Results(_) => continue,
            Kind::Container(_) if command.cmd_id.is_none() => {}
            Kind::Container(_) if too_large.contains(&command.cmd_id.as_deref()) => {}
            Kind::Container(container) => commands.extend(&container.commands),
            Kind::Request(_) | Kind::Alert(_) | Kind::Unknown(_) => {}
        }
        assert!(
            command.cmd_id.is_none() || refs.contains(&command.cmd_id.as_deref()),
            "{:?} of {message:?} is not in {answer:?}",
            command.cmd_id
        );
    }
}

/// What a device has come to makes a device that has come to the same.
fn is_kept(profile: &Arc<Profile>, device: &Device) {
    let state = device.state();
    let again = Device::from_state(Arc::clone(profile), device.instance().clone(), state.clone());
    assert_eq!(again.map(|again| again.state()), Ok(state));
}
