//! What is known of error codes: `data/hresults.tsv`, and what helps: `data/remedies.tsv`.
//!
//! One number can have several symbols, and some have none that is published. `data/README.md` says where codes and symbols
//! are from; the sentences are this project's.

use std::sync::LazyLock;

use super::{Category, HResult};

/// A code under one of its symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub hresult: HResult,
    /// Its name in the header files; `None` where none is published.
    pub symbol: Option<&'static str>,
    /// What it is about.
    pub category: Category,
    /// What it means.
    pub meaning: &'static str,
}

/// What helps against an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// The error.
    pub hresult: HResult,
    /// What helps.
    pub remedy: &'static str,
    /// Who says so.
    pub source: &'static str,
}

impl HResult {
    /// All that is known, in the order of codes and, within a code, of symbols.
    pub fn entries() -> impl Iterator<Item = &'static Entry> {
        ENTRIES.iter()
    }

    /// All that is known of this one: nothing, or an entry for each symbol.
    #[must_use]
    pub fn known(self) -> &'static [Entry] {
        let from = ENTRIES.partition_point(|entry| entry.hresult.bits() < self.bits());
        let rest = ENTRIES.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|entry| entry.hresult == self)).unwrap_or_default()
    }

    /// Its symbol, or the first of several.
    #[must_use]
    pub fn symbol(self) -> Option<&'static str> {
        self.known().iter().find_map(|entry| entry.symbol)
    }

    /// What it is about; where nothing is known of it, what its family is about.
    #[must_use]
    pub fn category(self) -> Category {
        self.known().first().map_or_else(|| self.family().category(), |entry| entry.category)
    }

    /// What helps, where that is documented.
    #[must_use]
    pub fn remedy(self) -> Option<&'static Remedy> {
        let place = REMEDIES.binary_search_by_key(&self.bits(), |remedy| remedy.hresult.bits());
        place.ok().and_then(|place| REMEDIES.get(place))
    }

    /// The code with that symbol, in letters of any case.
    #[must_use]
    pub fn named(symbol: &str) -> Option<Self> {
        let is_it = |entry: &&Entry| entry.symbol.is_some_and(|name| name.eq_ignore_ascii_case(symbol));
        Self::entries().find(is_it).map(|entry| entry.hresult)
    }

    /// What has `part` in its symbol, in letters of any case.
    #[must_use]
    pub fn matching(part: &str) -> Vec<&'static Entry> {
        let part = part.to_ascii_uppercase();
        Self::entries().filter(|entry| entry.symbol.is_some_and(|symbol| symbol.contains(&part))).collect()
    }
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| lines(CODES).filter_map(entry).collect());
static REMEDIES: LazyLock<Vec<Remedy>> = LazyLock::new(|| lines(REMEDY).filter_map(remedy).collect());

const CODES: &str = include_str!("../../../data/hresults.tsv");
const REMEDY: &str = include_str!("../../../data/remedies.tsv");

/// What the columns hold, below the line that names them.
fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().skip(1)
}

/// Files of this crate have no other lines: a test sees to it.
fn entry(line: &'static str) -> Option<Entry> {
    let [code, symbol, category, meaning] = columns(line)?;
    let category = Category::ALL.into_iter().find(|known| known.name() == category)?;
    let symbol = (symbol != NONE).then_some(symbol);
    Some(Entry { hresult: code.parse().ok()?, symbol, category, meaning })
}

fn remedy(line: &'static str) -> Option<Remedy> {
    let [code, remedy, source] = columns(line)?;
    Some(Remedy { hresult: code.parse().ok()?, remedy, source })
}

/// What stands where there is no symbol.
const NONE: &str = "-";

