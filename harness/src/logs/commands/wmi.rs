//! What `Get-WmiObject … | Format-Table` shows of a ConfigMgr client: `CCM_UpdateCIAssignment` and `CCM_UpdateStatus`.
//!
//! Columns are as wide as what stands in them: nothing is cut off.

use csp_model::Device;

use super::super::ccm;
use super::super::draw::{Braced, Plain};

/// The deployments in the client's policy: `AssignmentID`, `AssignmentName`, by name.
pub(super) fn assignments(device: &Device) -> String {
    let own = device.client_policy().into_iter().flat_map(|policy| policy.own_deployments());
    let mut rows: Vec<_> = own
        .map(|deployment| {
            let id = Braced(Some(deployment.assignment_id())).to_string();
            [id, Plain(&deployment.name).to_string()]
        })
        .collect();
    rows.sort_by(|one, other| one[1].cmp(&other[1]));
    table(["AssignmentID", "AssignmentName"], &rows)
}

/// What the client has verdicts on: `UniqueId`, `Title`, `Status`.
pub(super) fn status(device: &Device) -> String {
    let rows: Vec<_> = ccm::verdicts(device)
        .map(|(entry, is_installed)| {
            let status = if is_installed { "Installed" } else { "Missing" };
            [entry.id.to_string(), Plain(&entry.title).to_string(), status.to_owned()]
        })
        .collect();
    table(["UniqueId", "Title", "Status"], &rows)
}

/// A table as `Format-Table` prints it. Of nothing there is its head, where PowerShell prints nothing at all: a file that is
/// empty would not say what it is about.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = head.map(width);
    for row in rows {
        for (most, cell) in widths.iter_mut().zip(row) {
            *most = (*most).max(width(cell));
        }
    }
    let line = |cells: [&str; N]| {
        let cells: String = cells
            .iter()
            .zip(widths)
            .map(|(cell, most)| format!("{cell}{:1$} ", "", most - width(cell)))
            .collect();
        format!("{}\r\n", cells.trim_end())
    };
    let rules = head.map(|name| "-".repeat(name.len()));
    let mut text = String::from("\r\n");
    text.push_str(&line(head));
    text.push_str(&line(rules.each_ref().map(String::as_str)));
    for row in rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
    }
    text.push_str("\r\n\r\n");
    text
}

/// How many columns of a console a text takes: characters of East Asia take two.
fn width(text: &str) -> usize {
    text.chars().map(|symbol| if symbol >= '\u{2e80}' { 2 } else { 1 }).sum()
}
