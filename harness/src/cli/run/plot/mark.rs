//! Marks: small signs at a time. Those that would touch each other are drawn as one, which tells of all.

use chrono::{DateTime, Utc};
use svg::node::element::{Group, Path};

use super::axis::Axis;
use super::look::{BLACK, GREY, RED};
use super::round;
use super::text::title;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// A scan succeeded.
    Scan,
    /// A scan failed.
    ScanFailed,
    /// The device restarted.
    Restart,
    /// An update or a classification is approved.
    Approval,
    /// A download, an installation or a commit failed.
    Failure,
    /// A rollback began, was refused, or is done.
    Rollback,
}

/// A sign at a time, and its words.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) sign: Sign,
    pub(super) at: DateTime<Utc>,
    pub(super) text: String,
}

impl Sign {
    /// The sign of an event of that name; `None` where it has none, or is not known.
    pub(super) fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "scan-succeeded" => Self::Scan,
            "scan-failed" => Self::ScanFailed,
            "restarted" => Self::Restart,
            "download-failed" | "install-failed" | "commit-failed" => Self::Failure,
            "rollback-refused" | "rollback-started" | "rollback-succeeded" => Self::Rollback,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan succeeded",
            Self::ScanFailed => "scan failed",
            Self::Restart => "restart",
            Self::Approval => "approved",
            Self::Failure => "failure",
            Self::Rollback => "rollback",
        }
    }

    /// The sign with its middle at that point, of that part of its full size.
    pub(super) fn drawn(self, (x, y): (f64, f64), size: f64) -> Path {
        let place = format!("translate({} {})", round(x), round(y));
        let place = if size < 1.0 { format!("{place} scale({size})") } else { place };
        let path = |d: &str| Path::new().set("d", d).set("transform", place.as_str());
        let lines = |d: &str, colour| path(d).set("fill", "none").set("stroke", colour);
        let area = |d: &str, colour| {
            let area = path(d).set("fill", colour).set("stroke", "#ffffff").set("stroke-width", 1);
            area.set("paint-order", "stroke").set("stroke-linejoin", "round")
        };
        match self {
            Self::Scan => lines("M0,-4 v8", GREY).set("stroke-width", 1.5),
            Self::ScanFailed => lines(CROSS, RED).set("stroke-width", 2),
            Self::Restart => area("M0,-5 l5,5 l-5,5 l-5,-5 z", BLACK),
            Self::Approval => area("M-4.5,-4 h9 l-4.5,8 z", BLACK),
            Self::Failure => {
                let cross = "M-4.5,-2.5 l2,-2 l2.5,2.5 l2.5,-2.5 l2,2 l-2.5,2.5 l2.5,2.5 l-2,2 l-2.5,-2.5 l-2.5,2.5 l-2,-2 \
                             l2.5,-2.5 z";
                area(cross, BLACK)
            }
            Self::Rollback => area("M-5,0 l8,-5 v10 z", BLACK),
        }
    }

    /// How far from the next it must be.
    const fn room(self) -> f64 {
        match self {
            Self::Scan => 4.0,
            Self::ScanFailed | Self::Restart | Self::Approval | Self::Failure | Self::Rollback => 10.0,
        }
    }
}

/// Marks of one sign, at height `y` and of that size.
pub(super) fn row<'m>(
    sign: Sign,
    marks: impl Iterator<Item = &'m Mark>,
    axis: &Axis,
    (y, size): (f64, f64),
) -> Group {
    let mut group = Group::new();
    for together in gathered(sign, marks, axis) {
        group = group.add(sign.drawn((together.x, y), size).add(title(&together.told(axis))));
    }
    group
}

/// Marks that are drawn as one.
pub(super) struct Together<'m> {
    pub(super) x: f64,
    pub(super) sign: Sign,
    marks: Vec<&'m Mark>,
}

/// The marks of that sign, in their order, as far from each other as it needs.
pub(super) fn gathered<'m>(
    sign: Sign,
    marks: impl Iterator<Item = &'m Mark>,
    axis: &Axis,
) -> Vec<Together<'m>> {
    let mut all: Vec<Together<'m>> = Vec::new();
    for mark in marks.filter(|mark| mark.sign == sign) {
        let x = axis.x(mark.at);
        match all.last_mut().filter(|last| x - last.x < sign.room()) {
            Some(last) => last.marks.push(mark),
            None => all.push(Together { x, sign, marks: vec![mark] }),
        }
    }
    all
}

impl Together<'_> {
    pub(super) fn told(&self, axis: &Axis) -> String {
        /// More than can be told one by one.
        const MANY: usize = 4;
        let told = |mark: &Mark| format!("{}: {}", axis.told(mark.at), mark.text);
        match *self.marks {
            [first, .., last] if self.marks.len() > MANY => {
                let (count, name) = (self.marks.len(), self.sign.name());
                format!("{count} times {name}; first {}; last {}", told(first), told(last))
            }
            _ => self.marks.iter().map(|mark| told(mark)).collect::<Vec<_>>().join("; "),
        }
    }
}

const CROSS: &str = "M-3.5,-3.5 l7,7 m0,-7 l-7,7";
