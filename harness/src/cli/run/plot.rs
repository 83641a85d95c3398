//! How far each update has come when, as a picture: a lane an update, coloured by state, over time.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use csp_model::Device;
use csp_model::agent::{UpdateId, UpdateState};
use csp_model::device::UpdateEntry;
use svg::Document;
use svg::node::element::{Group, Line, Rectangle, Text, Title};

use crate::event::DeviceEvent;

/// An update that is in one state from a time to another.
struct Span {
    state: UpdateState,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// The picture of a device that is as `before` says and lives until `end`. Something happens at `times`.
pub(super) fn drawn(
    before: &Device,
    end: DateTime<Utc>,
    times: impl Iterator<Item = DateTime<Utc>>,
    events: &[DeviceEvent],
) -> String {
    let lanes = lanes(before, end, times);
    let axis = Axis::new(before.clock(), end);
    let height = TOP + LANE * (1 + lanes.len()) as f64 + FOOT;
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH as i64, height as i64))
        .set("font-family", "sans-serif")
        .set("font-size", 12)
        .add(Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "#ffffff"))
        .add(label(MARGIN, 20.0, before.name()).set("font-weight", "bold"));
    document = document.add(axis.drawn(height)).add(marks(events, &axis, height));
    let mut seen = BTreeSet::new();
    for (number, (update, spans)) in lanes.iter().enumerate() {
        let y = TOP + LANE * (1 + number) as f64;
        document = document.add(lane(update, spans, &axis, y));
        seen.extend(spans.iter().map(|span| span.state));
    }
    document.add(legend(&seen, height)).to_string() + "\n"
}

const WIDTH: f64 = 1_200.0;
const MARGIN: f64 = 12.0;
/// Where lanes begin, behind their names.
const LEFT: f64 = 330.0;
const TOP: f64 = 56.0;
const LANE: f64 = 24.0;
/// Below the lanes: the legend.
const FOOT: f64 = 40.0;

/// Every update that the device comes to know, in the order of its file, with its states.
fn lanes(
    before: &Device,
    end: DateTime<Utc>,
    times: impl Iterator<Item = DateTime<Utc>>,
) -> Vec<(UpdateEntry, Vec<Span>)> {
    let mut device = before.clone();
    let mut lanes: Vec<_> =
        before.profile().catalog().iter().map(|update| (update.clone(), Vec::new())).collect();
    let look = |device: &Device, lanes: &mut Vec<(UpdateEntry, Vec<Span>)>| {
        let now = device.clock();
        for (update, spans) in lanes.iter_mut() {
            let state = state(device, update.id);
            match spans.last_mut() {
                Some(Span { state: last, to, .. }) if Some(*last) == state && *to == end => {}
                last => {
                    if let Some(last) = last.filter(|last| last.to == end) {
                        last.to = now;
                    }
                    spans.extend(state.map(|state| Span { state, from: now, to: end }));
                }
            }
        }
    };
    look(&device, &mut lanes);
    // A device does the same in many steps as in one; the state between two events is that after the first.
    for at in times.collect::<BTreeSet<_>>() {
        device.advance_to(at);
        look(&device, &mut lanes);
    }
    lanes.retain(|(_, spans)| !spans.is_empty());
    lanes
}

fn state(device: &Device, id: UpdateId) -> Option<UpdateState> {
    device.agent().records.get(&id).map(|record| record.state)
}

/// Time, from left to right.
struct Axis {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Axis {
    const fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { start, end }
    }

    fn x(&self, at: DateTime<Utc>) -> f64 {
        let all = (self.end - self.start).num_seconds().max(1) as f64;
        let passed = (at - self.start).num_seconds() as f64;
        round(LEFT + (WIDTH - MARGIN - LEFT) * (passed / all).clamp(0.0, 1.0))
    }

    /// As many lines with their times as can be read.
    fn drawn(&self, height: f64) -> Group {
        const STEPS: [i64; 12] = [1, 2, 6, 12, 24, 48, 24 * 7, 24 * 14, 24 * 28, 24 * 91, 24 * 182, 24 * 365];
        let hours = (self.end - self.start).num_hours();
        let step = STEPS.into_iter().find(|step| hours / step <= 9).unwrap_or(24 * 365);
        let form = if step < 24 { "%m-%d %H:%M" } else { "%Y-%m-%d" };
        let step = TimeDelta::hours(step);
        let mut group = Group::new().set("stroke", "#e0e0e0").set("fill", "#606060");
        let mut at = self.start;
        while at <= self.end {
            let x = self.x(at);
            group = group
                .add(line(x, TOP - 8.0, height - FOOT))
                .add(label(x, TOP - 14.0, &at.format(form).to_string()).set("stroke", "none"));
            at += step;
        }
        group
    }
}

