//! How far each update has come when, as a picture: a lane an update, coloured by state, over time, and above them what the
//! whole device goes through.
//!
//! Deliberately absent: fonts, scripts and styles of a page. The picture is one file that needs nothing, and the same run
//! gives the same one.

mod axis;
mod history;
mod lane;
mod legend;
mod look;
mod mark;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::catalog::Classification;
use csp_model::agent::{UpdateId, UpdateState};
use svg::Document;
use svg::node::element::{Group, Line, Rectangle};

use self::axis::Axis;
use self::history::{History, Life};
use self::lane::{Lane, Names, Size};
use self::legend::Legend;
use self::look::GREY;
use self::mark::{Mark, Sign};
use self::rows::Row;
use self::text::{label, title};
use crate::event::DeviceEvent;

/// The picture of a device that is as `before` says and does `events` until `end`.
pub(super) fn drawn(before: &Device, end: DateTime<Utc>, events: &[DeviceEvent]) -> String {
    let mut history = History::new(before, end, events);
    let left_out = history.lives.len().saturating_sub(MOST);
    history.lives.truncate(MOST);
    let history = history;
    let size = Size::of(history.lives.len());
    let names = Names::of(&history.lives, size);
    let (left, right) = ((MARGIN + names.width + GAP).max(LEFT).round(), WIDTH - MARGIN);
    let axis = Axis::new((before.clock(), end), before.profile().file().time_zone, (left, right));
    let marks = Marks::of(before, &history, events, end);
    let rows = Row::all(before, &history, &marks.of_device, &axis);
    let states = history.lives.iter().flat_map(|life| life.states.iter().map(|span| span.what)).collect();
    let legend = Legend::new(&states, &marks.signs(), rows.iter().any(Row::is_planned));

    // From top to bottom.
    let top = HEAD + legend.height + 24.0;
    let lanes = top + rows::HEIGHT * rows.len() as f64 + 4.0;
    let bottom = lanes + size.height * history.lives.len() as f64;
    let is_high = bottom - top > HIGH;
    let foot = if is_high { 22.0 } else { 6.0 } + if left_out > 0 { 20.0 } else { 0.0 };
    let height = (bottom + foot).round();

    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("font-family", "Segoe UI, Helvetica, Arial, sans-serif")
        .set("font-size", size.font)
        .add(title(&format!("{}: {}", before.name(), axis.period())))
        .add(look::patterns())
        .add(Rectangle::new().set("width", WIDTH).set("height", height).set("fill", "#ffffff"))
        .add(label(MARGIN, 22.0, before.name()).set("font-weight", "bold").set("font-size", 14))
        .add(label(MARGIN, 40.0, &axis.period()).set("fill", GREY).set("font-size", 11))
        .add(legend.drawn(HEAD))
        .add(stripes(history.lives.len(), size, lanes))
        .add(shade(&history, &axis, (top, bottom)))
        .add(axis.grid(top, bottom))
        .add(axis.times(top - 6.0));
    for (number, row) in rows.iter().enumerate() {
        let y = top + rows::HEIGHT * number as f64;
        document = document.add(row.drawn(before, &marks.of_device, &axis, y));
    }
    let lane = |(number, life): (usize, &Life<'_>)| {
        let y = lanes + size.height * number as f64;
        let marks = marks.of_updates.get(&life.update.id).map_or(&[][..], Vec::as_slice);
        Lane::new((life, number), &names, marks, &axis, (size, y))
    };
    let mut signs = Group::new();
    for lane in history.lives.iter().enumerate().map(lane) {
        document = document.add(lane.bars);
        signs = signs.add(lane.signs);
    }
    document = document.add(restarts(&marks.of_device, &axis, (lanes, bottom))).add(signs);
    if is_high {
        document = document.add(axis.times(bottom + 14.0));
    }
    if left_out > 0 {
        let words = format!("and {left_out} updates more, which are not drawn");
        document = document.add(label(MARGIN, height - 8.0, &words).set("fill", GREY).set("font-size", 11));
    }
    document.to_string() + "\n"
}

