//! What states look like: by colour, by lightness, by pattern and by letters, so that one of them is enough.
//!
//! The colours are those of Okabe and Ito, "Color Universal Design" (2008), lighter or darker where states that follow one
//! another would be equally light. What is blocked has stripes, what has failed is hatched.

use csp_model::agent::UpdateState;
use svg::node::element::{Definitions, Path, Pattern, Rectangle};

pub(super) const BLACK: &str = "#1a1a1a";
pub(super) const GREY: &str = "#595959";
/// What is wrong.
pub(super) const RED: &str = "#b33c00";
/// The pattern of what is planned to go wrong.
pub(super) const PLANNED: &str = "url(#planned)";

/// What a state looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// What its bars are filled with.
    pub(super) fill: &'static str,
    /// The colour below the pattern, or the same if there is none.
    pub(super) ground: &'static str,
    /// The colour of letters on it.
    pub(super) ink: &'static str,
    /// What stands where the name does not fit.
    pub(super) letters: &'static str,
}

impl Look {
    pub(super) const fn of(state: UpdateState) -> Self {
        match state {
            UpdateState::NEW_UPDATE => plain("#dedede", BLACK, "N"),
            UpdateState::READY_TO_DOWNLOAD => plain(SKY, BLACK, "RD"),
            UpdateState::DOWNLOADING => plain("#0072b2", WHITE, "D"),
            UpdateState::DOWNLOAD_BLOCKED => patterned("url(#blocked-download)", YELLOW, BLACK, "DB"),
            UpdateState::DOWNLOAD_FAILED => patterned("url(#failed-download)", VERMILION, WHITE, "DF"),
            UpdateState::READY_TO_INSTALL => plain("#cc79a7", BLACK, "RI"),
            UpdateState::INSTALLING => plain("#5b2a6e", WHITE, "I"),
            UpdateState::INSTALL_BLOCKED => patterned("url(#blocked-install)", YELLOW, BLACK, "IB"),
            UpdateState::INSTALL_FAILED => patterned("url(#failed-install)", VERMILION, WHITE, "IF"),
            UpdateState::REBOOT_REQUIRED => plain(ORANGE, BLACK, "RR"),
            UpdateState::POST_REBOOT => patterned("url(#after-restart)", ORANGE, BLACK, "PR"),
            UpdateState::UPDATE_COMPLETED => plain("#00795a", WHITE, "C"),
            UpdateState::COMMIT_FAILED => patterned("url(#failed-commit)", BROWN, WHITE, "CF"),
            // No flag, or several: nothing that a device comes to by itself.
            _ => plain("#9e9e9e", BLACK, "?"),
        }
    }

    /// Whether it has no pattern.
    pub(super) fn is_plain(self) -> bool {
        self.fill == self.ground
    }
}

/// Every pattern.
pub(super) fn patterns() -> Definitions {
    const RISING: &str = "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2";
    const FALLING: &str = "M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2";
    const UPRIGHT: &str = "M1.5,0 v6";
    const CROSSED: &str = "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2 M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2";
    const DOTTED: &str = "M1.5,3 h2";
    let patterns = [
        ("blocked-download", YELLOW, "#5c5600", 1.6, RISING),
        ("blocked-install", YELLOW, "#5c5600", 1.6, UPRIGHT),
        ("failed-download", VERMILION, WHITE, 1.2, FALLING),
        ("failed-install", VERMILION, WHITE, 1.0, CROSSED),
        ("failed-commit", BROWN, WHITE, 1.0, CROSSED),
        ("after-restart", ORANGE, BLACK, 2.0, DOTTED),
        ("planned", WHITE, RED, 0.8, RISING),
    ];
    let mut all = Definitions::new();
    for (id, ground, colour, thickness, lines) in patterns {
        let lines = Path::new().set("d", lines).set("stroke", colour).set("stroke-width", thickness);
        let pattern = Pattern::new()
            .set("id", id)
            .set("width", 6)
            .set("height", 6)
            .set("patternUnits", "userSpaceOnUse")
            .add(Rectangle::new().set("width", 6).set("height", 6).set("fill", ground))
            .add(lines.set("fill", "none"));
        all = all.add(pattern);
    }
    all
}

const WHITE: &str = "#ffffff";
const SKY: &str = "#9acdf0";
const YELLOW: &str = "#f0e442";
const ORANGE: &str = "#f0ae2b";
const VERMILION: &str = "#d55e00";
const BROWN: &str = "#7a2e00";

const fn plain(colour: &'static str, ink: &'static str, letters: &'static str) -> Look {
    Look { fill: colour, ground: colour, ink, letters }
}

const fn patterned(
    fill: &'static str,
    ground: &'static str,
    ink: &'static str,
    letters: &'static str,
) -> Look {
    Look { fill, ground, ink, letters }
}
