//! Errors with their place: the line of the file, with the place marked.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The columns that a line with the place marked may take; longer lines are trimmed around the place.
const WIDTH: usize = 120;

/// `title`, and below it the line of `text` (from `path`) that `span` is in, with the place marked.
pub(crate) fn located(title: &str, path: &str, text: &str, span: Range<usize>) -> String {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(start..end));
    let report = [Group::with_title(Level::ERROR.primary_title(title)).element(snippet)];
    let rendered = Renderer::styled().decor_style(DecorStyle::Ascii).term_width(WIDTH).render(&report);
    rendered.to_string()
}
