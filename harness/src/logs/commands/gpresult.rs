//! `gpresult /H`: the part of the report that says which update server holds, and whose Group Policy has set it.
//!
//! Deliberately absent: every other policy, and the report's styles and scripts.

use csp_model::Device;
use csp_model::device::Scalar;

use super::super::draw::Plain;
use super::super::{Language, POLICY_KEY};

/// The words of a report.
struct Words {
    title: &'static str,
    path: [&'static str; 2],
    columns: [&'static str; 3],
    policy: &'static str,
    states: [&'static str; 2],
    servers: [&'static str; 3],
    local: &'static str,
    nothing: &'static str,
}

const ENGLISH: Words = Words {
    title: "Group Policy Results",
    path: ["Windows Components/Windows Update", "Manage updates offered from Windows Server Update Service"],
    columns: ["Policy", "Setting", "Winning GPO"],
    policy: "Specify intranet Microsoft update service location",
    states: ["Enabled", "Disabled"],
    servers: [
        "Set the intranet update service for detecting updates:",
        "Set the intranet statistics server:",
        "Set the alternate download server:",
    ],
    local: "Local Group Policy",
    nothing: "No settings defined.",
};

const JAPANESE: Words = Words {
    title: "グループ ポリシーの結果",
    path: [
        "Windows コンポーネント/Windows Update",
        "Windows Server Update Service から提供される更新プログラムの管理",
    ],
    columns: ["ポリシー", "設定", "優勢な GPO"],
    policy: "イントラネットの Microsoft 更新サービスの場所を指定する",
    states: ["有効", "無効"],
    servers: [
        "更新を検出するためのイントラネットの更新サービスを設定する:",
        "イントラネット統計サーバーを設定する:",
        "代替ダウンロード サーバーを設定する:",
    ],
    local: "ローカル グループ ポリシー",
    nothing: "設定が定義されていません。",
};

/// The object of a domain that holds its policies unless there is another one.
const DOMAIN: &str = "Default Domain Policy";

pub(super) fn page(device: &Device, language: Language) -> String {
    let (words, tag) = match language {
        Language::English => (ENGLISH, "en"),
        Language::Japanese => (JAPANESE, "ja"),
    };
    let body = match setting(device, &words) {
        Some(rows) => rows,
        None => format!("<p>{}</p>", words.nothing),
    };
    format!(
        "<!DOCTYPE html>\r\n<html dir=\"ltr\" lang=\"{tag}\">\r\n<head>\r\n\
         <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-16\" />\r\n\
         <title>{name}</title>\r\n</head>\r\n<body>\r\n<h1>{}</h1>\r\n<h2>{name}</h2>\r\n{body}\r\n</body>\r\n</html>\r\n",
        words.title,
        name = escaped(device.name()),
    )
}

/// The policy, if anybody has set it.
fn setting(device: &Device, words: &Words) -> Option<String> {
    const WINDOWS_11: u32 = 22_000;
    let value = |name| device.registry().get(POLICY_KEY, name).map(|value| value.text().into_owned());
    let server = value("WUServer").filter(|server| !server.trim().is_empty());
    let used = device.registry().get(&format!("{POLICY_KEY}\\AU"), "UseWUServer").and_then(Scalar::int);
    let is_enabled = server.is_some() && used == Some(1);
    // A policy that is disabled has no servers, only a switch that is off.
    if !is_enabled && used != Some(0) {
        return None;
    }
    // On a client, the local policy is the client's; what else sets a server is a domain.
    let own = device.site().configmgr.as_ref().filter(|own| own.domain_policy.is_none());
    let point = own.filter(|own| own.software_updates).and_then(|own| own.software_update_point());
    let is_local = point.is_some() && point.map(str::trim) == server.as_deref().map(str::trim);
    let gpo = if is_local { words.local } else { DOMAIN };
    let path = match device.os().build {
        ..WINDOWS_11 => words.path[0].to_owned(),
        _ => words.path.join("/"),
    };
    let [policy, setting, winning] = words.columns;
    let state = words.states[usize::from(!is_enabled)];
    let mut text = format!(
        "<h3>{path}</h3>\r\n<table>\r\n<tr><th>{policy}</th><th>{setting}</th><th>{winning}</th></tr>\r\n\
         <tr><td>{}</td><td>{state}</td><td>{gpo}</td></tr>\r\n",
        words.policy
    );
    let servers = [server, value("WUStatusServer"), value("UpdateServiceUrlAlternate")];
    for (name, server) in words.servers.iter().zip(servers).filter(|_| is_enabled) {
        let server = server.unwrap_or_default();
        text.push_str(&format!("<tr><td>{name}</td><td colspan=\"2\">{}</td></tr>\r\n", escaped(&server)));
    }
    text.push_str("</table>");
    Some(text)
}

fn escaped(text: &str) -> String {
    let plain = Plain(text).to_string();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
