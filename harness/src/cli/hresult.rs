//! `cspsim hresult`: what an error code means, and what helps.

use std::fmt::Write as _;

use clap::Args;
use csp_model::agent::HResult;
use csp_model::agent::hresult::{Entry, Family, Reading, Written, read};
use serde_json::{Value, json};

use crate::Failure;
use crate::output::Output;

/// Explain error codes: what they mean, whose they are, and what helps
///
/// CODE is one as logs and programs write it: hexadecimal with `0x` or without, decimal with a sign or without, the plain
/// number of a Win32 error, or a symbol. A part of a symbol lists all that have it. What can be read in two ways is read as
/// the code that is known.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim hresult 0x80244022
  cspsim hresult 80244022 240005           as ReportingEvents.log has them
  cspsim hresult -2145107934               as the Update CSP and WMI have it
  cspsim hresult 12029                     an error of WinHTTP, from a log of ConfigMgr's
  cspsim hresult WU_E_PT_HTTP              every code with that in its symbol
  cspsim hresult 0x80072EE2 --json

Exit codes: 0 done, 1 nothing is known of a CODE, 2 a CODE is none.")]
pub(super) struct Hresult {
    /// The codes
    #[arg(required = true, value_name = "CODE", allow_negative_numbers = true)]
    codes: Vec<String>,
    /// Print JSON: every CODE with the HRESULTs that it stands for, and what is known of them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    output: Output,
}

impl Hresult {
    pub(super) fn run(self) -> Result<(), Failure> {
        let explained =
            self.codes.iter().map(|asked| Explained::new(asked)).collect::<Result<Vec<_>, _>>()?;
        let text = if self.json { as_json(&explained) } else { as_text(&explained) };
        self.output.write(text.as_bytes())?;
        let unknown: Vec<_> = explained.iter().filter_map(Explained::unknown).collect();
        if unknown.is_empty() { Ok(()) } else { Err(Failure::Check(unknown.join("; "))) }
    }
}

/// What somebody asked for, and what it stands for.
struct Explained<'a> {
    asked: &'a str,
    /// How it was read, where that is not plain.
    notes: Vec<String>,
    /// The codes, each with what is known of it, or with what of that was asked for.
    codes: Vec<(HResult, Vec<&'static Entry>)>,
}

impl<'a> Explained<'a> {
    fn new(asked: &'a str) -> Result<Self, Failure> {
        let all = |code: HResult| vec![(code, code.known().iter().collect())];
        let (notes, codes) = match read(asked).map_err(|error| Failure::Usage(error.to_string()))? {
            Written::Number(readings) => {
                let code = readings.first().map(|reading| reading.hresult).unwrap_or_default();
                (notes(asked, &readings), all(code))
            }
            Written::Misspelled(known) => (vec![format!("`{asked}`: {}", known.why)], all(known.meant)),
            Written::Symbol(entries) => {
                let of_each = entries.chunk_by(|a, b| a.hresult == b.hresult);
                let codes: Vec<_> =
                    of_each.filter_map(|of| of.first().map(|first| (first.hresult, of.to_vec()))).collect();
                // One code alone is explained in full.
                let one = if let [(code, _)] = codes.as_slice() { Some(all(*code)) } else { None };
                (Vec::new(), one.unwrap_or(codes))
            }
        };
        Ok(Self { asked, notes, codes })
    }

    /// What is said at the end when nothing is known of it.
    fn unknown(&self) -> Option<String> {
        match self.codes.as_slice() {
            [] => Some(format!("no code that is known has `{}` in its symbol", self.asked)),
            [(code, entries)] if entries.is_empty() => Some(format!("nothing is known of {code}")),
            _ => None,
        }
    }
}

