//! What is different between two states of a part, entry by entry.

use std::cmp::Ordering;

/// The entries of `after` that `before` does not have like that, and the keys that are gone, which have no value.
/// Both come sorted by key.
pub(super) fn differences<K: Ord, V: PartialEq>(
    before: impl IntoIterator<Item = (K, V)>,
    after: impl IntoIterator<Item = (K, V)>,
) -> impl Iterator<Item = (K, Option<V>)> {
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    std::iter::from_fn(move || {
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((then, _)), Some((now, _))) => then.cmp(now),
            };
            match order {
                Ordering::Less => return before.next().map(|(key, _)| (key, None)),
                Ordering::Greater => return after.next().map(|(key, value)| (key, Some(value))),
                Ordering::Equal => {
                    let (then, now) = (before.next(), after.next());
                    if then != now {
                        return now.map(|(key, value)| (key, Some(value)));
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_make_the_one_from_the_other(
            before: BTreeMap<u8, u8>,
            after: BTreeMap<u8, u8>,
        ) {
            let mut made = before.clone();
            let mut last = None;
            for (key, value) in differences(&before, &after) {
                prop_assert!(last < Some(key), "in order, and each once");
                last = Some(key);
                prop_assert_ne!(before.get(key), value);
                match value {
                    Some(value) => drop(made.insert(*key, *value)),
                    None => drop(made.remove(key)),
                }
            }
            prop_assert_eq!(made, after);
        }
    }
}
