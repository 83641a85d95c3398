//! A message for people to read: an element a line.
//!
//! Deliberately absent: messages that others wrote, which may be anything.

use csp_model::xml::{Doctype, Event, Reader};
use syncml::codec::Limits;

/// A document of ours with every element on a line of its own, but for what is in `Data`, and text beside its tags.
pub(crate) fn pretty(text: &str) -> String {
    let mut reader = Reader::new(text, Doctype::NoSubset, Limits::DEEPEST);
    let (mut out, mut depth, mut data_depth) = (String::new(), 0_usize, None);
    let mut has_children = false;
    // What the encoder writes is XML.
    while let Ok(event) = reader.next() {
        let (span, before) = match &event {
            Event::Start(start) => {
                let before = data_depth.is_none().then_some(depth);
                if data_depth.is_none() && start.name == "Data" {
                    data_depth = Some(depth);
                }
                depth += 1;
                has_children = false;
                (start.span.clone(), before)
            }
            Event::End(end) => {
                depth -= 1;
                let before = (has_children && data_depth.is_none()).then_some(depth);
                if data_depth == Some(depth) {
                    data_depth = None;
                }
                has_children = true;
                (end.span.clone(), before)
            }
            Event::Text(text) => (text.span.clone(), None),
            Event::Eof => break,
        };
        if let Some(depth) = before.filter(|_| !out.is_empty()) {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
        // An element without content is one tag and two events.
        if !out.ends_with("/>") || span.is_empty() || !matches!(event, Event::End(_)) {
            out.push_str(text.get(span).unwrap_or_default());
        }
    }
    out.push('\n');
    out
}
