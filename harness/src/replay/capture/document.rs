//! Messages in the midst of a text: where each begins and ends, and what stands around them.
//!
//! A log of a server and a README are such texts, and so is what SyncMLViewer saves: of its stream, messages as Windows
//! traces them, with comments between them; of its requests to the local management API, bodies without a header, with
//! their answers. Nothing says who sent a message, and Windows cuts those of more than 64 KB; SyncMLViewer then adds an
//! end tag of the root, and a comment that says so. Source: the program itself, as of January 2025. Deliberately
//! absent: what belongs together.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;
use syncml::codec::{self, Limits};

use super::escaped::Escape;
use super::salvage::salvage;
use super::{Capture, CaptureError, Completeness, Format, Message, Note, Place, sessions};

/// The messages of a text, and what stands around them.
#[derive(Debug)]
pub(super) struct Documents {
    /// The messages, as they stand.
    pub(super) found: Vec<Found>,
    /// What was passed over, and what breaks off.
    pub(super) notes: Vec<Note>,
    /// What looks like a message, and is none.
    broken: Vec<CaptureError>,
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
    const fn name(self) -> &'static str {
        match self {
            Self::SyncMl => "SyncML",
            Self::SyncBody => "SyncBody",
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

    /// The first thing that looked like a message, and why it is none.
    pub(super) fn into_first_error(self) -> Option<CaptureError> {
        let of_note = |Note { place, text }| Some(CaptureError::new(place?, text));
        self.broken.into_iter().next().or_else(|| self.notes.into_iter().find_map(of_note))
    }

    /// Puts the messages together.
    pub(super) fn capture(self) -> Capture {
        let format = self.format();
        let messages = self.found.into_iter().map(|found| found.message).collect();
        Capture { unreadable: self.broken, ..sessions::capture(format, messages, self.notes) }
    }

    fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        let of_messages = self.found.iter_mut().map(|found| &mut found.message.place);
        let of_notes = self.notes.iter_mut().filter_map(|note| note.place.as_mut());
        of_messages.chain(of_notes).chain(self.broken.iter_mut().map(|error| &mut error.place))
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
        let mut documents = all(place, text.as_bytes());
        // Offsets are those of the text, which is not what stands in the file.
        documents.places().for_each(|place| place.length = 0);
        return Ok(documents);
    }
    Ok(all(place, bytes))
}

/// The messages of a text, in their order: those that stand as they are, and between them those that are escaped.
fn all(place: &Place, bytes: &[u8]) -> Documents {
    let mut documents = scan(place, bytes);
    let is_whole = |found: &&Found| found.message.completeness == Completeness::Whole;
    let mut known: Vec<_> =
        documents.found.iter().filter(is_whole).map(|found| range(&found.message.place)).collect();
    for escape in Escape::ALL {
        known.sort_by_key(|range| range.start);
        let ends = std::iter::once(0).chain(known.iter().map(|range| range.end));
        let starts = known.iter().map(|range| range.start).chain([bytes.len()]);
        let stretches: Vec<_> = ends.zip(starts).map(|(end, start)| end..start).collect();
        for stretch in stretches {
            let escaped = bytes.get(stretch.clone()).unwrap_or_default();
            let Some(text) = escape.unescaped(escaped) else { continue };
            let mut inner = scan(place, &text);
            if inner.found.is_empty() {
                continue;
            }
            let mut places: Vec<_> = inner.places().map(|place| (range(place), place)).collect();
            let mut offsets: Vec<_> = places.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
            offsets.sort_unstable();
            let mut origins = escape.origins(escaped);
            let origins: BTreeMap<_, _> =
                offsets.iter().map(|offset| (*offset, origins.of(*offset))).collect();
            let origin = |offset| stretch.start + origins.get(&offset).copied().unwrap_or_default();
            for (range, place) in &mut places {
                let range = origin(range.start)..origin(range.end);
                (place.offset, place.length) = (range.start as u64, 0);
                known.push(range);
            }
            documents.replace(&stretch, inner);
        }
    }
    let mut lines = Lines { at: 0, line: 1 };
    let mut places: Vec<_> = documents.places().collect();
    places.sort_by_key(|place| place.offset);
    for place in places {
        place.line = Some(lines.of(bytes, range(place).start));
    }
    documents.found.sort_by_key(|found| found.message.place.offset);
    documents
}

/// Where something stands.
fn range(place: &Place) -> Range<usize> {
    let start = usize::try_from(place.offset).unwrap_or(usize::MAX);
    start..start.saturating_add(place.length)
}

impl Documents {
    /// What was found in a stretch, escaped, takes the place of what was found there as it stands.
    fn replace(&mut self, stretch: &Range<usize>, inner: Self) {
        let is_outside = |place: &Place| !stretch.contains(&range(place).start);
        self.found.retain(|found| is_outside(&found.message.place));
        self.notes.retain(|note| note.place.as_ref().is_none_or(is_outside));
        self.broken.retain(|error| is_outside(&error.place));
        let Self { found, notes, broken, around: _ } = inner;
        self.found.extend(found);
        self.notes.extend(notes);
        self.broken.extend(broken);
        self.around = Around::Text;
    }
}

