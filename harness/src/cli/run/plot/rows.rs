//! What the whole device goes through, above the lanes of its updates: scans, restarts, pauses, planned faults.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use csp_model::Device;
use csp_model::agent::{Fault, FaultKind};
use csp_model::units::Duration;
use svg::node::element::Group;

use super::axis::Axis;
use super::history::{History, Span};
use super::look::{BLACK, GREY, PLANNED, RED};
use super::mark::{self, Mark, Sign};
use super::text::{self, label, title};
use super::{MARGIN, area};

/// A row above the lanes.
pub(super) struct Row<'p> {
    pub(super) name: String,
    content: Content<'p>,
}

enum Content<'p> {
    /// Signs beside each other, or a little above each other where both can come often.
    Signs(&'static [(Sign, f64)]),
    Pause(&'p [Span<()>]),
    Faults(Vec<(&'p Fault, Span<()>)>),
}

/// How high one is.
pub(super) const HEIGHT: f64 = 20.0;
pub(super) const SIZE: f64 = 11.0;
const PAUSED: &str = "#c4c4c4";

impl<'p> Row<'p> {
    /// Those that have something to show.
    pub(super) fn all(
        device: &'p Device,
        history: &'p History<'_>,
        marks: &[Mark],
        axis: &Axis,
    ) -> Vec<Self> {
        const SIGNS: [(&str, &[(Sign, f64)]); 4] = [
            ("scans", &[(Sign::Scan, 4.0), (Sign::ScanFailed, -4.0)]),
            ("restarts", &[(Sign::Restart, 0.0)]),
            ("approvals", &[(Sign::Approval, 0.0)]),
            ("rollbacks", &[(Sign::Rollback, 0.0)]),
        ];
        let mut rows = Vec::new();
        for (name, signs) in SIGNS {
            if marks.iter().any(|mark| signs.iter().any(|(sign, _)| *sign == mark.sign)) {
                rows.push(Self { name: name.to_owned(), content: Content::Signs(signs) });
            }
        }
        let pauses = [
            ("quality updates paused", &history.quality_pauses),
            ("feature updates paused", &history.feature_pauses),
        ];
        for (name, pauses) in pauses.into_iter().filter(|(_, pauses)| !pauses.is_empty()) {
            rows.push(Self { name: name.to_owned(), content: Content::Pause(pauses) });
        }
        for (kind, faults) in faults(device, axis) {
            let name = serde_json::to_value(kind).unwrap_or_default();
            let name = format!("fault: {}", name.as_str().unwrap_or_default());
            rows.push(Self { name, content: Content::Faults(faults) });
        }
        rows
    }

    /// Whether what is planned to go wrong stands in it.
    pub(super) const fn is_planned(&self) -> bool {
        matches!(self.content, Content::Faults(_))
    }

    /// The row from `y` on.
    pub(super) fn drawn(&self, device: &Device, marks: &[Mark], axis: &Axis, y: f64) -> Group {
        let middle = y + HEIGHT / 2.0;
        let name = text::head(&self.name, axis.left() - 2.0 * MARGIN, SIZE);
        let name = label(MARGIN, middle + 4.0, &name).set("fill", GREY).set("font-size", SIZE);
        let mut group = Group::new().add(name);
        match &self.content {
            Content::Signs(signs) => {
                for (sign, below) in *signs {
                    let apart = if signs.len() > 1 { *below } else { 0.0 };
                    group = group.add(mark::row(*sign, marks.iter(), axis, (middle + apart, 1.0)));
                }
            }
            Content::Pause(spans) => {
                for span in *spans {
                    let told = format!("{}: {} to {}", self.name, axis.told(span.from), axis.told(span.to));
                    let (left, right) = (axis.x(span.from), axis.x(span.to));
                    let bar = area((left, right), (y + 3.0, HEIGHT - 6.0)).set("fill", PAUSED);
                    group =
                        group.add(bar.add(title(&told))).add(inside("paused", PAUSED, (left, right), middle));
                }
            }
            Content::Faults(faults) => {
                let kind = self.name.trim_start_matches("fault: ");
                for (fault, span) in faults {
                    let words = words(fault, device);
                    let until = if axis.has(span.to) { axis.told(span.to) } else { "the end".to_owned() };
                    let told = format!("{kind}{words}: {} to {until}", axis.told(span.from));
                    let (left, right) = (axis.x(span.from), axis.x(span.to));
                    let bar = area((left, right), (y + 3.0, HEIGHT - 6.0)).set("fill", PLANNED);
                    let bar = bar.set("stroke", RED).add(title(&told));
                    group = group.add(bar).add(inside(
                        words.trim_start_matches(", "),
                        "#ffffff",
                        (left, right),
                        middle,
                    ));
                }
            }
        }
        group
    }
}

/// What is planned to go wrong while the picture lasts, by kind.
fn faults<'p>(device: &'p Device, axis: &Axis) -> BTreeMap<FaultKind, Vec<(&'p Fault, Span<()>)>> {
    let start = device.profile().file().clock.0;
    let at = |since: Duration| -> DateTime<Utc> {
        let length = i64::try_from(since.as_secs()).ok().and_then(TimeDelta::try_seconds);
        length.and_then(|length| start.checked_add_signed(length)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    };
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for fault in device.faults() {
        let from = fault.from.map_or(start, at);
        let to = fault.until.map_or(DateTime::<Utc>::MAX_UTC, at);
        if axis.overlaps(from, to) {
            all.entry(fault.kind).or_default().push((fault, Span { what: (), from, to }));
        }
    }
    all
}

/// What a fault is narrowed to, each after a comma.
fn words(fault: &Fault, device: &Device) -> String {
    let mut words = String::new();
    if let Some(hresult) = fault.hresult {
        words.push_str(&format!(", {hresult}"));
    }
    if let Some(probability) = fault.probability {
        words.push_str(&format!(", {} %", (probability * 100.0).round()));
    }
    match fault.count {
        Some(1) => words.push_str(", once"),
        Some(count) => words.push_str(&format!(", {count} times")),
        None => {}
    }
    if let Some(id) = fault.update {
        let update = device.profile().update(id);
        let article = update.and_then(|update| update.kb.as_deref());
        let title = update.map(|update| &*update.title).filter(|title| !title.is_empty());
        words.push_str(", ");
        words.push_str(article.or(title).unwrap_or(&id.to_string()));
    }
    words
}

/// Words in a bar of that colour, as far as they fit; none where hardly any do.
fn inside(words: &str, colour: &str, (left, right): (f64, f64), middle: f64) -> Group {
    const SIZE: f64 = 10.0;
    const LEAST: f64 = 60.0;
    let room = right - left - 8.0;
    if words.is_empty() || room < LEAST.min(text::width(words, SIZE)) {
        return Group::new();
    }
    let words = &text::head(words, room, SIZE);
    let ground = (left + 3.0, left + text::width(words, SIZE) + 5.0);
    let ground = area(ground, (middle - 6.0, 12.0)).set("fill", colour);
    let words = label(left + 4.0, middle + 3.5, words).set("font-size", SIZE).set("fill", BLACK);
    Group::new().set("pointer-events", "none").add(ground).add(words)
}
