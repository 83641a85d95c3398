//! What is left of a message that breaks off: its header, and the commands that are there whole. It is taken for the last
//! of its package, as most are: a device that misses the end would ask for more.

use csp_model::xml::{Doctype, Event, Reader};
use syncml::codec::{self, Limits};

/// The message that the whole commands of `bytes` make, and their number; `None` where not even the header is whole.
pub(super) fn salvage(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let text = codec::text(bytes, &Limits { bytes: usize::MAX, ..Limits::default() });
    let text = match text {
        Ok(text) => text.to_string(),
        // A cut goes through characters too.
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    let whole = whole(&text)?;
    let mut salvaged = text.get(..whole.end)?.to_owned();
    salvaged.push_str(&whole.closing);
    let message = codec::decode(salvaged.as_bytes(), &Limits::default()).ok()?;
    Some((salvaged.into_bytes(), message.body.commands.len()))
}

/// How much of a message is whole.
struct Whole {
    /// Where the last whole command ends, or the start tag of the body.
    end: usize,
    /// The tags that are missing.
    closing: String,
}

fn whole(text: &str) -> Option<Whole> {
    let mut reader = Reader::new(text, Doctype::NoSubset, Limits::DEEPEST);
    let mut depth = 0_usize;
    let mut root = String::new();
    let mut body: Option<usize> = None;
    let mut whole = None;
    // The reader stops where the text breaks off.
    while let Ok(event) = reader.next() {
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth == 1 {
                    root = tag(start.prefix(), start.local());
                }
                if body.is_none() && start.local() == "SyncBody" && depth <= 2 {
                    body = Some(depth);
                    let [last, own] = ["Final", "SyncBody"].map(|name| tag(start.prefix(), name));
                    let mut closing = format!("<{last}/></{own}>");
                    if depth == 2 {
                        closing.push_str(&format!("</{root}>"));
                    }
                    whole = Some(Whole { end: start.span.end, closing });
                }
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                if body == Some(depth)
                    && let Some(whole) = &mut whole
                {
                    whole.end = end.span.end;
                }
            }
            Event::Text(_) => {}
            Event::Eof => break,
        }
    }
    whole
}

fn tag(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}:{name}") }
}
