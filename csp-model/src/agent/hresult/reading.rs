//! Error codes as people and logs write them.
//!
//! `ReportingEvents.log` writes hexadecimal digits alone, \[MS-WUSP\] and WMI a signed decimal number, ConfigMgr's logs
//! now and then the number that `WinHTTP` itself gives. What can be read in more ways than one is read in all; what is known
//! comes first. Deliberately absent: codes within lines of a log.

use super::{Entry, Family, HResult};

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A number, in every way in which it can be read: there is at least one, and the likeliest is the first.
    Number(Vec<Reading>),
    /// A symbol, or a part of one: all that have it, in the order of their codes. None, where it only looks like one.
    Symbol(Vec<&'static Entry>),
    /// Something that an article has wrong.
    Misspelled(&'static Misspelling),
}

/// One way to read a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What it is then.
    pub hresult: HResult,
    /// The way.
    pub notation: Notation,
}

/// How an error code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// `0x80244022`
    Hexadecimal,
    /// `80244022`
    Digits,
    /// `-2145107934`, `2149859362`
    Decimal,
    /// `12029`: a Win32 error, `WinHTTP`'s among them, before it became an HRESULT.
    Raw,
    /// `0x2efd` or `2efd`: the same in hexadecimal.
    RawHexadecimal,
}

impl Notation {
    /// Whether the digits are taken as decimal ones.
    #[must_use]
    pub const fn is_decimal(self) -> bool {
        match self {
            Self::Decimal | Self::Raw => true,
            Self::Hexadecimal | Self::Digits | Self::RawHexadecimal => false,
        }
    }

    /// Whether it is an error before it became an HRESULT.
    #[must_use]
    pub const fn is_raw(self) -> bool {
        match self {
            Self::Raw | Self::RawHexadecimal => true,
            Self::Hexadecimal | Self::Digits | Self::Decimal => false,
        }
    }
}

/// A code or symbol that an article has wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Misspelling {
    /// What is written.
    pub written: &'static str,
    /// What is meant.
    pub meant: HResult,
    /// What is wrong with it.
    pub why: &'static str,
}

/// A text that is no error code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no error code: expected one such as 0x80244022, 80244022, -2145107934 or 2149859362, a Win32 or WinHTTP \
     error such as 12029, or a symbol or a part of one, such as WU_E_PT_HTTP"
)]
pub struct NotACode(String);

/// Reads an error code as people and logs write it; a full stop, comma or the like behind it does not count.
///
/// # Errors
/// When it is no number of 32 bits and no part of a symbol.
pub fn read(text: &str) -> Result<Written, NotACode> {
    let written = text.trim().trim_end_matches(['.', ',', ';', ':']);
    if let Some(known) = MISSPELLINGS.iter().find(|known| known.written.eq_ignore_ascii_case(written)) {
        return Ok(Written::Misspelled(known));
    }
    let readings = readings(written);
    if !readings.is_empty() {
        return Ok(Written::Number(readings));
    }
    let is_name = written.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
    // A name begins with a letter: `0xZZ` is none.
    let is_name = is_name && written.starts_with(|first: char| first.is_ascii_alphabetic());
    if !is_name {
        return Err(NotACode(text.to_owned()));
    }
    let found = match HResult::named(written) {
        Some(exact) => exact.known().iter().filter(|entry| is_called(entry, written)).collect(),
        None => HResult::matching(written),
    };
    if found.is_empty() && !written.contains('_') {
        return Err(NotACode(text.to_owned()));
    }
    Ok(Written::Symbol(found))
}

/// What articles have wrong. The ConfigMgr articles of 2025-03-25 lost a digit and have no such symbol; the guide to scan
/// failures spells one out that `wuerror.h` cuts off.
static MISSPELLINGS: [Misspelling; 4] = [
    Misspelling { written: "0x800704c", meant: CANCELLED, why: LOST_DIGIT },
    Misspelling { written: "800704c", meant: CANCELLED, why: LOST_DIGIT },
    Misspelling {
        written: "E_CANCELLED",
        meant: CANCELLED,
        why: "no header file has this symbol, but articles use it; ERROR_CANCELLED is meant",
    },
    Misspelling {
        written: "WU_E_PT_HTTP_STATUS_SERVICE_UNAVAILABLE",
        meant: HResult::from_bits(0x8024_4022),
        why: "the guide to scan failures spells it out; in wuerror.h it ends with UNAVAIL",
    },
];

const CANCELLED: HResult = HResult::from_bits(0x8007_04c7);
const LOST_DIGIT: &str = "the articles that have this lost the last digit; 0x800704C7 is meant";

/// In every way in which a number can be read, the likeliest first; nothing where it is none.
fn readings(written: &str) -> Vec<Reading> {
    let reading = |bits, notation| Reading { hresult: HResult::from_bits(bits), notation };
    let raw = |number: u32, notation| {
        let is_win32 = (1..=0xffff).contains(&number);
        is_win32.then(|| reading(0x8007_0000 | number, notation))
    };
    if let Some(digits) = strip_prefix(written) {
        let Some(bits) = hexadecimal(digits) else { return Vec::new() };
        return ranked([Some(reading(bits, Notation::Hexadecimal)), raw(bits, Notation::RawHexadecimal)]);
    }
    if written.starts_with('-') {
        let code = written.parse().ok().map(HResult);
        return code.map(|hresult| Reading { hresult, notation: Notation::Decimal }).into_iter().collect();
    }
    let has_digit = written.bytes().any(|digit| digit.is_ascii_digit());
    // Letters alone are rather a part of a symbol, unless there are as many as a code has digits.
    let bits = if has_digit || written.len() == 8 { hexadecimal(written) } else { None };
    let hexadecimal = bits.map(|bits| reading(bits, Notation::Digits));
    let raw_hexadecimal = bits.and_then(|bits| raw(bits, Notation::RawHexadecimal));
    let is_decimal = written.bytes().all(|digit| digit.is_ascii_digit());
    let number = if is_decimal { written.parse().ok() } else { None };
    let decimal = number.map(|number| reading(number, Notation::Decimal));
    let raw_decimal = number.and_then(|number| raw(number, Notation::Raw));
    if is_as_in_reports(written) {
        ranked([hexadecimal, decimal])
    } else {
        ranked([raw_decimal, decimal, hexadecimal, raw_hexadecimal])
    }
}