fn notes(asked: &str, readings: &[Reading]) -> Vec<String> {
    let Some((chosen, others)) = readings.split_first() else { return Vec::new() };
    let is_decimal = chosen.notation.is_decimal();
    let other = others.iter().find(|other| other.notation.is_decimal() != is_decimal);
    let mut notes = Vec::new();
    if chosen.notation.is_raw() || other.is_some() {
        let whose = if chosen.notation.is_raw() { ", of which this is the HRESULT" } else { "" };
        let mut note = format!("`{asked}` is read as {chosen}{whose}");
        if let Some(other) = other {
            let _ = write!(note, "; as {other} it is {}, {}", other.hresult, in_short(other.hresult));
        }
        notes.push(note);
    }
    let digits = asked.trim_start_matches("0x").trim_start_matches("0X");
    let is_short = digits.len() == 7 && digits.starts_with('8');
    if is_short && chosen.hresult.known().is_empty() {
        notes.push(format!("the codes of failures have eight digits, and `{asked}` has seven: is one lost?"));
    }
    notes
}

fn in_short(code: HResult) -> &'static str {
    let meaning = || code.known().first().map(|entry| entry.meaning);
    code.symbol().or_else(meaning).unwrap_or("of which nothing is known")
}

fn as_text(explained: &[Explained<'_>]) -> String {
    let mut texts = Vec::new();
    for one in explained {
        match one.codes.as_slice() {
            [] => {}
            [(code, entries)] => texts.push(in_full(*code, entries, &one.notes)),
            several => texts.push(listed(several)),
        }
    }
    texts.join("\n")
}

fn in_full(code: HResult, entries: &[&Entry], notes: &[String]) -> String {
    let mut text = format!("{code}\n");
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<9} {value}");
    };
    for note in notes {
        line("note", note);
    }
    for entry in entries {
        line("symbol", &entry.symbol.unwrap_or("none is published"));
        line("category", &entry.category);
        line("meaning", &entry.meaning);
    }
    if entries.is_empty() {
        line("category", &format_args!("{}, as far as the number tells", code.category()));
    }
    if let Some(remedy) = code.remedy() {
        line("remedy", &remedy.remedy);
        line("source", &remedy.source);
    }
    if code.is_failure() {
        line("decimal", &format_args!("{}, unsigned {}", code.0, code.bits()));
    } else {
        line("decimal", &code.0);
    }
    let severity = if code.is_failure() { "failure" } else { "success" };
    let number = format_args!("{severity}, facility {}, code 0x{:04X}", code.facility(), code.code());
    match code.family() {
        Family::Success => line("number", &number),
        family => line("number", &format_args!("{number}: {family}")),
    }
    text
}

fn listed(codes: &[(HResult, Vec<&Entry>)]) -> String {
    let entries = || codes.iter().flat_map(|(_, entries)| entries);
    let symbol = |entry: &Entry| entry.symbol.unwrap_or_default();
    let symbols = entries().map(|entry| symbol(entry).len()).max().unwrap_or_default();
    let categories = entries().map(|entry| entry.category.name().len()).max().unwrap_or_default();
    let mut text = String::new();
    for entry in entries() {
        let Entry { hresult, category, meaning, .. } = entry;
        let _ = writeln!(text, "{hresult}  {:symbols$}  {category:categories$}  {meaning}", symbol(entry));
    }
    text
}

fn as_json(explained: &[Explained<'_>]) -> String {
    let all = explained.iter().map(|one| {
        let hresults = one.codes.iter().map(|(code, entries)| hresult(*code, entries));
        json!({ "asked": one.asked, "notes": one.notes, "hresults": hresults.collect::<Vec<_>>() })
    });
    format!("{:#}\n", json!({ "codes": all.collect::<Vec<_>>() }))
}

fn hresult(code: HResult, entries: &[&Entry]) -> Value {
    let known = entries.iter().map(|entry| {
        json!({ "symbol": entry.symbol, "category": entry.category.name(), "meaning": entry.meaning })
    });
    let remedy = code.remedy().map(|remedy| json!({ "text": remedy.remedy, "source": remedy.source }));
    json!({
        "hresult": code,
        "signed": code.0,
        "unsigned": code.bits(),
        "failure": code.is_failure(),
        "facility": code.facility(),
        "code": code.code(),
        "family": code.family().to_string(),
        "category": code.category().name(),
        "known": known.collect::<Vec<_>>(),
        "remedy": remedy,
    })
}
