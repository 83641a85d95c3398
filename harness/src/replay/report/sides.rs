//! Both sides of a message that differs: beside each other where there is room, else below each other.

use std::fmt::Write as _;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use bytes::Bytes;
use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::readable;
use crate::transcript::Secrets;

const EXPECTED: Style = AnsiColor::Red.on_default();
const GOT: Style = AnsiColor::Green.on_default();
const FAINT: Style = Style::new().dimmed();

/// How both sides stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Beside each other, in so many columns.
    Beside(usize),
    /// Below each other, as `diff -u` does.
    Below,
    /// Not at all.
    None,
}

/// How many lines that are the same stand around those that are not.
const AROUND: usize = 2;

/// Both sides of a message.
pub(super) fn sides(expected: &Bytes, got: &Bytes, layout: Layout, secrets: Secrets) -> String {
    let (one, other) = (readable(expected, secrets), readable(got, secrets));
    let (one, other): (Vec<_>, Vec<_>) = (one.lines().collect(), other.lines().collect());
    let ops = capture_diff_slices(Algorithm::Myers, &one, &other);
    let tagged: Vec<_> = ops.iter().map(similar::DiffOp::as_tag_tuple).collect();
    let mut text = String::new();
    let last = tagged.len().saturating_sub(1);
    for (index, (tag, before, now)) in tagged.into_iter().enumerate() {
        let lines = |range: Range<usize>, of: &[&str]| -> Vec<String> {
            of.get(range).unwrap_or_default().iter().map(|line| (*line).to_owned()).collect()
        };
        let (before, now) = (lines(before, &one), lines(now, &other));
        match tag {
            DiffTag::Equal => same(&mut text, &before, layout, (index > 0, index < last)),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                differing(&mut text, &before, &now, layout)
            }
        }
    }
    text
}

/// Lines that are the same, but for those in the midst of many. `ends` says whether others stand before and after.
fn same(text: &mut String, lines: &[String], layout: Layout, ends: (bool, bool)) {
    let head = if ends.0 { AROUND.min(lines.len()) } else { 0 };
    let tail = if ends.1 { AROUND.min(lines.len() - head) } else { 0 };
    let left_out = lines.len() - head - tail;
    for (index, line) in lines.iter().enumerate() {
        if index < head || index >= lines.len() - tail {
            row(text, Some(line), Some(line), layout, Style::new(), Style::new());
        } else if index == head && layout != Layout::None {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    {FAINT}… {left_out} the same{FAINT:#}");
        }
    }
}

fn differing(text: &mut String, before: &[String], now: &[String], layout: Layout) {
    match layout {
        Layout::Beside(_) => {
            for index in 0..before.len().max(now.len()) {
                row(text, before.get(index), now.get(index), layout, EXPECTED, GOT);
            }
        }
        Layout::Below => {
            before.iter().for_each(|line| row(text, Some(line), None, layout, EXPECTED, GOT));
            now.iter().for_each(|line| row(text, None, Some(line), layout, EXPECTED, GOT));
        }
        Layout::None => {}
    }
}

fn row(
    text: &mut String,
    one: Option<&String>,
    other: Option<&String>,
    layout: Layout,
    left: Style,
    right: Style,
) {
    // Writing to a String cannot fail.
    let _ = match (layout, one, other) {
        (Layout::None, ..) => Ok(()),
        (Layout::Beside(columns), ..) => {
            let width = columns.saturating_sub(7).max(40) / 2;
            let mark = if one == other { ' ' } else { '|' };
            let (one, other) = (cut(one, width), cut(other, width));
            writeln!(text, "    {left}{one}{left:#} {mark} {right}{}{right:#}", other.trim_end())
        }
        (Layout::Below, Some(line), Some(_)) => writeln!(text, "      {line}"),
        (Layout::Below, Some(line), None) => writeln!(text, "    {left}- {line}{left:#}"),
        (Layout::Below, None, Some(line)) => writeln!(text, "    {right}+ {line}{right:#}"),
        (Layout::Below, None, None) => Ok(()),
    };
}

/// A line in exactly so many columns.
fn cut(line: Option<&String>, width: usize) -> String {
    let line = line.map_or("", String::as_str);
    let count = line.chars().count();
    if count <= width {
        return format!("{line:width$}");
    }
    let head: String = line.chars().take(width.saturating_sub(1)).collect();
    head + "…"
}
