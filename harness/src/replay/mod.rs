//! Captures, replayed: does the device answer as the captured one did, and does a server still say what it said?
//!
//! ```no_run
//! // In a `#[test]`: fails with everything that differs.
//! cspsim::replay::assert_same("captures/approval.har");
//! ```
//!
//! A capture is any file that holds messages: see [`capture::Format`]. [`Replay`] is the same with choices.

mod bless;
pub mod capture;
pub mod compare;
mod outcome;
mod player;
pub(crate) mod report;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use csp_model::Device;

pub use self::compare::{Difference, Ignore, NotALocUri, Weight};
pub use self::outcome::{Different, Of, Played, Verdict};
pub(crate) use bless::Blessing;
pub use capture::{CaptureError, Side};
pub(crate) use player::Peer;

use self::capture::{Capture, Format, Note, Opened, TranscriptSessions};
use self::report::{Human, Sum};
use crate::fleet::Profiles;
use crate::input::Source;
use crate::transcript::Secrets;

/// Captures that are played to a device.
#[derive(Debug, Clone)]
pub struct Replay {
    paths: Vec<PathBuf>,
    device: Option<Device>,
    seeding: Seeding,
    ignore: Ignore,
}

/// Where the device's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Seeding {
    /// From the device alone.
    #[default]
    Device,
    /// From what the captured device answered, where it did.
    Capture,
}

/// What came of replaying.
#[derive(Debug, Default)]
pub struct Report {
    /// Every session, in order.
    pub played: Vec<Played>,
    /// What of the captures could not be read.
    pub unreadable: Vec<CaptureError>,
    /// The captures in which nothing was compared, although they could be read.
    pub not_compared: Vec<PathBuf>,
}

impl Replay {
    /// The capture at a path, or those in a folder.
    #[must_use]
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { paths: vec![path.into()], device: None, seeding: Seeding::Device, ignore: Ignore::default() }
    }

    /// Plays to that device instead of the built-in one. A capture that says which device it was keeps that one.
    #[must_use]
    pub fn device(self, device: Device) -> Self {
        Self { device: Some(device), ..self }
    }

    /// Gives the device what the captured one was seen to have.
    #[must_use]
    pub fn seed_from_capture(self) -> Self {
        Self { seeding: Seeding::Capture, ..self }
    }

    /// Differences at that LocURI and below it do not count; `*` stands for any name.
    ///
    /// # Errors
    /// When it is no LocURI.
    pub fn ignore(mut self, loc_uri: &str) -> Result<Self, NotALocUri> {
        self.ignore.add(loc_uri)?;
        Ok(self)
    }

    /// Plays the captures.
    #[must_use]
    pub fn run(&self) -> Report {
        let mut report = Report::default();
        let device = self.device.clone().unwrap_or_else(Device::builtin);
        let start = Start { device, is_chosen: self.device.is_some(), seeding: self.seeding };
        for path in &self.paths {
            match capture::find(path) {
                Ok(found) if found.is_empty() => report.unreadable.push(CaptureError::none_in(path)),
                Ok(found) => found.iter().for_each(|path| report.play(path, &start, &self.ignore)),
                Err(error) => report.unreadable.push(error),
            }
        }
        report
    }
}

impl Report {
    fn play(&mut self, path: &Path, start: &Start, ignore: &Ignore) {
        let (played, unreadable) = (self.played.len(), self.unreadable.len());
        to_device(path, start, ignore, self);
        let is_compared = self.played.iter().skip(played).any(|played| played.compared > 0);
        if !is_compared && self.unreadable.len() == unreadable {
            self.not_compared.push(path.to_owned());
        }
    }

    /// Whether everything is as it was captured: all could be read, in every capture something was compared, and nothing
    /// differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.unreadable.is_empty()
            && self.not_compared.is_empty()
            && self.played.iter().all(|played| played.different.is_empty())
    }

    /// Everything that differs, as a person reads it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let human = Human { layout: report::Layout::Below, secrets: Secrets::Hidden };
        let mut sum = Sum::default();
        let mut text = String::new();
        for played in &self.played {
            sum.add(played);
            if !played.different.is_empty() {
                text.push_str(&human.played(played));
            }
        }
        for error in &self.unreadable {
            sum.unreadable += 1;
            text.push_str(&format!("{error}\n"));
        }
        for path in &self.not_compared {
            sum.not_compared += 1;
            text.push_str(&format!("nothing was compared in {}\n", path.display()));
        }
        text.push_str(&sum.in_words());
        anstream::adapter::strip_str(&text).to_string()
    }
}

