//! What the colours and signs of a picture mean: only those that it has.

use std::collections::BTreeSet;

use csp_model::agent::UpdateState;
use svg::node::element::Group;

use super::look::{Look, PLANNED, RED};
use super::mark::Sign;
use super::text::{self, label};
use super::{MARGIN, WIDTH, area, name_of, round};

/// A legend, and how high it is.
pub(super) struct Legend {
    items: Vec<(Item, f64, f64)>,
    pub(super) height: f64,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    State(UpdateState),
    Sign(Sign),
    Planned,
}

const SIZE: f64 = 11.0;
const ROW: f64 = 18.0;
const BOX: f64 = 34.0;

impl Legend {
    pub(super) fn new(states: &BTreeSet<UpdateState>, signs: &BTreeSet<Sign>, has_faults: bool) -> Self {
        let all = (states.iter().copied().map(Item::State))
            .chain(signs.iter().copied().map(Item::Sign))
            .chain(has_faults.then_some(Item::Planned));
        let (mut x, mut y) = (MARGIN, 0.0);
        let mut items = Vec::new();
        for item in all {
            let width = item.room() + 6.0 + text::width(item.name(), SIZE) + 12.0;
            if x > MARGIN && x + width > WIDTH {
                (x, y) = (MARGIN, y + ROW);
            }
            items.push((item, round(x), y));
            x += width;
        }
        let height = if items.is_empty() { 0.0 } else { y + ROW };
        Self { items, height }
    }

    /// It, below `top`.
    pub(super) fn drawn(&self, top: f64) -> Group {
        let mut group = Group::new().set("font-size", SIZE);
        for (item, x, y) in &self.items {
            let middle = top + y + ROW / 2.0;
            let name = label(round(x + item.room() + 6.0), middle + 4.0, item.name());
            group = group.add(item.drawn(*x, middle)).add(name);
        }
        group
    }
}

impl Item {
    fn name(self) -> &'static str {
        match self {
            Self::State(state) => name_of(state),
            Self::Sign(sign) => sign.name(),
            Self::Planned => "planned fault",
        }
    }

    const fn room(self) -> f64 {
        match self {
            Self::State(_) | Self::Planned => BOX,
            Self::Sign(_) => 10.0,
        }
    }

    fn drawn(self, x: f64, middle: f64) -> Group {
        let swatch = || area((x, x + BOX), (middle - 6.0, 12.0));
        match self {
            Self::State(state) => {
                let look = Look::of(state);
                let letters = label(x + BOX / 2.0, middle + 3.5, look.letters);
                let letters = letters.set("text-anchor", "middle").set("font-size", 9).set("fill", look.ink);
                let ground = area((x + 9.0, x + BOX - 9.0), (middle - 6.0, 12.0)).set("fill", look.ground);
                Group::new().add(swatch().set("fill", look.fill)).add(ground).add(letters)
            }
            Self::Planned => Group::new().add(swatch().set("fill", PLANNED).set("stroke", RED)),
            Self::Sign(sign) => Group::new().add(sign.drawn((x + 5.0, middle), 1.0)),
        }
    }
}