fn columns<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    line.split('\t').collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::FaultKind;

    #[test]
    fn every_line_is_whole_and_in_its_place() {
        assert!(CODES.starts_with("code\tsymbol\tcategory\tmeaning\n"));
        assert!(REMEDY.starts_with("code\tremedy\tsource\n"));
        assert_eq!(lines(CODES).count(), ENTRIES.len());
        assert_eq!(lines(REMEDY).count(), REMEDIES.len());
        assert!(ENTRIES.is_sorted_by(|a, b| (a.hresult.bits(), a.symbol) < (b.hresult.bits(), b.symbol)));
        assert!(REMEDIES.is_sorted_by(|a, b| a.hresult.bits() < b.hresult.bits()));
        for (line, code) in lines(CODES)
            .zip(ENTRIES.iter().map(|entry| entry.hresult))
            .chain(lines(REMEDY).zip(REMEDIES.iter().map(|remedy| remedy.hresult)))
        {
            assert!(line.starts_with(&format!("{code}\t")), "{line}");
            assert!(line.chars().all(|letter| letter == '\t' || (' '..='~').contains(&letter)), "{line}");
            assert!(line.split('\t').all(|text| !text.is_empty() && text.trim() == text), "{line}");
            assert!(!line.ends_with('.'), "{line}");
        }
    }

    #[test]
    fn symbols_are_names_of_one_code() {
        let mut symbols: Vec<_> = ENTRIES.iter().filter_map(|entry| entry.symbol).collect();
        for symbol in &symbols {
            let is_of_a_name = |letter: u8| matches!(letter, b'A'..=b'Z' | b'0'..=b'9' | b'_');
            assert!(symbol.bytes().all(is_of_a_name), "{symbol}");
        }
        symbols.sort_unstable();
        assert!(symbols.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn much_is_known_of_every_category() {
        let codes = ENTRIES.chunk_by(|a, b| a.hresult == b.hresult).count();
        assert!(codes > 850, "{codes}");
        for category in Category::ALL {
            assert!(HResult::entries().any(|entry| entry.category == category), "{category}");
        }
        for remedy in &*REMEDIES {
            assert_ne!(remedy.hresult.known(), [], "{}", remedy.hresult);
        }
    }

    #[test]
    fn successes_are_no_failures() {
        for entry in HResult::entries().filter(|entry| !entry.hresult.is_failure()) {
            let category = entry.category;
            assert!(matches!(category, Category::Success | Category::Reboot), "{}", entry.hresult);
        }
    }

    #[test]
    fn faults_give_codes_that_are_known() {
        for code in FaultKind::ALL.into_iter().filter_map(FaultKind::hresult) {
            assert_ne!(code.known(), [], "{code}");
            assert!(code.is_failure(), "{code}");
        }
    }

    #[test]
    fn a_number_can_have_several_symbols_or_none() {
        let symbols = |bits| HResult::from_bits(bits).known().iter().map(|entry| entry.symbol);
        let timeout: Vec<_> = symbols(0x8007_2ee2).collect();
        assert_eq!(timeout, [Some("ERROR_WINHTTP_TIMEOUT"), Some("WININET_E_TIMEOUT")]);
        assert_eq!(symbols(0x87d0_0692).collect::<Vec<_>>(), [None]);
        assert_eq!(symbols(0x800f_0838).count(), 0);
        let unknown = HResult::from_bits(0x800f_0838);
        assert_eq!((unknown.symbol(), unknown.category()), (None, Category::Servicing));
    }

    #[test]
    fn symbols_are_found_in_any_case() {
        assert_eq!(HResult::named("wu_e_pt_soap_server"), Some(HResult::from_bits(0x8024_400e)));
        assert_eq!(HResult::named("WU_E_PT_SOAP"), None);
        assert_eq!(HResult::matching("wu_e_pt_http_status_").len(), 16);
        assert_eq!(HResult::NOT_FOUND.symbol(), Some("ERROR_NOT_FOUND"));
        let remedy = HResult::from_bits(0x8024_4022).remedy().unwrap();
        assert!(remedy.source.contains("Windows Update common errors"), "{remedy:?}");
    }
}
