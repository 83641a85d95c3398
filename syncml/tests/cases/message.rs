//! Messages of a server, and what a device answers.

use fixtures::Case;
use syncml::codec;
use syncml::session::Responder;

use super::{Played, device, message};

pub(super) fn play(case: &Case) -> Played {
    let mut device = device(case);
    let mut session = Responder::new(&device);
    let mut played = Played::default();
    for number in 1.. {
        let Some(message) = message(case, &format!("request-{number}.xml")) else { break };
        let turn = session.receive(&message, &mut device);
        let answer = String::from_utf8(codec::encode(&turn.answer)).expect("text");
        played.rules.extend(turn.reasons.iter().map(|reason| reason.rule.id.to_owned()));
        played.said(case, &format!("answer-{number}.xml"), &answer);
    }
    assert!(!played.rules.is_empty(), "{} holds no request", case.name);
    played.shows(case);
    played
}
