//! Findings as one JSON document.

use serde_json::json;
use syncml::judge::Side;

use super::Linted;

/// The files in order, with the findings of each.
pub(crate) fn json(linted: &[Linted]) -> String {
    let files = linted.iter().map(|one| {
        let findings = one.findings.iter().map(|finding| {
            let region = one.region(finding);
            json!({
                "rule": finding.rule.id,
                "severity": finding.rule.severity.name(),
                "line": region.start.0,
                "column": region.start.1,
                "end_line": region.end.0,
                "end_column": region.end.1,
                "text": finding.text,
                "what": finding.rule.what,
                "remedy": finding.rule.remedy,
                "source": finding.rule.source,
            })
        });
        let from = one.side.map(|side| match side {
            Side::Device => "device",
            Side::Server => "server",
        });
        json!({ "file": one.path, "from": from, "findings": findings.collect::<Vec<_>>() })
    });
    format!("{:#}\n", json!({ "files": files.collect::<Vec<_>>() }))
}
