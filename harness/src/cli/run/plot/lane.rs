//! The lane of one update: its name, its states as bars, and signs on them.

use csp_model::agent::UpdateState;
use svg::node::element::{Group, Rectangle};

use super::axis::Axis;
use super::history::{Life, Span};
use super::look::{GREY, Look};
use super::mark::{self, Mark, Sign};
use super::text::{self, label, title};
use super::{GAP, MARGIN, area, name_of};

/// How high lanes are, and how large their letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) height: f64,
    pub(super) font: f64,
    /// How large signs are, of their full size.
    pub(super) sign: f64,
}

impl Size {
    /// The more there are the smaller.
    pub(super) const fn of(lanes: usize) -> Self {
        let (height, font, sign) = match lanes {
            0..=24 => (24.0, 12.0, 1.0),
            25..=60 => (18.0, 11.0, 1.0),
            61..=120 => (14.0, 10.0, 0.8),
            _ => (11.0, 8.5, 0.7),
        };
        Self { height, font, sign }
    }

    /// Whether names of states stand in bars; else letters do.
    fn has_names(self) -> bool {
        self.height > 14.0
    }
}

/// What stands at the left of lanes.
pub(super) struct Names {
    /// Titles as far as they fit.
    titles: Vec<String>,
    /// Numbers of articles, behind them.
    articles: Vec<String>,
    /// How much room both take.
    pub(super) width: f64,
}

impl Names {
    pub(super) fn of(lives: &[Life<'_>], size: Size) -> Self {
        /// How much room titles may take.
        const MOST: f64 = 260.0;
        const MOST_OF_AN_ARTICLE: f64 = 90.0;
        let ids: Vec<_> = lives.iter().map(|life| life.update.id.to_string()).collect();
        let whole = |(life, id)| -> &str {
            let (life, id): (&Life<'_>, &String) = (life, id);
            if life.update.title.is_empty() { id } else { &life.update.title }
        };
        let titles: Vec<_> = lives.iter().zip(&ids).map(whole).collect();
        let titles = text::fitted(&titles, MOST, size.font);
        let article = |life: &Life<'_>| {
            let article = life.update.kb.as_deref().unwrap_or_default();
            text::head(article, MOST_OF_AN_ARTICLE, size.font)
        };
        let articles: Vec<_> = lives.iter().map(article).collect();
        let widest =
            |texts: &[String]| texts.iter().map(|text| text::width(text, size.font)).fold(0.0, f64::max);
        let (title, article) = (widest(&titles), widest(&articles));
        let width = if article > 0.0 { title + GAP + article } else { title };
        Self { titles, articles, width }
    }
}

/// A lane: what lies below the lines that cross it, and what above.
pub(super) struct Lane {
    pub(super) bars: Group,
    pub(super) signs: Group,
}

impl Lane {
    /// The lane of `life`, which is the one of that number, from `y` on.
    pub(super) fn new(
        (life, number): (&Life<'_>, usize),
        names: &Names,
        marks: &[Mark],
        axis: &Axis,
        (size, y): (Size, f64),
    ) -> Self {
        let middle = y + size.height / 2.0;
        let foot = middle + size.font * 0.36;
        let (mut bars, mut signs) = (Group::new(), Group::new());
        if let Some(name) = names.titles.get(number) {
            bars = bars.add(label(MARGIN, foot, name).add(title(&whole(life))));
        }
        if let Some(article) = names.articles.get(number).filter(|article| !article.is_empty()) {
            let article = label(axis.left() - GAP, foot, article).set("text-anchor", "end");
            bars = bars.add(article.set("fill", GREY));
        }
        for span in &life.states {
            let bar = Bar::new(span, axis, (size, y));
            let told = format!("{}: {} to {}", name_of(span.what), axis.told(span.from), axis.told(span.to));
            bars = bars.add(bar.drawn().add(title(&told)));
            signs = signs.add(bar.text(size));
        }
        for sign in [Sign::Approval, Sign::Rollback, Sign::Failure] {
            signs = signs.add(mark::row(sign, marks.iter(), axis, (middle, size.sign)));
        }
        Self { bars, signs }
    }
}

const FAILED: UpdateState =
    UpdateState::DOWNLOAD_FAILED.union(UpdateState::INSTALL_FAILED).union(UpdateState::COMMIT_FAILED);

/// A state, as a bar.
struct Bar {
    state: UpdateState,
    sides: (f64, f64),
    /// Its top, and how high it is.
    top: (f64, f64),
}

impl Bar {
    fn new(span: &Span<UpdateState>, axis: &Axis, (size, y): (Size, f64)) -> Self {
        let (left, right) = (axis.x(span.from), axis.x(span.to));
        // Between two that are wide there is a little light.
        let light = if right - left > 3.0 && right < axis.right() { 1.0 } else { 0.0 };
        let edge = (size.height / 8.0).ceil();
        Self {
            state: span.what,
            sides: (left, (right - light).max(left + 1.0)),
            top: (y + edge, size.height - 2.0 * edge),
        }
    }

    fn drawn(&self) -> Rectangle {
        area(self.sides, self.top).set("fill", Look::of(self.state).fill)
    }

    /// The state's name, or letters where that does not fit, or nothing.
    fn text(&self, size: Size) -> Group {
        let look = Look::of(self.state);
        let font = (size.font - 1.0).min(10.0);
        let (left, right) = self.sides;
        let texts = [Some(name_of(self.state)).filter(|_| size.has_names()), Some(look.letters)];
        // What has failed has its sign at the left.
        let left = if self.state.intersects(FAILED) { left + 6.0 } else { left };
        let fits = |text: &&str| text::width(text, font) + 8.0 <= right - left;
        let group = Group::new().set("pointer-events", "none");
        let Some(text) = texts.into_iter().flatten().find(fits) else { return group };
        let ground = area((left + 2.0, left + 6.0 + text::width(text, font)), self.top);
        let foot = self.top.0 + self.top.1 / 2.0 + font * 0.36;
        let words = label(left + 4.0, foot, text).set("font-size", font).set("fill", look.ink);
        let group = if look.is_plain() { group } else { group.add(ground.set("fill", look.ground)) };
        group.add(words)
    }
}

fn whole(life: &Life<'_>) -> String {
    let (update, id) = (life.update, life.update.id);
    match (&*update.title, &update.kb) {
        ("", None) => id.to_string(),
        ("", Some(kb)) => format!("{kb}, {id}"),
        (title, None) => format!("{title}, {id}"),
        (title, Some(kb)) => format!("{title} ({kb}), {id}"),
    }
}
