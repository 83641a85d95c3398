//! Findings as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), which code-scanning pages read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use syncml::judge::{Rule, rules};

use super::{Linted, Region};

/// What a path keeps as it is in a URI (RFC 3986).
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// The log: one run with every rule, and the findings by the number of theirs.
pub(crate) fn sarif(linted: &[Linted]) -> String {
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cspsim",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules::all().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": linted.iter().flat_map(results).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.what },
        "fullDescription": { "text": format!("{} ({})", rule.what, rule.source) },
        "help": { "text": rule.remedy },
        "defaultConfiguration": { "level": rule.severity.name() },
    })
}

fn results(one: &Linted) -> impl Iterator<Item = Value> {
    // Of a path on Windows too.
    let uri = utf8_percent_encode(&one.path.replace('\\', "/"), PATH).to_string();
    one.findings.iter().map(move |finding| {
        let region = match one.region(finding) {
            Region::Lines { start, end } => json!({
                "startLine": start.0,
                "startColumn": start.1,
                "endLine": end.0,
                "endColumn": end.1,
            }),
            Region::Byte(offset) => json!({ "byteOffset": offset }),
        };
        json!({
            "ruleId": finding.rule.id,
            "ruleIndex": rules::all().position(|rule| rule == finding.rule),
            "level": finding.rule.severity.name(),
            "message": { "text": finding.text },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri },
                "region": region,
            } }],
        })
    })
}
