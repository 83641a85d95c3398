//! Nonces: numbers used once.

/// A sequence of nonces of 16 bytes. The same seed gives the same sequence: whoever wants nonces that nobody can
/// foresee gives a seed that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonces {
    state: u64,
}

impl Nonces {
    /// The sequence that `seed` gives.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// `SplitMix64`: every state comes once in 2^64 steps.
    const fn step(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next nonce.
    pub fn draw(&mut self) -> Vec<u8> {
        [self.step(), self.step()].into_iter().flat_map(u64::to_be_bytes).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_gives_one_sequence_without_repetition() {
        let draw = |seed| {
            let mut nonces = Nonces::new(seed);
            (0..1_000).map(|_| nonces.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        let all: BTreeSet<_> = [draw(7), draw(0x1234_5678)].concat().into_iter().collect();
        assert_eq!(all.len(), 2_000);
        assert!(all.iter().all(|nonce| nonce.len() == 16));
    }
}
