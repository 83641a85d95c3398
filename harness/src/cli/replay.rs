//! `cspsim replay`: captures, played to the device or to a server.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use csp_model::Device;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::runtime;

use super::report_file::ReportFile;
use crate::Failure;
use crate::dial::{self, Dialler, HttpOptions, TlsOptions};
use crate::input::DeviceOptions;
use crate::output::{self, Output};
use crate::replay::capture::{self, Format, Opened, TranscriptSessions};
use crate::replay::report::{self, Human, Layout, Sum, Unreadable};
use crate::replay::{
    self, Blessing, CaptureError, Ignore, Listener, NotALocUri, Peer, Played, Seeding, Start,
};
use crate::transcript::Secrets;
use crate::transport::{Transport, TransportError, Url};

/// Replay captures: does the device answer as the captured one did?
///
/// A FILE is a transcript of cspsim, a stream or requests saved by SyncMLViewer, a HAR, a Fiddler archive (.saz), a message in
/// XML or WBXML, a text with messages in it, or a folder of numbered messages; its content tells which. The server's messages
/// are played to the device, and its answers compared with the captured ones as messages: ids, nonces, times and names
/// that are others in every run do not count. With --against the device's messages are played to a server instead.
///
/// Exit codes: 0 the same, 1 something differs or there was nothing to compare, 3 a FILE is no capture or a piece of it
/// cannot be read (the rest is replayed all the same), 4 the server cannot be reached.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim replay session.har
  cspsim replay --seed-from-capture SyncMLStream.xml
  cspsim replay --device lab.toml captures/ --ignore ./DevDetail/Ext
  cspsim replay transcript.jsonl --report junit=replay.xml
  cspsim replay session.har --against https://staging.example.test/mdm
  cspsim replay captures/ --update                what the device says now is right")]
pub(super) struct Replay {
    /// The captures
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    device: DeviceOptions,
    /// Give the device what the captured one was seen to have
    #[arg(long, conflicts_with = "against")]
    seed_from_capture: bool,
    /// Play the device's messages to this server, and compare its answers; of a session that a server has opened, that
    /// server's to this device
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Do not count differences at LOCURI and below; `*` stands for any name
    #[arg(long, value_name = "LOCURI")]
    ignore: Vec<Ignored>,
    /// Write what is said now into the captures: it is expected from then on
    #[arg(long)]
    update: bool,
    /// Write what differs to a file: junit=FILE or json=FILE
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<ReportFile>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Say what differs, and leave the messages out
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Leave credentials in what is shown
    #[arg(long)]
    show_secrets: bool,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    output: Output,
}

/// A pattern of LocURIs.
#[derive(Debug, Clone)]
struct Ignored(Ignore);

impl FromStr for Ignored {
    type Err = NotALocUri;

    fn from_str(text: &str) -> Result<Self, NotALocUri> {
        text.parse().map(Self)
    }
}

/// What is told while captures are played, and what is left of it.
struct Told {
    human: Option<Human>,
    /// Whether sessions are kept for a report.
    keeps: bool,
    out: String,
    to_file: bool,
    sum: Sum,
    played: Vec<Played>,
    unreadable: Vec<Unreadable>,
    /// The captures in which nothing was compared.
    not_compared: Vec<PathBuf>,
    blessing: Option<Blessing>,
    failed: Option<Failure>,
    progress: Progress,
}

/// How much of the captures has been read.
struct Progress {
    bar: ProgressBar,
    /// Bytes of the captures before the one that is being read.
    before: u64,
}

