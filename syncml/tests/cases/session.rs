//! Sessions that the device opens: a server's messages, and the device's side.

use fixtures::Case;
use syncml::codec;
use syncml::session::device::{ClientAlert, DeviceSession, Initiator, LoginStatus, Opening};
use syncml::session::{Incoming, Turn};

use super::{Played, device, message};

pub(super) fn play(case: &Case) -> Played {
    let mut device = device(case);
    let mut played = Played::default();
    let (mut session, first) = DeviceSession::open(opening(case), &mut device);
    played.said(case, "1-device.xml", &text(&codec::encode(&first)));
    let mut last = first;
    let mut findings = Vec::new();
    for number in (2..).step_by(2) {
        let name = format!("{number}-server.xml");
        let Some(message) = message(case, &name) else { break };
        let mac = case.text(&format!("{number}-server.mac"));
        let body = case.bytes(&name).unwrap_or_default();
        let mac = mac.as_deref().map(|mac| (mac.trim(), body.as_slice()));
        let turn = session.receive(Incoming { mac, ..Incoming::from(&message) }, &mut device);
        played.rules.extend(turn.reasons.iter().map(|reason| reason.rule.id.to_owned()));
        findings.extend(turn.findings.iter().map(|finding| format!("{number} {}", finding.rule.id)));
        let is_sent = turn.is_due || turn.repeats;
        let Turn { answer, repeats, .. } = turn;
        if !repeats {
            last = answer;
        }
        if is_sent {
            let said = text(&codec::encode(&last));
            if let Some(mac) = session.mac(said.as_bytes()) {
                played.said(case, &format!("{}-device.mac", number + 1), &mac);
            }
            played.said(case, &format!("{}-device.xml", number + 1), &said);
        }
    }
    let ending = session.ending().map_or("open", |ending| ending.id());
    played.said(case, "ending.txt", ending);
    if !findings.is_empty() || case.text("findings.txt").is_some() {
        played.said(case, "findings.txt", &findings.join("\n"));
    }
    played.shows(case);
    played
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// `opening.txt`: what the device opens the session with, one word and its value a line.
fn opening(case: &Case) -> Opening {
    let mut opening = Opening::default();
    for line in case.text("opening.txt").unwrap_or_default().lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match (key, value) {
            ("session-id", id) => opening.session_id = Some(id.into()),
            ("provider", provider) => opening.provider = Some(provider.into()),
            ("address", address) => opening.address = Some(address.into()),
            ("initiator", "server") => opening.initiator = Initiator::Server,
            ("login", "others") => opening.login = LoginStatus::Others,
            ("login", "none") => opening.login = LoginStatus::Nobody,
            ("login", "unsaid") => opening.login = LoginStatus::Unsaid,
            ("max-msg-size", most) => opening.max_msg_size = most.parse().ok(),
            ("aad-user-token", token) => opening.alerts.push(ClientAlert::AadUserToken(token.into())),
            ("bootstrap-sync", "") => opening.alerts.push(ClientAlert::BootstrapSync),
            ("odj-sync", "") => opening.alerts.push(ClientAlert::OdjSync),
            ("sync-type", kind) => opening.alerts.push(ClientAlert::SyncType(kind.into())),
            ("device-prep-sync", state) => opening.alerts.push(ClientAlert::DevicePrepSync(state.into())),
            ("request-pending", "") => opening.alerts.push(ClientAlert::RequestPending),
            ("unenrollment", "") => opening.alerts.push(ClientAlert::Unenrollment),
            _ => panic!("{}: opening.txt: `{line}`", case.name),
        }
    }
    opening
}
