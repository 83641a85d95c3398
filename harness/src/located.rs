//! Errors with their place: the line of a text, and what is marked in it.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use syncml::judge::Severity;

/// The columns that a line with the place marked may take; longer lines are trimmed around the place.
const WIDTH: usize = 120;

/// A place in a text, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Byte offsets.
    pub(crate) span: Range<usize>,
    /// What stands beside the mark.
    pub(crate) label: String,
}

/// `title`, and below it the line of `text` (from `path`) that `span` is in, with the place marked.
pub(crate) fn located(title: &str, path: &str, text: &str, span: Range<usize>) -> String {
    let marked = AnnotationKind::Primary.span(in_characters(text, span));
    render(
        Group::with_title(Level::ERROR.primary_title(title))
            .element(Snippet::source(text).path(path).annotation(marked)),
    )
}

/// `title`, and below it the row of bytes that `span` begins in, in hexadecimal, with the place marked. The number before
/// the row is the offset of its first byte.
pub(crate) fn located_bytes(title: &str, bytes: &[u8], span: Range<usize>) -> String {
    const ROW: usize = 16;
    let start = span.start.min(bytes.len());
    // The end of the bytes is a place behind the last one.
    let first = start.min(bytes.len().saturating_sub(1)) / ROW * ROW;
    let row = bytes.get(first..).unwrap_or_default();
    let text = spelled(row.get(..ROW).unwrap_or(row)) + "  ";
    // Three characters a byte.
    let at = (start - first) * 3;
    let many = span.end.saturating_sub(start).clamp(1, ROW);
    let end = (at + many * 3 - 1).min(text.len());
    let marked = AnnotationKind::Primary.span(at.min(end)..end);
    let snippet = Snippet::source(text).line_start(first).annotation(marked);
    render(Group::with_title(Level::ERROR.primary_title(title)).element(snippet))
}

fn spelled(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ") + " "
}

/// `title`, and below it every line of `text` (from `path`) that has a mark, with what is said of it; then the notes.
pub(crate) fn located_all(title: &str, path: &str, text: &str, marks: &[Mark], notes: &[String]) -> String {
    let marked = marks.iter().map(|mark| {
        AnnotationKind::Primary.span(in_characters(text, mark.span.clone())).label(mark.label.as_str())
    });
    let group = Group::with_title(Level::ERROR.primary_title(title))
        .element(Snippet::source(text).path(path).annotations(marked));
    render(notes.iter().fold(group, |group, note| group.element(Level::NOTE.message(note.as_str()))))
}

/// `what` under the name `id`, and below it the line of `text` (from `path`) that `span` is in; then what helps.
pub(crate) fn graded(
    severity: Severity,
    id: &str,
    what: &str,
    path: &str,
    text: &str,
    span: Range<usize>,
    help: Option<&str>,
) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let marked = AnnotationKind::Primary.span(in_characters(text, first_line(text, span)));
    let group = Group::with_title(level.primary_title(what).id(id))
        .element(Snippet::source(text).path(path).annotation(marked));
    render(match help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    })
}

/// The part of `span` that is on its first line: an element may be as long as the message.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let rest = text.get(span.clone()).unwrap_or_default();
    let end = rest.find(['\r', '\n']).map_or(span.end, |end| span.start + end);
    span.start..end
}

fn render(group: Group<'_>) -> String {
    Renderer::styled().decor_style(DecorStyle::Ascii).term_width(WIDTH).render(&[group]).to_string()
}

fn in_characters(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    start..text.ceil_char_boundary(span.end.clamp(start, text.len()))
}