/// What is known comes first; what comes to the same is there once.
fn ranked<const N: usize>(readings: [Option<Reading>; N]) -> Vec<Reading> {
    let mut ranked: Vec<Reading> = Vec::new();
    for reading in readings.into_iter().flatten() {
        if ranked.iter().all(|other| other.hresult != reading.hresult) {
            ranked.push(reading);
        }
    }
    ranked.sort_by_key(|reading| reading.hresult.known().is_empty());
    ranked
}

/// Whether the digits are those of a failure, or of a success of the Windows Update agent, whose zeros are left out.
fn is_as_in_reports(digits: &str) -> bool {
    digits.len() == 8 || (digits.len() == 6 && digits.starts_with("24"))
}

fn strip_prefix(written: &str) -> Option<&str> {
    written.strip_prefix("0x").or_else(|| written.strip_prefix("0X"))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    // `from_str_radix` would take a sign.
    let all_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if all_digits { u32::from_str_radix(digits, 16).ok() } else { None }
}

fn is_called(entry: &Entry, symbol: &str) -> bool {
    entry.symbol.is_some_and(|name| name.eq_ignore_ascii_case(symbol))
}

impl std::fmt::Display for Reading {
    /// How it is read, in words that go on from `it is read as`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_winhttp = matches!(self.hresult.family(), Family::WinHttp { .. });
        let of = if is_winhttp { "a WinHTTP error" } else { "a Win32 error" };
        match self.notation {
            Notation::Hexadecimal | Notation::Digits => f.write_str("hexadecimal"),
            Notation::Decimal => f.write_str("a decimal number"),
            Notation::Raw => f.write_str(of),
            Notation::RawHexadecimal => write!(f, "{of} in hexadecimal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The readings of a number, each as its code and its words.
    fn number(text: &str) -> Vec<(String, String)> {
        match read(text) {
            Ok(Written::Number(readings)) => {
                readings.iter().map(|reading| (reading.hresult.to_string(), reading.to_string())).collect()
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn one_code_in_every_form() {
        for text in ["0x80244022", "80244022", "-2145107934", "2149859362", "0X80244022", " 0x80244022. "] {
            assert_eq!(number(text)[0].0, "0x80244022", "{text}");
        }
        assert_eq!(number("240005")[0], ("0x00240005".into(), "hexadecimal".into()));
        assert_eq!(number("800f081f")[0].0, "0x800F081F");
    }

    #[test]
    fn raw_errors_become_hresults() {
        let cannot_connect = |words: &str| ("0x80072EFD".to_owned(), words.to_owned());
        assert_eq!(number("12029")[0], cannot_connect("a WinHTTP error"));
        assert_eq!(number("0x2efd")[0], cannot_connect("a WinHTTP error in hexadecimal"));
        assert_eq!(number("2EFD")[0], cannot_connect("a WinHTTP error in hexadecimal"));
        assert_eq!(number("1223")[0], ("0x800704C7".into(), "a Win32 error".into()));
        assert_eq!(number("0")[0], ("0x00000000".into(), "a decimal number".into()));
        assert_eq!(number("1")[0].0, "0x00000001", "S_FALSE is known");
    }

    #[test]
    fn what_can_be_read_in_several_ways_is() {
        let words = |text: &str| number(text).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        assert_eq!(words("80244022"), ["hexadecimal", "a decimal number"]);
        assert_eq!(words("80249999"), ["hexadecimal", "a decimal number"]);
        assert_eq!(words("0x80249999"), ["hexadecimal"]);
        assert_eq!(words("2149859362"), ["a decimal number"]);
        assert_eq!(words("12345")[0], "a Win32 error", "nothing is known in any reading");
    }

    #[test]
    fn symbols_and_their_parts() {
        let found = |text: &str| match read(text) {
            Ok(Written::Symbol(entries)) => entries.len(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(found("WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL"), 1);
        assert_eq!(found("wu_e_pt_http"), 16);
        assert_eq!(found("WININET_E_TIMEOUT"), 1, "the other symbol of the code is not meant");
        assert_eq!(found("WU_E_NOPE"), 0);
        assert!(found("BAD") > 1, "letters alone are no number");
    }

    #[test]
    fn articles_have_it_wrong() {
        for text in ["0x800704c", "0x800704C", "800704c", "e_cancelled"] {
            let Ok(Written::Misspelled(known)) = read(text) else { panic!("{text}") };
            assert_eq!(known.meant.symbol(), Some("ERROR_CANCELLED"));
        }
        for known in &MISSPELLINGS {
            assert_ne!(known.meant.known(), []);
            assert_eq!(HResult::named(known.written), None);
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        for text in
            ["", "banana", "0x", "0xZZ", "0x123456789", "99999999999", "-1-", "-9999999999", "no such", "_"]
        {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }
}
