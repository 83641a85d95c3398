//! Messages in the midst of a text: where each begins and ends, and what stands around them.
//!
//! A log of a server and a README are such texts, and so is what SyncMLViewer saves: of its stream, messages as Windows
//! traces them, with comments between them; of its requests to the local management API, bodies without a header, with
//! their answers. Nothing says who sent a message, and Windows cuts those of more than 64 KB; SyncMLViewer then adds an
//! end tag of the root, and a comment that says so. Source: the program itself, as of January 2025. Deliberately
//! absent: what belongs together.

use bytes::Bytes;
use memchr::memmem;
use syncml::codec::{self, Limits};

use super::escaped::Unescaped;
use super::salvage::salvage;
use super::{Capture, CaptureError, Completeness, Format, Message, Note, Place, sessions};

/// The messages of a text, and what stands around them.
#[derive(Debug)]
pub(super) struct Documents {
    /// The messages, as they stand.
    pub(super) found: Vec<Found>,
    /// What was passed over.
    pub(super) notes: Vec<Note>,
    /// What stands around them.
    around: Around,
}

/// A message in a text.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) message: Message,
    pub(super) root: Root,
}

/// The root element of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    SyncMl,
    /// A body alone, as the local management API has it.
    SyncBody,
}

/// What stands around the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    /// White space and comments.
    Comments,
    /// Comments that SyncMLViewer writes.
    ViewerComments,
    /// Other text.
    Text,
}

/// What SyncMLViewer writes between messages, and after one that Windows has cut.
const VIEWER: [&[u8]; 4] = [
    b"OmaDmSessionStart",
    b"OmaDmSessionComplete",
    b"closing SyncML tag added to support parsing of truncated xml data",
    b"ignore this line",
];

impl Root {
    const ALL: [Self; 2] = [Self::SyncMl, Self::SyncBody];

    const fn start(self) -> &'static [u8] {
        match self {
            Self::SyncMl => b"<SyncML",
            Self::SyncBody => b"<SyncBody",
        }
    }

    const fn end(self) -> &'static [u8] {
        match self {
            Self::SyncMl => b"</SyncML>",
            Self::SyncBody => b"</SyncBody>",
        }
    }
}

impl Documents {
    /// What they are saved by: SyncMLViewer has nothing but comments between documents.
    fn format(&self) -> Format {
        let is_of_bodies = self.found.first().is_some_and(|found| found.root == Root::SyncBody);
        match self.around {
            Around::Comments | Around::ViewerComments if is_of_bodies => Format::ViewerRequests,
            Around::ViewerComments => Format::ViewerStream,
            Around::Comments if self.found.len() > 1 => Format::ViewerStream,
            Around::Comments | Around::Text => Format::Text,
        }
    }

    /// Puts the messages together.
    pub(super) fn capture(self) -> Capture {
        let format = self.format();
        let messages = self.found.into_iter().map(|found| found.message).collect();
        sessions::capture(format, messages, self.notes)
    }

    fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        let of_messages = self.found.iter_mut().map(|found| &mut found.message.place);
        of_messages.chain(self.notes.iter_mut().filter_map(|note| note.place.as_mut()))
    }
}

/// Finds the messages of a text, escaped ones too. Bytes that are no text stand for themselves between them.
///
/// # Errors
/// When the bytes are in an encoding that is told by a byte order mark, and are not.
pub(super) fn read(place: &Place, bytes: &[u8]) -> Result<Documents, CaptureError> {
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        let limits = Limits { bytes: usize::MAX, ..Limits::default() };
        let text = codec::text(bytes, &limits);
        let text = text.map_err(|error| {
            CaptureError::new(place.at(error.span.start, error.span.len()), error.kind.to_string())
        })?;
        let mut documents = scan(place, text.as_bytes());
        // Offsets are those of the text, which is not what stands in the file.
        documents.places().for_each(|place| place.length = 0);
        return Ok(documents);
    }
    let Some(unescaped) = Unescaped::of(bytes) else { return Ok(scan(place, bytes)) };
    let mut documents = scan(place, &unescaped.bytes);
    let mut lines = Lines { at: 0, line: 1 };
    let mut places: Vec<_> = documents.places().collect();
    places.sort_by_key(|place| place.offset);
    for place in places {
        let origin = unescaped.origin(usize::try_from(place.offset).unwrap_or(usize::MAX));
        (place.offset, place.length) = (origin as u64, 0);
        place.line = Some(lines.of(bytes, origin));
    }
    Ok(documents)
}