const WIDTH: f64 = 1_000.0;
const MARGIN: f64 = 12.0;
/// Between what stands at the left, and before the lanes.
const GAP: f64 = 14.0;
/// Where lanes begin at least, behind their names.
const LEFT: f64 = 150.0;
/// Above the legend: the name and the period.
const HEAD: f64 = 50.0;
/// From when on the times stand below the lanes as well.
const HIGH: f64 = 600.0;
/// How many lanes a picture may have.
const MOST: usize = 1_000;

/// The signs of a picture.
struct Marks {
    of_device: Vec<Mark>,
    of_updates: BTreeMap<UpdateId, Vec<Mark>>,
}

impl Marks {
    fn of(device: &Device, history: &History<'_>, events: &[DeviceEvent], end: DateTime<Utc>) -> Self {
        let lanes: BTreeSet<_> = history.lives.iter().map(|life| life.update.id).collect();
        let (mut of_device, mut of_updates) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for (id, at) in history.approvals.iter().filter(|(_, at)| **at <= end) {
            let mark = |text| Mark { sign: Sign::Approval, at: *at, text };
            if lanes.contains(id) {
                of_updates.entry(*id).or_default().push(mark("approved".to_owned()));
            } else {
                of_device.push(mark(format!("approved: {}", name_of_approval(device, *id))));
            }
        }
        of_device.sort_by_key(|mark| mark.at);
        for event in events {
            let Some(sign) = Sign::of(&event.kind) else { continue };
            let mark = Mark { sign, at: event.at, text: event.text.clone() };
            match event.update {
                Some(id) => of_updates.entry(id).or_default().push(mark),
                None => of_device.push(mark),
            }
        }
        Self { of_device, of_updates }
    }

    fn signs(&self) -> BTreeSet<Sign> {
        self.of_device.iter().chain(self.of_updates.values().flatten()).map(|mark| mark.sign).collect()
    }
}

fn name_of_approval(device: &Device, id: UpdateId) -> String {
    match device.profile().update(id) {
        Some(update) if !update.title.is_empty() => update.title.clone(),
        Some(_) | None => {
            let classification = Classification::try_from(id.to_string());
            classification.map_or_else(|_| id.to_string(), |known| known.to_string())
        }
    }
}

/// Every other lane is a little darker, for eyes to follow.
fn stripes(lanes: usize, size: Size, top: f64) -> Group {
    let mut group = Group::new().set("fill", "#f6f6f6");
    for number in (1..lanes).step_by(2) {
        group = group.add(area((0.0, WIDTH), (top + size.height * number as f64, size.height)));
    }
    group
}

/// Pauses, behind everything.
fn shade(history: &History<'_>, axis: &Axis, (top, bottom): (f64, f64)) -> Group {
    let mut group = Group::new().set("fill", "#000000").set("fill-opacity", 0.06);
    for span in history.quality_pauses.iter().chain(&history.feature_pauses) {
        group = group.add(area((axis.x(span.from), axis.x(span.to)), (top, bottom - top)));
    }
    group
}

/// Restarts, across the lanes; where they are many, their row is enough.
fn restarts(marks: &[Mark], axis: &Axis, (top, bottom): (f64, f64)) -> Group {
    const MANY: usize = 30;
    let restarts = mark::gathered(Sign::Restart, marks.iter(), axis);
    let mut group = Group::new().set("stroke", "#000000").set("stroke-dasharray", "2 4");
    for restart in restarts.iter().filter(|_| restarts.len() <= MANY) {
        group = group.add(line(restart.x, top, bottom).add(title(&restart.told(axis))));
    }
    group
}

fn name_of(state: UpdateState) -> &'static str {
    state.documented_name().unwrap_or("other")
}

fn line(x: f64, from: f64, to: f64) -> Line {
    Line::new().set("x1", round(x)).set("x2", round(x)).set("y1", round(from)).set("y2", round(to))
}

/// A rectangle from left to right, and from a top on so high.
fn area((left, right): (f64, f64), (top, height): (f64, f64)) -> Rectangle {
    let area = Rectangle::new().set("x", round(left)).set("y", round(top));
    area.set("width", round((right - left).max(1.0))).set("height", round(height))
}

/// A hundredth of a pixel is enough.
fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}