impl Replay {
    pub(super) fn run(self) -> Result<(), Failure> {
        let to = self.against.as_deref().map(dial::address).transpose().map_err(Failure::Usage)?;
        let device = self.device.load()?;
        let mut ignore = Ignore::default();
        self.ignore.iter().for_each(|Ignored(one)| ignore.extend(one.clone()));
        let secrets = if self.show_secrets { Secrets::Shown } else { Secrets::Hidden };
        let mut told = Told {
            human: (!self.json).then(|| Human { layout: self.layout(), secrets }),
            keeps: self.json || !self.report.is_empty(),
            out: String::new(),
            to_file: self.output.is_file(),
            sum: Sum::default(),
            played: Vec::new(),
            unreadable: Vec::new(),
            not_compared: Vec::new(),
            blessing: self.update.then(Blessing::default),
            failed: None,
            progress: Progress { bar: ProgressBar::hidden(), before: 0 },
        };
        let mut found = Vec::new();
        for file in &self.files {
            match capture::find(file) {
                Ok(none) if none.is_empty() => told.unreadable(CaptureError::none_in(file)),
                Ok(captures) => found.extend(captures),
                Err(error) => told.unreadable(error),
            }
        }
        told.progress = Progress::of(&found);
        let reached = match &to {
            None => {
                self.to_device(&found, &device, &ignore, &mut told);
                Ok(())
            }
            Some(to) => self.to_server(&found, &device, to, &ignore, &mut told),
        };
        told.progress.bar.finish_and_clear();
        // What was found out before a server could not be reached any more is told all the same.
        let ended = self.end(told, secrets);
        reached.and(ended)
    }

    fn to_device(&self, found: &[PathBuf], device: &Device, ignore: &Ignore, told: &mut Told) {
        let seeding = if self.seed_from_capture { Seeding::Capture } else { Seeding::Device };
        let is_chosen = self.device.names_a_file() || self.device.changes_the_file();
        let start = Start { device: device.clone(), is_chosen, seeding };
        for path in found {
            let before = told.counts();
            replay::to_device(path, &start, ignore, told);
            told.is_over(path, before);
        }
    }

    fn to_server(
        &self,
        found: &[PathBuf],
        device: &Device,
        to: &Url,
        ignore: &Ignore,
        told: &mut Told,
    ) -> Result<(), Failure> {
        let dialler = Dialler::new(&self.tls, self.http.clone())?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Network(format!("cannot start: {error}")))?;
        runtime.block_on(async {
            let line = dialler.line(device, None)?;
            let mut peer = Peer::new(line, to.clone(), ignore);
            for path in found {
                let name = path.display().to_string().into();
                let before = told.counts();
                if let Err(error) = play(&mut peer, path, &name, told).await? {
                    told.unreadable(error);
                }
                told.is_over(path, before);
            }
            Ok(())
        })
    }

    fn end(self, mut told: Told, secrets: Secrets) -> Result<(), Failure> {
        if let Some(failed) = told.failed.take() {
            return Err(failed);
        }
        for file in &self.report {
            let json = || report::json(&told.played, &told.unreadable, &told.sum, secrets);
            file.write(json, || report::junit(&told.played, &told.unreadable, secrets))?;
        }
        if self.json {
            self.output.write(&report::json(&told.played, &told.unreadable, &told.sum, secrets))?;
        } else {
            told.out.push_str(&told.sum.in_words());
            if told.to_file {
                self.output.write(anstream::adapter::strip_str(&told.out).to_string().as_bytes())?;
            } else {
                output::print(told.out.as_bytes())?;
            }
        }
        let updated = told.blessing.map(Blessing::write).transpose()?;
        let sum = told.sum;
        if sum.unreadable > 0 {
            let pieces = if sum.unreadable == 1 { "piece" } else { "pieces" };
            let what = format!("{} {pieces} of the captures could not be read", sum.unreadable);
            return Err(Failure::Input(what));
        }
        match (sum.different, updated) {
            (0, _) => match told.not_compared.as_slice() {
                [] => Ok(()),
                paths => {
                    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                    Err(Failure::Check(format!("nothing was compared in {}", paths.join(", "))))
                }
            },
            (_, Some(updated)) => {
                anstream::eprintln!("updated: {updated} messages");
                Ok(())
            }
            (different, None) => {
                Err(Failure::Check(format!("{different} of {} messages differ", sum.compared)))
            }
        }
    }

    /// Beside each other on a terminal that is wide enough.
    fn layout(&self) -> Layout {
        const NARROW: usize = 100;
        if self.quiet {
            return Layout::None;
        }
        let is_terminal = io::stdout().is_terminal() && !self.output.is_file();
        let columns = terminal_size::terminal_size().map_or(0, |(columns, _)| usize::from(columns.0));
        if is_terminal && columns >= NARROW { Layout::Beside(columns) } else { Layout::Below }
    }
}