fn scan(place: &Place, bytes: &[u8]) -> Documents {
    let mut documents =
        Documents { found: Vec::new(), notes: Vec::new(), broken: Vec::new(), around: Around::Comments };
    let mut at = 0;
    for start in Start::all(bytes) {
        if start.at < at {
            continue;
        }
        documents.around = documents.around.max(around(bytes.get(at..start.at).unwrap_or_default()));
        let (end, decoded) = extent(bytes, &start);
        let whole = bytes.get(start.at..end).unwrap_or_default();
        let place = place.at(start.at, end - start.at);
        let message = |body, completeness| Found {
            message: Message { from: None, body, at: None, place: place.clone(), completeness },
            root: start.root,
        };
        match decoded {
            Ok(()) => {
                documents.found.push(message(Bytes::copy_from_slice(whole), Completeness::Whole));
            }
            Err(what) => match salvage(whole) {
                Some((body, salvaged)) => {
                    let commands = if salvaged == 1 { "command was" } else { "commands were" };
                    let text = format!("the message breaks off: {what}; {salvaged} {commands} salvaged");
                    documents.notes.push(Note { place: Some(place.clone()), text });
                    documents.found.push(message(body.into(), Completeness::Cut { salvaged }));
                }
                // A text may speak of messages without having one.
                None if !SIGNS.iter().any(|sign| memmem::find(whole, sign).is_some()) => {
                    let text = format!("passed over what is no message: {what}");
                    documents.notes.push(Note { place: Some(place), text });
                }
                None => {
                    let what = format!("found what is no SyncML message: {what}");
                    documents.broken.push(CaptureError::new(place, what));
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

/// What a message has, and nobody writes who only speaks of one.
const SIGNS: [&[u8]; 2] = [b"SyncHdr", b"CmdID"];

/// Where a message begins.
#[derive(Debug, Clone, Copy)]
struct Start<'a> {
    at: usize,
    root: Root,
    /// The prefix of its name, with the colon; empty where it has none.
    prefix: &'a [u8],
    /// Where the next message with a header begins, or the bytes end.
    limit: usize,
}

impl<'a> Start<'a> {
    /// Wherever a message may begin.
    fn all(bytes: &'a [u8]) -> Vec<Self> {
        let mut starts: Vec<_> =
            memmem::find_iter(bytes, b"Sync").filter_map(|name| Self::of_name(bytes, name)).collect();
        let mut limit = bytes.len();
        for start in starts.iter_mut().rev() {
            start.limit = limit;
            if start.root == Root::SyncMl {
                limit = start.at;
            }
        }
        starts
    }

    /// The start tag of which the name, without its prefix, stands at `name`.
    fn of_name(bytes: &'a [u8], name: usize) -> Option<Self> {
        const LONGEST_PREFIX: usize = 32;
        let rest = bytes.get(name..)?;
        let root = [Root::SyncMl, Root::SyncBody]
            .into_iter()
            .find(|root| rest.starts_with(root.name().as_bytes()))?;
        let after = rest.get(root.name().len())?;
        if !matches!(after, b'>' | b'/') && !after.is_ascii_whitespace() {
            return None;
        }
        let before = bytes.get(name.saturating_sub(LONGEST_PREFIX)..name)?;
        let open = memchr::memrchr(b'<', before)?;
        let prefix = before.get(open + 1..)?;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let is_prefix = match prefix {
            [] => true,
            [name @ .., b':'] => !name.is_empty() && name.iter().all(is_name),
            _ => false,
        };
        is_prefix.then(|| Self { at: name - prefix.len() - 1, root, prefix, limit: bytes.len() })
    }
}

/// Where the message that begins at `start` ends, and whether it is one. One that does not end by itself ends where
/// another begins.
fn extent(bytes: &[u8], start: &Start<'_>) -> (usize, Result<(), String>) {
    let tag = [b"</", start.prefix, start.root.name().as_bytes(), b">"].concat();
    let ends = memmem::Finder::new(&tag);
    let ends = |from: usize, to: usize| {
        let end = ends.find(bytes.get(from..to).unwrap_or_default());
        end.map(|end| from + end + tag.len())
    };
    let part = |end: usize| bytes.get(start.at..end).unwrap_or_default();
    let Some(first) = ends(start.at, start.limit) else {
        let end = start.at + part(start.limit).trim_ascii_end().len();
        return (end, decodes(part(end)));
    };
    match decodes(part(first)) {
        Ok(()) => (first, Ok(())),
        // An end tag can stand in the data of a message, or a whole message in it.
        Err(what) => {
            let second = ends(first, bytes.len()).filter(|end| decodes(part(*end)).is_ok());
            second.map_or((first, Err(what)), |end| (end, Ok(())))
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
