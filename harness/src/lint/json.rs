//! Findings as one JSON document.

use serde_json::json;
use syncml::codec::Encoding;
use syncml::judge::Side;

use super::{Linted, Region};

/// The files in order, with the findings of each.
pub(crate) fn json(linted: &[Linted]) -> String {
    let files = linted.iter().map(|one| {
        let findings = one.findings.iter().map(|finding| {
            let mut told = json!({
                "rule": finding.rule.id,
                "severity": finding.rule.severity.name(),
                "text": finding.text,
                "what": finding.rule.what,
                "remedy": finding.rule.remedy,
                "source": finding.rule.source,
            });
            match one.region(finding) {
                Region::Lines { start: (line, column), end: (end_line, end_column) } => {
                    told["line"] = line.into();
                    told["column"] = column.into();
                    told["end_line"] = end_line.into();
                    told["end_column"] = end_column.into();
                }
                Region::Byte(offset) => told["offset"] = offset.into(),
            }
            told
        });
        let encoding = match one.encoding {
            Encoding::Xml => "xml",
            Encoding::Wbxml => "wbxml",
        };
        let from = one.side.map(|side| match side {
            Side::Device => "device",
            Side::Server => "server",
        });
        json!({ "file": one.path, "encoding": encoding, "from": from, "findings": findings.collect::<Vec<_>>() })
    });
    format!("{:#}\n", json!({ "files": files.collect::<Vec<_>>() }))
}
