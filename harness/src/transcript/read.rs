//! Transcripts in: line by line, with the line's number in every error.
//!
//! A program that was killed leaves a line that breaks off: the last one of the file, or one before the header of the
//! run that came after it. It is said, and is no error.
//!
//! Deliberately absent: what a reader does with the lines.

use std::io::{BufRead, Read as _};

use serde::Deserialize;

use super::line::{HEADER, Header, Line, VERSION};

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    /// A transcript begins; what was said before it is of another run.
    Header(Box<Header>),
    /// Something happened to a device.
    Line(Line),
    /// The line of that number breaks off: its writer was stopped.
    Cut(u64),
}

/// A file that is no transcript, or cannot be read on.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct ReadError {
    /// The line's number, from 1.
    pub(crate) line: u64,
    /// What is wrong with it.
    pub(crate) what: ReadErrorKind,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadErrorKind {
    /// The first line is no header.
    #[error("found no transcript, expected a line that begins `{{\"cspsim_transcript\":{VERSION}`")]
    NoTranscript,
    /// The format has another version.
    #[error("a transcript of version {0}: this program reads version {VERSION}")]
    Version(u64),
    /// The line is none of this version.
    #[error("{0}")]
    Line(serde_json::Error),
    /// The line is no text.
    #[error("found bytes that are not UTF-8, expected JSON")]
    NotText,
    /// The line is longer than any that is written.
    #[error("found a line of more than {LONGEST} bytes, expected fewer")]
    TooLong,
    /// The bytes cannot be had.
    #[error("{0}")]
    Io(std::io::Error),
}

/// The longest line that is read: a body of 4 MiB is far below it, however it is written.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Reads a transcript. After an error there is nothing more.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    line: u64,
    /// Where that line begins, and the one after it.
    offset: u64,
    next_offset: u64,
    buffer: Vec<u8>,
    /// What was read beyond the line that broke off.
    next: Option<Record>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was read.
    Start,
    /// The header was read.
    Lines,
    /// There is nothing more.
    Done,
}

impl<R: BufRead> Reader<R> {
    /// A reader of `input`.
    pub(crate) const fn new(input: R) -> Self {
        Self {
            input,
            line: 0,
            offset: 0,
            next_offset: 0,
            buffer: Vec::new(),
            next: None,
            state: State::Start,
        }
    }

    /// The offset of the line that was read last, and its number.
    pub(crate) const fn place(&self) -> (u64, u64) {
        (self.offset, self.line)
    }

    fn read(&mut self) -> Result<Option<Record>, ReadErrorKind> {
        match self.fill()? {
            Filled::Nothing => match self.state {
                State::Start => Err(ReadErrorKind::NoTranscript),
                State::Lines | State::Done => Ok(None),
            },
            Filled::Line => match self.parse() {
                Ok(record) => Ok(Some(record)),
                Err(error) => self.broken(error),
            },
            Filled::Cut => match (self.state, self.parse()) {
                // The first line must tell what the file is.
                (State::Start, Err(error)) => Err(error),
                (State::Start, Ok(record)) => Ok(Some(record)),
                // It was written but for its end.
                (State::Lines | State::Done, Ok(record)) => Ok(Some(record)),
                (State::Lines | State::Done, Err(_)) => Ok(Some(Record::Cut(self.line))),
            },
        }
    }

    /// A line that makes no sense is one that broke off when a header follows.
    fn broken(&mut self, error: ReadErrorKind) -> Result<Option<Record>, ReadErrorKind> {
        let is_syntax = match &error {
            ReadErrorKind::Line(error) => error.is_eof() || error.is_syntax(),
            ReadErrorKind::NotText => true,
            ReadErrorKind::NoTranscript
            | ReadErrorKind::Version(_)
            | ReadErrorKind::TooLong
            | ReadErrorKind::Io(_) => false,
        };
        if self.state == State::Start || !is_syntax {
            return Err(error);
        }
        let cut = self.line;
        match self.fill() {
            Ok(Filled::Line) if self.buffer.starts_with(HEADER) => {
                self.next = Some(self.parse()?);
                Ok(Some(Record::Cut(cut)))
            }
            Ok(Filled::Line | Filled::Cut | Filled::Nothing) | Err(_) => {
                self.line = cut;
                Err(error)
            }
        }
    }

    fn parse(&mut self) -> Result<Record, ReadErrorKind> {
        let text = std::str::from_utf8(&self.buffer).map_err(|_| ReadErrorKind::NotText)?;
        if self.state == State::Start || self.buffer.starts_with(HEADER) {
            let header = header(text, self.state)?;
            self.state = State::Lines;
            return Ok(Record::Header(Box::new(header)));
        }
        Ok(Record::Line(Line::from_json(text).map_err(ReadErrorKind::Line)?))
    }

    fn fill(&mut self) -> Result<Filled, ReadErrorKind> {
        self.buffer.clear();
        let mut limited = (&mut self.input).take(LONGEST + 1);
        let read = limited.read_until(b'\n', &mut self.buffer).map_err(ReadErrorKind::Io)?;
        if read == 0 {
            return Ok(Filled::Nothing);
        }
        self.line += 1;
        self.offset = self.next_offset;
        self.next_offset += read as u64;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
            return Ok(Filled::Line);
        }
        if read as u64 > LONGEST { Err(ReadErrorKind::TooLong) } else { Ok(Filled::Cut) }
    }
}

/// What the buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// A line with its LF.
    Line,
    /// A line without it.
    Cut,
    /// Nothing: there is no more.
    Nothing,
}

/// Reads a header. The version is looked at before anything else: what another version has is not known.
fn header(text: &str, state: State) -> Result<Header, ReadErrorKind> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Any {
        cspsim_transcript: u64,
    }
    let Any { cspsim_transcript: version } = serde_json::from_str(text).map_err(|error| match state {
        State::Start if !text.as_bytes().starts_with(HEADER) => ReadErrorKind::NoTranscript,
        State::Start | State::Lines | State::Done => ReadErrorKind::Line(error),
    })?;
    if version != u64::from(VERSION) {
        return Err(ReadErrorKind::Version(version));
    }
    serde_json::from_str(text).map_err(ReadErrorKind::Line)
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.next.take() {
            return Some(Ok(record));
        }
        if self.state == State::Done {
            return None;
        }
        let read = self.read().map_err(|what| ReadError { line: self.line.max(1), what });
        if !matches!(read, Ok(Some(_))) {
            self.state = State::Done;
        }
        read.transpose()
    }
}