/// Plays a capture to a server. A capture that cannot be read, or breaks off, is one thing, and a server that cannot be
/// reached another.
async fn play<T: Transport>(
    peer: &mut Peer<'_, T>,
    path: &Path,
    name: &Arc<str>,
    told: &mut Told,
) -> Result<Result<(), CaptureError>, Failure> {
    let unreachable = |error: TransportError| Failure::Network(error.to_string());
    let capture = match capture::open(path) {
        Ok(Opened::Capture(capture)) => capture,
        Ok(Opened::Transcript(path) | Opened::Recording(path)) => {
            let mut sessions = match TranscriptSessions::open(&path) {
                Ok(sessions) => sessions,
                Err(error) => return Ok(Err(error)),
            };
            while let Some(session) = sessions.next() {
                let session = match session {
                    Ok(session) => session,
                    Err(error) => return Ok(Err(error)),
                };
                told.read(sessions.offset());
                let (played, reached) = peer.play(name, Format::Transcript, &session).await;
                told.played(played);
                reached.map_err(unreachable)?;
            }
            return Ok(Ok(()));
        }
        Err(error) => return Ok(Err(error)),
    };
    capture.unreadable.into_iter().for_each(|error| told.unreadable(error));
    let mut notes = capture.notes;
    for session in &capture.sessions {
        let (mut played, reached) = peer.play(name, capture.format, session).await;
        // What is to be said of the capture is said once.
        played.notes.splice(..0, std::mem::take(&mut notes));
        told.played(played);
        reached.map_err(unreachable)?;
    }
    Ok(Ok(()))
}

impl Progress {
    /// Captures of more bytes than this take long enough for a bar.
    const LARGE: u64 = 8 << 20;

    /// A bar on standard error, for many captures or large ones, when that is a terminal.
    fn of(captures: &[PathBuf]) -> Self {
        let all = captures.iter().map(|path| size(path)).sum();
        if all < Self::LARGE {
            return Self { bar: ProgressBar::hidden(), before: 0 };
        }
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr());
        let style =
            ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
        Self { bar: style.map_or_else(|_| ProgressBar::hidden(), |style| bar.with_style(style)), before: 0 }
    }

    fn is_over(&mut self, capture: &Path) {
        self.before += size(capture);
        self.bar.set_position(self.before);
    }
}

/// How many bytes a capture has.
fn size(path: &Path) -> u64 {
    let of_file = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    match fs::read_dir(path) {
        Ok(entries) => entries.filter_map(Result::ok).map(|entry| of_file(&entry.path())).sum(),
        Err(_) => of_file(path),
    }
}

impl Listener for Told {
    fn played(&mut self, played: Played) {
        self.sum.add(&played);
        if let Some(blessing) = &mut self.blessing {
            blessing.add(&played);
        }
        if let Some(human) = &self.human {
            self.out.push_str(&human.played(&played));
            if !self.to_file {
                let text = std::mem::take(&mut self.out);
                let printed = self.progress.bar.suspend(|| output::print(text.as_bytes()));
                match printed {
                    // Exit code and reports count, whoever reads.
                    Ok(()) | Err(Failure::OutputClosed) => {}
                    Err(failure) => self.failed = Some(failure),
                }
            }
        }
        if self.keeps {
            self.played.push(played);
        }
    }

    fn unreadable(&mut self, error: CaptureError) {
        self.progress.bar.suspend(|| anstream::eprintln!("error: {error}"));
        self.sum.unreadable += 1;
        self.unreadable.push(Unreadable { capture: error.place.file.to_string(), what: error.what });
    }

    fn read(&mut self, bytes: u64) {
        self.progress.bar.set_position(self.progress.before + bytes);
    }
}

impl Told {
    /// How much was compared, and how much could not be read.
    const fn counts(&self) -> (usize, usize) {
        (self.sum.compared, self.sum.unreadable)
    }

    /// A capture is over, before which the counts were these.
    fn is_over(&mut self, path: &Path, before: (usize, usize)) {
        if self.counts() == before {
            self.sum.not_compared += 1;
            self.not_compared.push(path.to_owned());
        }
        self.progress.is_over(path);
    }
}