fn scan(place: &Place, bytes: &[u8]) -> Documents {
    let mut documents = Documents { found: Vec::new(), notes: Vec::new(), around: Around::Comments };
    let mut lines = Lines { at: 0, line: 1 };
    let mut at = 0;
    while let Some((start, root)) = next(bytes, at) {
        documents.around = documents.around.max(around(bytes.get(at..start).unwrap_or_default()));
        let (end, decoded) = extent(bytes, start, root);
        let whole = bytes.get(start..end).unwrap_or_default();
        let place = place.at(start, end - start).line(lines.of(bytes, start));
        match decoded {
            Ok(()) => {
                let body = Bytes::copy_from_slice(whole);
                let completeness = Completeness::Whole;
                let message = Message { from: None, body, at: None, place, completeness };
                documents.found.push(Found { message, root });
            }
            Err(what) => match salvage(whole) {
                Some((body, salvaged)) => {
                    let commands = if salvaged == 1 { "command was" } else { "commands were" };
                    let text = format!("the message breaks off: {what}; {salvaged} {commands} salvaged");
                    documents.notes.push(Note { place: Some(place.clone()), text });
                    let completeness = Completeness::Cut { salvaged };
                    let message = Message { from: None, body: body.into(), at: None, place, completeness };
                    documents.found.push(Found { message, root });
                }
                None => {
                    let text = format!("passed over what is no message: {what}");
                    documents.notes.push(Note { place: Some(place), text });
                }
            },
        }
        if memmem::find(whole, VIEWER[2]).is_some() {
            documents.around = documents.around.max(Around::ViewerComments);
        }
        at = end;
    }
    documents.around = documents.around.max(around(bytes.get(at..).unwrap_or_default()));
    documents
}

/// Where the next message begins.
fn next(bytes: &[u8], at: usize) -> Option<(usize, Root)> {
    let starts = Root::ALL.into_iter().filter_map(|root| Some((find_start(bytes, at, root)?, root)));
    starts.min_by_key(|(start, _)| *start)
}

fn find_start(bytes: &[u8], from: usize, root: Root) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let is_name_over = |at: &usize| {
        let after = rest.get(at + root.start().len());
        after.is_some_and(|byte| matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace())
    };
    memmem::find_iter(rest, root.start()).find(is_name_over).map(|at| from + at)
}

/// Where the message that begins at `start` ends, and whether it is one. One that does not end by itself ends where
/// another begins.
fn extent(bytes: &[u8], start: usize, root: Root) -> (usize, Result<(), String>) {
    let after = start + root.start().len();
    let limit = find_start(bytes, after, Root::SyncMl).unwrap_or(bytes.len());
    let rest = bytes.get(..limit).unwrap_or_default();
    let mut ends = memmem::find_iter(rest.get(after..).unwrap_or_default(), root.end());
    let first = ends.next().map(|end| after + end + root.end().len());
    let Some(first) = first else {
        let whole = bytes.get(start..limit).unwrap_or_default();
        let end = start + whole.trim_ascii_end().len();
        return (end, decodes(bytes.get(start..end).unwrap_or_default()));
    };
    match decodes(bytes.get(start..first).unwrap_or_default()) {
        Ok(()) => (first, Ok(())),
        // An end tag can stand in the data of a message, or a whole message in it.
        Err(what) => {
            let mut ends = memmem::find_iter(bytes.get(first..).unwrap_or_default(), root.end());
            let second = ends.next().map(|end| first + end + root.end().len());
            let is_whole = |end: &usize| decodes(bytes.get(start..*end).unwrap_or_default()).is_ok();
            second.filter(is_whole).map_or((first, Err(what)), |end| (end, Ok(())))
        }
    }
}

fn decodes(bytes: &[u8]) -> Result<(), String> {
    codec::decode(bytes, &Limits::default()).map(|_| ()).map_err(|error| error.to_string())
}

fn around(bytes: &[u8]) -> Around {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if VIEWER.iter().take(2).any(|mark| memmem::find(bytes, mark).is_some()) {
        return Around::ViewerComments;
    }
    let mut rest = bytes.trim_ascii();
    while !rest.is_empty() {
        let (end, length) = if rest.starts_with(b"<!--") {
            (memmem::find(rest, b"-->"), 3)
        } else if rest.starts_with(b"<?") {
            (memmem::find(rest, b"?>"), 2)
        } else {
            return Around::Text;
        };
        let Some(end) = end else { return Around::Text };
        rest = rest.get(end + length..).unwrap_or_default().trim_ascii_start();
    }
    Around::Comments
}

/// Counts lines as far as somebody asks.
struct Lines {
    at: usize,
    line: u64,
}

impl Lines {
    fn of(&mut self, bytes: &[u8], offset: usize) -> u64 {
        let between = bytes.get(self.at..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u64;
        self.at = offset;
        self.line
    }
}
