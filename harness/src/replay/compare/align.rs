//! Which piece of one body is which of the other: by what each is about, wherever it stands.

use std::collections::BTreeMap;

use super::unit::{Key, Unit, What};
use super::{Difference, Maps, Weight, of_field};

/// Pieces side by side.
#[derive(Debug, Default)]
pub(super) struct Aligned {
    /// Indices of pieces that are each other.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Pieces that were expected and are not there.
    pub(super) missing: Vec<usize>,
    /// Pieces that were not expected.
    pub(super) added: Vec<usize>,
}

/// Puts pieces side by side: by their keys, the first of a key with the first; then by their keys without what is another
/// in every run; then a Status or Results of the same command, whatever else it says.
pub(super) fn align(expected: &[Unit], got: &[Unit], maps: &mut Maps) -> Aligned {
    let mut aligned = Aligned {
        pairs: Vec::new(),
        missing: (0..expected.len()).collect(),
        added: (0..got.len()).collect(),
    };
    aligned.pair(expected, got, Key::clone, |_, _| true);
    let blanked = |key: &Key| Key { about: Maps::blanked(&key.about), ..key.clone() };
    aligned.pair(expected, got, blanked, |one, other| maps.address(&one.about, &other.about));
    let answer = |key: &Key| match key.what {
        What::Status => Key { about: String::new(), ..key.clone() },
        What::Results | What::Alert | What::Get | What::Does(_) | What::Container(_) | What::Unknown(_) => {
            key.clone()
        }
    };
    aligned.pair(expected, got, answer, |_, _| true);
    aligned.pairs.sort_unstable();
    aligned
}

impl Aligned {
    fn pair(
        &mut self,
        expected: &[Unit],
        got: &[Unit],
        by: impl Fn(&Key) -> Key,
        mut may_be: impl FnMut(&Key, &Key) -> bool,
    ) {
        let mut waiting: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for index in self.added.iter().rev() {
            if let Some(unit) = got.get(*index) {
                waiting.entry(by(&unit.key)).or_default().push(*index);
            }
        }
        let mut missing = Vec::new();
        for index in std::mem::take(&mut self.missing) {
            let Some(unit) = expected.get(index) else { continue };
            let found = waiting.get_mut(&by(&unit.key)).and_then(|waiting| {
                let other = waiting.last().and_then(|other| got.get(*other))?;
                may_be(&unit.key, &other.key).then(|| waiting.pop()).flatten()
            });
            match found {
                Some(other) => self.pairs.push((index, other)),
                None => missing.push(index),
            }
        }
        self.missing = missing;
        self.added = waiting.into_values().flatten().collect();
        self.added.sort_unstable();
    }
}

/// The difference in the order of pieces, if there is one: free for what only reports and reads, not for what does
/// something.
pub(super) fn order(pairs: &[(usize, usize)], expected: &[Unit], got: &[Unit]) -> Option<Difference> {
    let is_ordered =
        |pairs: &[(usize, usize)]| pairs.windows(2).all(|two| matches!(two, [one, next] if one.1 < next.1));
    if is_ordered(pairs) {
        return None;
    }
    let acts: Vec<_> = pairs
        .iter()
        .copied()
        .filter(|(one, _)| expected.get(*one).is_some_and(|unit| !unit.key.what.is_free()))
        .collect();
    let (weight, moved) = if is_ordered(&acts) {
        (Weight::OrderOnly, pairs.to_vec())
    } else {
        (Weight::DifferentMeaning, acts)
    };
    let first = moved.windows(2).find_map(|two| match two {
        [one, next] if one.1 > next.1 => Some((*one, *next)),
        _ => None,
    })?;
    let name = |unit: Option<&Unit>| {
        unit.map(|unit| match unit.uri() {
            Some(uri) => format!("{} {uri}", unit.name()),
            None => unit.name(),
        })
        .unwrap_or_default()
    };
    let said = format!("{} before {}", name(expected.get(first.0.0)), name(expected.get(first.1.0)));
    let got = format!("{} before {}", name(got.get(first.1.1)), name(got.get(first.0.1)));
    Some(Difference { command: "SyncBody".to_owned(), ..of_field(weight, "order", Some(&said), Some(&got)) })
}
