//! Which piece of one body is which of the other: by what each is about, wherever it stands.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::unit::{Key, Role, Unit, What};
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
    // What is the same on both sides stands for itself.
    aligned.pair(expected, got, Key::clone, |one, other| {
        maps.address(&one.about, &other.about);
        true
    });
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

/// The differences in the order of pieces: free for what only reports; and for what reads, among itself.
pub(super) fn order(pairs: &[(usize, usize)], expected: &[Unit], got: &[Unit]) -> Vec<Difference> {
    let of_role = |role: Role| -> Vec<_> {
        let has =
            |(one, _): &&(usize, usize)| expected.get(*one).is_some_and(|unit| unit.key.what.role() == role);
        pairs.iter().filter(has).copied().collect()
    };
    let acts = of_role(Role::Acts);
    let name = |unit: Option<&Unit>| {
        unit.map(|unit| match unit.uri() {
            Some(uri) => format!("{} {uri}", unit.name()),
            None => unit.name(),
        })
        .unwrap_or_default()
    };
    let told = |weight, one: (usize, usize), next: (usize, usize)| {
        let said = format!("{} before {}", name(expected.get(one.0)), name(expected.get(next.0)));
        let now = format!("{} before {}", name(got.get(next.1)), name(got.get(one.1)));
        Difference { command: "SyncBody".to_owned(), ..of_field(weight, "order", Some(&said), Some(&now)) }
    };
    let mut differences: Vec<_> =
        swaps(&acts).map(|[one, next]| told(Weight::DifferentMeaning, one, next)).collect();
    // What reads sees what was done before it, and nothing else.
    let mut by_place: Vec<_> = acts.iter().map(|(_, other)| *other).collect();
    by_place.sort_unstable();
    for read in of_role(Role::Reads) {
        let before = acts.partition_point(|act| act.0 < read.0);
        let now = by_place.partition_point(|act| *act < read.1);
        let (first, act) = match before.cmp(&now) {
            Ordering::Equal => continue,
            Ordering::Less => (read, acts.get(before)),
            Ordering::Greater => (acts.get(before - 1).copied().unwrap_or(read), Some(&read)),
        };
        if let Some(act) = act {
            differences.push(told(Weight::DifferentMeaning, first, *act));
        }
    }
    if differences.is_empty() {
        differences.extend(swaps(pairs).map(|[one, next]| told(Weight::OrderOnly, one, next)));
    }
    differences
}

/// Neighbours of which the second now stands before the first.
fn swaps(pairs: &[(usize, usize)]) -> impl Iterator<Item = [(usize, usize); 2]> {
    pairs.windows(2).filter_map(|two| match two {
        [one, next] if one.1 > next.1 => Some([*one, *next]),
        _ => None,
    })
}