/// Asserts that the built-in device answers as the captured one did, or the device that the capture says.
///
/// # Panics
/// When it does not: with everything that differs.
pub fn assert_same(path: impl AsRef<Path>) {
    let report = Replay::of(path.as_ref()).run();
    assert!(report.is_same(), "{}", report.in_words());
}

/// Who hears of a replay while it goes on.
pub(crate) trait Listener {
    /// What came of a session, or of a part of a long one.
    fn played(&mut self, played: Played);

    /// Something of the capture could not be read. What was played before and is played after holds.
    fn unreadable(&mut self, error: CaptureError);

    /// So many bytes of the capture have been read.
    fn read(&mut self, bytes: u64);
}

impl Listener for Report {
    fn played(&mut self, played: Played) {
        self.played.push(played);
    }

    fn unreadable(&mut self, error: CaptureError) {
        self.unreadable.push(error);
    }

    fn read(&mut self, _: u64) {}
}

/// The device that captures are played to.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// The device.
    pub(crate) device: Device,
    /// Whether somebody has chosen it: then it takes the place of one that is only guessed.
    pub(crate) is_chosen: bool,
    pub(crate) seeding: Seeding,
}

/// Plays a capture to a device.
pub(crate) fn to_device(path: &Path, start: &Start, ignore: &Ignore, listener: &mut dyn Listener) {
    let played = match capture::open(path) {
        Ok(Opened::Transcript(path)) => {
            let mut notes = Vec::new();
            if start.is_chosen || start.seeding == Seeding::Capture {
                let text =
                    "the transcript says which device it was: another one, or values of its, do not count";
                notes.push(Note { place: None, text: text.to_owned() });
            }
            player::transcript(&path, ignore, notes, listener)
        }
        Ok(Opened::Recording(path)) => recording(&path, start, ignore, listener),
        Ok(Opened::Capture(capture)) => whole(path, capture, start, ignore, listener),
        Err(error) => Err(error),
    };
    if let Err(error) = played {
        listener.unreadable(error);
    }
}

/// Plays a transcript of what others have said, session by session.
fn recording(
    path: &Path,
    start: &Start,
    ignore: &Ignore,
    listener: &mut dyn Listener,
) -> Result<(), CaptureError> {
    let name = path.display().to_string().into();
    let mut devices = player::Devices::new(start.device.clone(), ignore);
    // Of a device that was only guessed its own messages say more.
    if start.seeding == Seeding::Capture || !start.is_chosen {
        for session in TranscriptSessions::open(path)? {
            // It breaks off there the second time, too.
            let Ok(session) = session else { break };
            devices.seed(&session);
        }
    }
    let mut sessions = TranscriptSessions::open(path)?;
    while let Some(session) = sessions.next() {
        let mut session = session?;
        session.device = session.device.filter(|_| !start.is_chosen);
        listener.read(sessions.offset());
        listener.played(devices.play(&name, Format::Transcript, &session));
    }
    Ok(())
}

/// Plays a capture that was read whole.
fn whole(
    path: &Path,
    capture: Capture,
    start: &Start,
    ignore: &Ignore,
    listener: &mut dyn Listener,
) -> Result<(), CaptureError> {
    let Capture { format, sessions, device_file, mut notes, unreadable } = capture;
    unreadable.into_iter().for_each(|error| listener.unreadable(error));
    let device = match device_file.filter(|_| !start.is_chosen) {
        None => start.device.clone(),
        Some(file) => of_file(&file)
            .map_err(|what| CaptureError::of(path, format!("its device makes no sense: {what}")))?,
    };
    let name = path.display().to_string().into();
    let mut devices = player::Devices::new(device, ignore);
    if start.seeding == Seeding::Capture {
        sessions.iter().for_each(|session| devices.seed(session));
    }
    for session in &sessions {
        let mut played = devices.play(&name, format, session);
        // What is to be said of the capture is said once.
        played.notes.splice(..0, std::mem::take(&mut notes));
        listener.played(played);
    }
    Ok(())
}

/// The device that a device file describes.
fn of_file(path: &Path) -> Result<Device, String> {
    let plain = |failure: crate::Failure| anstream::adapter::strip_str(&failure.to_string()).to_string();
    let source = Source::read(path).map_err(plain)?;
    let file = source.parse().map_err(plain)?;
    source.device(file, &[], &Profiles::default()).map(|(device, _)| device).map_err(plain)
}
