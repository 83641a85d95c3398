//! `netsh winhttp show proxy`

use csp_model::Device;

use super::super::Language;
use super::super::draw::Plain;

pub(super) fn shown(device: &Device, language: Language) -> String {
    let [head, direct, server, bypass, none] = match language {
        Language::English => [
            "Current WinHTTP proxy settings:",
            "Direct access (no proxy server).",
            "Proxy Server(s) :  ",
            "Bypass List     :  ",
            "(none)",
        ],
        Language::Japanese => [
            "現在の WinHTTP プロキシ設定:",
            "直接アクセス (プロキシ サーバーなし)。",
            "プロキシ サーバー:  ",
            "バイパス一覧     :  ",
            "(なし)",
        ],
    };
    match &device.site().proxy {
        None => format!("\r\n{head}\r\n\r\n    {direct}\r\n\r\n"),
        Some(proxy) => {
            let list = proxy.bypass.join(";");
            let list = if list.is_empty() { none } else { &list };
            format!(
                "\r\n{head}\r\n\r\n    {server}{}\r\n    {bypass}{}\r\n\r\n",
                Plain(&proxy.server),
                Plain(list)
            )
        }
    }
}