/// Scans as ticks above the lanes, restarts as lines across them.
fn marks(events: &[DeviceEvent], axis: &Axis, height: f64) -> Group {
    let mut group = Group::new().add(label(MARGIN, TOP + 16.0, "scans, restarts").set("fill", "#606060"));
    for event in events {
        let x = axis.x(event.at);
        let mark = match &*event.kind {
            "scan-succeeded" => line(x, TOP + 6.0, TOP + 18.0).set("stroke", "#9e9e9e"),
            "scan-failed" => line(x, TOP + 4.0, TOP + 20.0).set("stroke", "#c62828").set("stroke-width", 2),
            "restarted" => {
                line(x, TOP, height - FOOT).set("stroke", "#424242").set("stroke-dasharray", "3 3")
            }
            _ => continue,
        };
        group = group.add(mark.add(Title::new(told(event))));
    }
    group
}

fn lane(update: &UpdateEntry, spans: &[Span], axis: &Axis, y: f64) -> Group {
    const MOST: usize = 48;
    let id = update.id.to_string();
    let title = if update.title.is_empty() { &id } else { &update.title };
    let name = match title.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title.clone(),
    };
    let whole = update.kb.as_ref().map_or_else(|| title.clone(), |kb| format!("{title} ({kb})"));
    let mut group =
        Group::new().add(label(MARGIN, y + 16.0, &name).add(Title::new(format!("{whole}, {id}"))));
    for Span { state, from, to } in spans {
        let (left, right) = (axis.x(*from), axis.x(*to));
        let told = format!("{}: {} to {}", name_of(*state), from.to_rfc3339(), to.to_rfc3339());
        let bar = Rectangle::new()
            .set("x", left)
            .set("y", y + 3.0)
            .set("width", round((right - left).max(1.0)))
            .set("height", LANE - 6.0)
            .set("fill", colour(*state))
            .add(Title::new(told));
        group = group.add(bar);
    }
    group
}

fn legend(states: &BTreeSet<UpdateState>, height: f64) -> Group {
    let mut group = Group::new();
    let mut x = MARGIN;
    let y = height - 24.0;
    for state in states {
        let name = name_of(*state);
        let box_of = Rectangle::new().set("x", x).set("y", y).set("width", 12).set("height", 12);
        group = group.add(box_of.set("fill", colour(*state))).add(label(x + 17.0, y + 10.0, name));
        x += 32.0 + 7.0 * name.len() as f64;
    }
    group
}

fn colour(state: UpdateState) -> &'static str {
    match state {
        UpdateState::NEW_UPDATE => "#cfd8dc",
        UpdateState::READY_TO_DOWNLOAD => "#b3e5fc",
        UpdateState::DOWNLOADING => "#0288d1",
        UpdateState::READY_TO_INSTALL => "#b39ddb",
        UpdateState::INSTALLING => "#5e35b1",
        UpdateState::DOWNLOAD_BLOCKED | UpdateState::INSTALL_BLOCKED => "#ffe082",
        UpdateState::REBOOT_REQUIRED | UpdateState::POST_REBOOT => "#fb8c00",
        UpdateState::UPDATE_COMPLETED => "#43a047",
        UpdateState::DOWNLOAD_FAILED | UpdateState::INSTALL_FAILED | UpdateState::COMMIT_FAILED => "#e53935",
        // No flag, or several: nothing that a device comes to by itself.
        _ => "#9e9e9e",
    }
}

fn name_of(state: UpdateState) -> &'static str {
    state.documented_name().unwrap_or("other")
}

fn told(event: &DeviceEvent) -> String {
    format!("{}: {}", event.at.to_rfc3339(), event.text)
}

fn label(x: f64, y: f64, text: &str) -> Text {
    Text::new(text).set("x", x).set("y", y)
}

fn line(x: f64, from: f64, to: f64) -> Line {
    Line::new().set("x1", x).set("x2", x).set("y1", from).set("y2", to)
}

/// A hundredth of a pixel is enough.
fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use csp_model::DeviceFile;
    use csp_model::device::Profile;
    use csp_model::xml::{Doctype, Reader, Step};

    use super::*;

    fn picture(text: &str, days: i64) -> String {
        let file = DeviceFile::from_toml(text).expect("a device file");
        let mut device = Device::new(Arc::new(Profile::new(file).expect("one that makes sense")));
        let before = device.clone();
        let end = device.clock() + TimeDelta::days(days);
        let events = device.advance_to(end);
        let events = DeviceEvent::all(&events, device.profile());
        drawn(&before, end, events.iter().map(|event| event.at), &events)
    }

    #[test]
    fn every_update_that_is_known_has_a_lane_with_its_states() {
        let picture = picture(DeviceFile::BUILTIN, 14);
        for name in ["scans, restarts", "NewUpdate", "UpdateCompleted", "RebootRequired", "KB5027397"] {
            assert!(picture.contains(name), "{name}");
        }
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
    }

    #[test]
    fn whatever_an_update_is_called_the_picture_is_well_formed() {
        let title = "<b>&\\\"ÄÖÜ".repeat(20);
        let text = format!(
            "[[update]]\nid = \"a317dafe-baf4-453f-b232-a7075efae36e\"\nclassification = \"Updates\"\ntitle = \"{title}\"\n"
        );
        for days in [0, 1, 3_000] {
            let picture = picture(&text, days);
            let mut reader = Reader::new(&picture, Doctype::NoSubset, 16);
            while reader.step().expect("it is well-formed") != Step::Eof {}
        }
    }
}
