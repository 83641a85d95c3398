//! The server's side of a session, against the device of this crate and against a device that cuts what is large.

use csp_model::Device;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use syncml::codec::{Limits, decode, encode};
use syncml::judge::{Ledger, Side};
use syncml::message::{
    Alert, Body, Command as Sent, Data, Header, Item, Kind, Location, Message, Meta, MoreMeta, Request,
    Results, Status, Text,
};
use syncml::session::Responder;
use syncml::session::auth::{Credentials, Lasts, Nonces, Proof, Prover, Scheme, Verifier};
use syncml::session::server::{Answer, Broken, Command, Ending, Outcome, ServerSession, Settings};

/// A message of the device, with the commands of `body` as text.
fn message(number: usize, body: &str) -> Message {
    let text = format!(
        "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><SessionID>D</SessionID><MsgID>{number}</MsgID>\
         <Source><LocURI>lab-01</LocURI></Source></SyncHdr><SyncBody>{body}</SyncBody></SyncML>"
    );
    decode(text.as_bytes(), &Limits::default()).expect("a message")
}

fn package_1(limit: Option<usize>) -> Message {
    let mut first = message(
        1,
        "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Replace><CmdID>3</CmdID><Item><Source><LocURI>\
         ./DevInfo/Man</LocURI></Source><Data>Contoso</Data></Item></Replace><Final/>",
    );
    if let (Some(header), Some(limit)) = (&mut first.header, limit) {
        let more = MoreMeta { max_msg_size: Some(Text::number(limit)), ..MoreMeta::default() };
        header.meta = Some(Box::new(Meta { more: Some(Box::new(more)), ..Meta::default() }));
    }
    first
}

fn settings() -> Settings {
    Settings::new("https://mdm.example.test/omadm")
}

/// What a message holds, in short: `Status 200`, `Get 4`, …, `Final`.
fn short(message: &Message) -> String {
    let mut words: Vec<_> = message
        .body
        .commands
        .iter()
        .map(|command| match &command.kind {
            Kind::Status(status) => status.code.as_deref().unwrap_or_default().to_owned(),
            Kind::Alert(alert) => format!("Alert {}", alert.code.as_deref().unwrap_or_default()),
            Kind::Request(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => {
                format!("{} {}", command.name(), command.cmd_id.as_deref().unwrap_or_default())
            }
        })
        .collect();
    words.extend(message.body.is_final.then(|| "Final".to_owned()));
    words.join(", ")
}

#[test]
fn a_server_with_nothing_to_say_ends_the_session() {
    let mut session = ServerSession::accept(&package_1(None), settings());
    let turn = session.receive(&package_1(None), None);
    assert_eq!(short(&turn.message), "200, 200, 200, Final");
    assert_eq!((session.is_over(), session.ending()), (true, Some(Ending::Done)));
    let header = turn.message.header.expect("a header");
    assert_eq!(header.session_id.as_deref(), Some("D"));
    assert_eq!(header.msg_id.as_deref(), Some("1"));
    assert_eq!(header.target.and_then(|target| target.loc_uri).as_deref(), Some("lab-01"));
}

#[test]
fn what_a_device_may_not_send_is_refused() {
    let body = "<Get><CmdID>1</CmdID></Get><Alert><CmdID>2</CmdID></Alert><Vendor><CmdID>3</CmdID></Vendor>\
                <Delete><CmdID>4</CmdID><NoResp/></Delete><Alert><Data>1201</Data></Alert><Final/>";
    let mut session = ServerSession::accept(&message(1, body), settings());
    assert_eq!(short(&session.receive(&message(1, body), None).message), "200, 406, 412, 400, 400, Final");
}

#[test]
fn the_device_is_asked_for_the_rest_of_its_package() {
    let mut session = ServerSession::accept(&message(1, ""), settings());
    let get = session.queue(Command::get("./DevInfo/Man"));
    assert_eq!(short(&session.receive(&message(1, ""), None).message), "200, Alert 1222");
    assert_eq!(short(&session.receive(&message(2, "<Final/>"), None).message), "200, Get 2, Final");
    let status = "<Status><CmdID>1</CmdID><MsgRef>2</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>";
    // The Status comes later than the first message.
    assert_eq!(short(&session.receive(&message(3, status), None).message), "200, Alert 1222");
    assert_eq!(session.outcome(get), None);
    let late = "<Status><CmdID>1</CmdID><MsgRef>2</MsgRef><CmdRef>2</CmdRef><Cmd>Get</Cmd><Data>404</Data></Status><Final/>";
    let turn = session.receive(&message(4, late), None);
    assert_eq!((short(&turn.message), turn.finished), ("200, Final".to_owned(), vec![get]));
    let answer = session.outcome(get).and_then(Outcome::answer).expect("an answer");
    assert_eq!((answer.code(), answer.is_success()), (Some(404), false));
}

#[test]
fn what_is_not_answered_is_told() {
    let mut session = ServerSession::accept(&package_1(None), settings());
    let get = session.queue(Command::get("./DevInfo/Man"));
    session.receive(&package_1(None), None);
    let turn = session.receive(&message(2, "<Final/>"), None);
    assert_eq!(session.outcome(get), Some(&Outcome::Unanswered));
    let rules: Vec<_> = turn.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(rules, ["missing-status"]);
}

/// A device that has not heard the answer sends its message again. What the lost answer asked for is not over.
#[test]
fn a_message_that_comes_again_is_answered_again() {
    let mut session = ServerSession::accept(&package_1(None), settings());
    let get = session.queue(Command::get("./DevInfo/Man"));
    let first = session.receive(&package_1(None), None);
    let later = session.queue(Command::get("./DevInfo/Mod"));
    let again = session.receive(&package_1(None), None);
    assert_eq!((again.repeats, again.message, again.findings), (true, first.message, Vec::new()));
    assert_eq!((session.outcome(get), session.outcome(later), again.finished), (None, None, Vec::new()));
    let answer = "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>\
                  <Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Get</Cmd><Data>404</Data></Status><Final/>";
    let turn = session.receive(&message(2, answer), None);
    assert_eq!((turn.repeats, turn.finished, turn.findings), (false, vec![get], Vec::new()));
}

/// A refusal that takes two messages: what is to be sent again waits for the second.
#[test]
fn what_is_refused_in_two_messages_is_sent_again_once() {
    let prover = Prover::new(Some(Credentials::new("server", "Yeah")), Some(Scheme::Basic), None);
    let mut session = ServerSession::accept(&package_1(None), Settings { prover, ..settings() });
    session.queue(Command::get("./DevInfo/Man"));
    session.receive(&package_1(None), None);
    let refusal = "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Chal><Meta>\
                   <Type xmlns='syncml:metinf'>syncml:auth-md5</Type><NextNonce xmlns='syncml:metinf'>Tm9uY2U=</NextNonce>\
                   </Meta></Chal><Data>401</Data></Status>";
    assert_eq!(short(&session.receive(&message(2, refusal), None).message), "200, Alert 1222");
    let rest = "<Status><CmdID>1</CmdID><MsgRef>2</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>212</Data></Status>\
                <Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Get</Cmd><Data>401</Data></Status><Final/>";
    let turn = session.receive(&message(3, rest), None);
    assert_eq!((short(&turn.message), turn.findings), ("200, Get 2, Final".to_owned(), Vec::new()));
}

#[test]
fn either_side_can_abort() {
    let aborted = "<Alert><CmdID>1</CmdID><Data>1223</Data></Alert><Final/>";
    let mut session = ServerSession::accept(&package_1(None), settings());
    let get = session.queue(Command::get("./DevInfo/Man"));
    session.receive(&package_1(None), None);
    let later = session.queue(Command::get("./DevInfo/Mod"));
    assert_eq!(short(&session.receive(&message(2, aborted), None).message), "200, 200, Final");
    assert_eq!(session.ending(), Some(Ending::Aborted(Side::Device)));
    assert_eq!(
        (session.outcome(get), session.outcome(later)),
        (Some(&Outcome::Unanswered), Some(&Outcome::Unsent))
    );
    let too_late = session.queue(Command::get("./DevInfo/Lang"));
    assert_eq!(session.outcome(too_late), Some(&Outcome::Unsent));

    let mut session = ServerSession::accept(&package_1(None), settings());
    let get = session.queue(Command::get("./DevInfo/Man"));
    session.abort();
    assert_eq!(short(&session.receive(&package_1(None), None).message), "200, 200, 200, Alert 1223, Final");
    assert_eq!(
        (session.ending(), session.outcome(get)),
        (Some(Ending::Aborted(Side::Server)), Some(&Outcome::Unsent))
    );
}

#[test]
fn a_device_that_never_finishes_is_left() {
    let mut session = ServerSession::accept(&message(1, ""), Settings { most_messages: 3, ..settings() });
    for number in 1..=3 {
        assert_eq!(short(&session.receive(&message(number, ""), None).message), "200, Alert 1222");
    }
    assert_eq!(short(&session.receive(&message(4, ""), None).message), "200, Alert 1223, Final");
    assert_eq!(session.ending(), Some(Ending::TooManyMessages));
}

#[test]
fn a_command_that_fits_into_no_message_is_told() {
    let mut session = ServerSession::accept(&package_1(Some(700)), settings());
    let large = session.queue(Command::atomic([Command::replace("./A", "x".repeat(700))]));
    // Fits, but not beside the Statuses of package 1.
    let alone = session.queue(Command::exec_with("./B", "y".repeat(120)));
    let small = session.queue(Command::delete("./C"));
    let turn = session.receive(&package_1(Some(700)), None);
    assert_eq!(short(&turn.message), "200, 200, 200, Alert 1222");
    assert_eq!(turn.finished, [large]);
    assert!(matches!(session.outcome(large), Some(Outcome::TooLarge { limit: 700, bytes: 1000.. })));
    let turn = session.receive(&message(2, "<Final/>"), None);
    assert_eq!(short(&turn.message), "200, Exec 2, Delete 3, Final");
    assert!(encode(&turn.message).len() <= 700);
    let turn = session.receive(&message(3, "<Final/>"), None);
    assert_eq!((short(&turn.message), turn.finished), ("200, Final".to_owned(), vec![alone, small]));
}

/// Results in parts: taken, cut short, and of a wrong size.
#[test]
fn large_results() {
    let part = |data: &str, size: &str, more: &str| {
        format!(
            "<Results><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Item><Source><LocURI>./A</LocURI></Source>\
             <Meta><Format xmlns='syncml:metinf'>b64</Format>{size}</Meta><Data>{data}</Data>{more}</Item></Results>"
        )
    };
    let size = |bytes: usize| format!("<Size xmlns='syncml:metinf'>{bytes}</Size>");
    let more = "<MoreData/>";
    let status =
        "<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>";
    let first = format!("{status}{}", part("abc", &size(5), more));
    let play = |bodies: &[String], settings: Settings| {
        let mut session = ServerSession::accept(&package_1(None), settings);
        let get = session.queue(Command::get("./A"));
        session.receive(&package_1(None), None);
        let shorts: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| short(&session.receive(&message(index + 2, body), None).message))
            .collect();
        let answer = session.outcome(get).and_then(Outcome::answer).cloned();
        (shorts.join("; "), answer)
    };
    let (said, answer) = play(&[first.clone(), format!("{}<Final/>", part("de", "", ""))], settings());
    assert_eq!(said, "200, 213, Alert 1222; 200, Final");
    let answer = answer.expect("an answer");
    assert_eq!((answer.data().as_deref(), answer.broken), (Some("abcde"), None));
    assert_eq!(answer.results.len(), 1);

    let (said, answer) = play(&[first.clone(), format!("{}<Final/>", part("def", "", ""))], settings());
    assert_eq!(said, "200, 213, Alert 1222; 200, 424, Final");
    let answer = answer.expect("an answer");
    assert_eq!((answer.data(), answer.broken), (None, Some(Broken::Size { found: 6, expected: 5 })));

    for body in ["<Final/>".to_owned(), format!("{first}<Final/>").replace("./A", "./B")] {
        let (said, answer) = play(&[first.clone(), body], settings());
        assert!(said.starts_with("200, 213, Alert 1222; 200, Alert 1225"), "{said}");
        assert_eq!(answer.expect("an answer").broken, Some(Broken::NoEnd));
    }

    let (said, answer) = play(&[first], Settings { max_obj_size: 2, ..settings() });
    assert_eq!(said, "200, 413, Alert 1223, Final");
    assert_eq!(answer.expect("an answer").broken, Some(Broken::TooLarge));
}

fn bruce() -> Credentials {
    Credentials::new("Bruce2", "OhBehave")
}

/// A device that proves itself; nothing happens before it has.
#[test]
fn a_device_proves_itself() {
    for scheme in Scheme::ALL {
        for (secret, is_right) in [("OhBehave", true), ("oops", false)] {
            let verifier = Verifier::new(bruce(), scheme, None, Nonces::new(3), Lasts::Session);
            let mut session = ServerSession::accept(&package_1(None), Settings { verifier, ..settings() });
            let get = session.queue(Command::get("./DevInfo/Man"));
            let mut prover = Prover::new(Some(Credentials::new("Bruce2", secret)), Some(scheme), None);
            let mut codes = Vec::new();
            for number in 1..5 {
                let mut first = package_1(None);
                let header = first.header.as_mut().expect("a header");
                header.msg_id = Some(Text::number(number));
                header.cred = prover.cred().map(Box::new);
                let bytes = encode(&first);
                let mac = prover.mac(&bytes).map(|mac| mac.to_string());
                let turn = session.receive(&first, mac.as_deref().map(|mac| (mac, &*bytes)));
                let Some(Kind::Status(status)) = turn.message.body.commands.first().map(|c| &c.kind) else {
                    panic!("no Status first");
                };
                codes.push(status.number().unwrap_or_default());
                match prover.answered(status) {
                    Proof::Accepted => {
                        assert_eq!(turn.refusal, None);
                        assert!(short(&turn.message).ends_with("200, 200, Get 4, Final"));
                        break;
                    }
                    Proof::Again | Proof::Refused => {
                        assert!(turn.refusal.is_some());
                        let code = codes.last().copied().unwrap_or_default();
                        assert_eq!(short(&turn.message), format!("{code}, {code}, {code}, Final"));
                    }
                }
            }
            let last = codes.last().copied().unwrap_or_default();
            assert_eq!(last < 300, is_right, "{scheme} {secret}: {codes:?}");
            assert_eq!(session.outcome(get), None);
        }
    }
}

/// Credentials in every message of a session, by a scheme whose nonces change; one message is refused on its way.
#[test]
fn a_device_proves_every_message() {
    for scheme in Scheme::ALL {
        let verifier =
            Verifier::new(bruce(), scheme, Some(b"known".to_vec()), Nonces::new(5), Lasts::Message);
        let mut session = ServerSession::accept(&package_1(None), Settings { verifier, ..settings() });
        let get = session.queue(Command::get("./DevInfo/Man"));
        let mut prover = Prover::new(Some(bruce()), Some(scheme), Some(b"known".to_vec()));
        let mut device = Device::builtin();
        let mut responder = Responder::new(&device);
        let mut outgoing = package_1(None);
        let mut refused = 0;
        for number in 1..9 {
            let header = outgoing.header.as_mut().expect("a header");
            header.msg_id = Some(Text::number(number));
            header.cred = prover.cred().map(Box::new);
            let bytes = encode(&outgoing);
            let mac = prover.mac(&bytes).map(|mac| mac.to_string());
            if number == 2 {
                let header = outgoing.header.as_mut().expect("a header");
                header.cred = None;
            }
            let mac = mac.as_deref().filter(|_| number != 2);
            let turn = session.receive(&outgoing, mac.map(|mac| (mac, &*bytes)));
            let Some(Kind::Status(status)) = turn.message.body.commands.first().map(|c| &c.kind) else {
                panic!("no Status first");
            };
            refused += usize::from(turn.refusal.is_some());
            // Who has shown nothing but basic credentials has nothing else to show: the same message again.
            let proof = prover.answered(status);
            assert_eq!(proof == Proof::Accepted, turn.refusal.is_none());
            if session.is_over() {
                break;
            }
            if turn.refusal.is_none() {
                outgoing = responder.receive(&turn.message, &mut device).answer;
            }
        }
        assert_eq!((session.ending(), refused), (Some(Ending::Done), 1), "{scheme}");
        let answer = session.outcome(get).and_then(Outcome::answer).expect("an answer");
        assert_eq!(answer.data().as_deref(), Some("Contoso"), "{scheme}");
    }
}

/// The server proves itself: its message is sent again with what the device asks for.
#[test]
fn a_server_proves_itself() {
    for (secret, is_right) in [("OhBehave", true), ("oops", false)] {
        let credentials = Some(Credentials::new("Bruce2", secret));
        let prover = Prover::new(credentials, Some(Scheme::Digest), None);
        let mut session = ServerSession::accept(&package_1(None), Settings { prover, ..settings() });
        let get = session.queue(Command::get("./DevInfo/Man"));
        let mut verifier = Verifier::new(bruce(), Scheme::Digest, None, Nonces::new(4), Lasts::Session);
        let mut device = Device::builtin();
        let mut responder = Responder::new(&device);
        let mut incoming = package_1(None);
        let mut gets = 0;
        for _ in 0..6 {
            let turn = session.receive(&incoming, None);
            if session.is_over() {
                break;
            }
            gets += short(&turn.message).matches("Get").count();
            let verdict = verifier.check(turn.message.header.as_ref(), None);
            incoming = responder.receive(&turn.message, &mut device).answer;
            if !verdict.is_accepted() {
                incoming.body.commands.truncate(1);
            }
            if let Some(Kind::Status(status)) = incoming.body.commands.first_mut().map(|c| &mut c.kind) {
                status.code = Some(Text::from_static(verdict.code.text()));
                status.chal = verdict.chal.map(Box::new);
            }
        }
        let ending = if is_right { Ending::Done } else { Ending::Refused };
        assert_eq!((session.ending(), gets), (Some(ending), 2));
        let is_answered = session.outcome(get).and_then(Outcome::answer).is_some_and(Answer::is_success);
        assert_eq!(is_answered, is_right);
        assert!(session.prover().next_nonce().is_some());
    }
}

/// A command about nodes that the built-in device has, and has not.
fn leaf() -> BoxedStrategy<Command> {
    let uri = select(
        &[
            "./DevInfo/Man",
            "./DevDetail/SwV",
            "./Vendor/MSFT/Update/InstalledUpdates",
            "./Vendor/MSFT/Update?list=StructData",
            "./Vendor/MSFT/Update/ApprovedUpdates/ed1d17d7-eb94-4ea9-b8c1-6e4f3e6f7e4b",
            "./Vendor/MSFT/Update/Rollback/QualityUpdate",
            "./Vendor/MSFT/Policy/Config/Update/RequireUpdateApproval",
            "./Vendor/MSFT/Policy/Config/Update/UpdateServiceUrl",
            "./Nope",
            "/bad//uri",
            "",
        ][..],
    );
    let data = select(&["", "1", "0", "http://wsus.example.test:8530", "<a/>&amp;", "\u{1f600}\r\n"][..]);
    (0..7, uri, data)
        .prop_map(|(verb, uri, data)| match verb {
            0 => Command::get(uri),
            1 => Command::add(uri, data),
            2 => Command::add_node(uri),
            3 => Command::replace(uri, data),
            4 => Command::delete(uri),
            5 => Command::exec(uri),
            _ => Command::alert(data),
        })
        .boxed()
}

fn command() -> BoxedStrategy<Command> {
    leaf()
        .prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                2 => inner.clone(),
                1 => vec(inner.clone(), 0..4).prop_map(Command::atomic),
                1 => vec(inner, 0..4).prop_map(Command::sequence),
            ]
        })
        .boxed()
}

/// `answer` without what tells where the command stood.
fn said(answer: &Answer) -> Answer {
    let mut said = answer.clone();
    for status in &mut said.statuses {
        status.msg_ref = None;
        status.cmd_ref = None;
    }
    said.members = said.members.iter().map(self::said).collect();
    said
}

/// Plays all of a session; what was sent broke nothing and was no larger than the device takes.
fn play(session: &mut ServerSession, device: &mut Device, limit: Option<usize>) -> Result<(), TestCaseError> {
    let mut responder = Responder::new(device);
    let mut judge = Ledger::new(Side::Server);
    let mut incoming = package_1(limit);
    for _ in 0..200 {
        judge.sent(&incoming);
        let turn = session.receive(&incoming, None);
        prop_assert!(turn.findings.is_empty(), "{:?}", turn.findings);
        let bytes = encode(&turn.message);
        let sent = decode(&bytes, &Limits::default()).expect("a message of ours");
        prop_assert_eq!(&sent, &turn.message);
        let findings = judge.received(&sent);
        prop_assert!(findings.is_empty(), "{:?}", findings);
        prop_assert!(bytes.len() <= limit.unwrap_or(usize::MAX), "{} bytes", bytes.len());
        if session.is_over() {
            prop_assert_eq!(session.ending(), Some(Ending::Done));
            return Ok(());
        }
        let answer = responder.receive(&sent, device).answer;
        incoming = decode(&encode(&answer), &Limits::default()).expect("an answer of ours");
        // The responder numbers after what it answers; a device counts its own.
        let header = incoming.header.as_mut().expect("a header");
        header.msg_id = turn
            .message
            .header
            .and_then(|header| header.msg_id?.parse().ok())
            .map(|n: usize| Text::number(n + 1));
    }
    Err(TestCaseError::fail("no end"))
}

proptest! {
    /// Every command gets its outcome, and it is that of the command alone.
    #[test]
    fn commands_are_answered_as_if_they_came_alone(
        commands in vec(command(), 0..12),
        limit in prop::option::of(900_usize..3_000),
    ) {
        let mut session = ServerSession::accept(&package_1(limit), settings());
        let handles: Vec<_> = commands.iter().map(|command| session.queue(command.clone())).collect();
        let mut device = Device::builtin();
        play(&mut session, &mut device, limit)?;
        let mut alone = Device::builtin();
        for (handle, command) in handles.into_iter().zip(commands) {
            let outcome = session.outcome(handle).expect("an outcome");
            if let Outcome::TooLarge { bytes, limit: told } = outcome {
                prop_assert!(Some(*told) == limit && bytes > told);
                continue;
            }
            let mut single = ServerSession::accept(&package_1(None), settings());
            let handle = single.queue(command);
            play(&mut single, &mut alone, None)?;
            let expected = single.outcome(handle).and_then(Outcome::answer).expect("an answer");
            prop_assert_eq!(said(outcome.answer().expect("an answer")), said(expected));
        }
        prop_assert_eq!(device, alone);
    }

    /// A device can say that it takes next to nothing: the session ends, and every command has an outcome.
    #[test]
    fn there_is_an_end_whatever_the_device_takes(
        commands in vec(command(), 0..6),
        data in "[a-z]{0,60}",
        limit in 0_usize..900,
    ) {
        let mut session = ServerSession::accept(&package_1(Some(limit)), settings());
        let mut handles: Vec<_> = commands.into_iter().map(|command| session.queue(command)).collect();
        handles.push(session.queue(Command::replace("./A", data)));
        let mut device = Device::builtin();
        let mut responder = Responder::new(&device);
        let mut incoming = package_1(Some(limit));
        for _ in 0..40 {
            let turn = session.receive(&incoming, None);
            if session.is_over() {
                break;
            }
            incoming = responder.receive(&turn.message, &mut device).answer;
        }
        prop_assert_eq!(session.ending(), Some(Ending::Done));
        for handle in handles {
            prop_assert!(session.outcome(handle).is_some());
        }
    }

    /// Data of any length goes out in parts and comes back in parts, and is the same.
    #[test]
    fn large_objects_go_there_and_back(
        data in vec(select(&["a", "\u{e9}", "\u{1f600}", "<&>", "\r\n", "  ", "0123456789"][..]), 0..300),
        limit in 700_usize..1_500,
        part in 10_usize..300,
    ) {
        let data = data.concat();
        let mut session = ServerSession::accept(&package_1(Some(limit)), settings());
        let before = session.queue(Command::get("./B"));
        let replace = session.queue(Command::replace("./A", &*data).format("chr"));
        let get = session.queue(Command::get("./A"));
        let mut device = Cutting { part, ..Cutting::default() };
        let mut judge = Ledger::new(Side::Server);
        let mut incoming = package_1(Some(limit));
        let mut parts = 0;
        for number in 2..2_000 {
            judge.sent(&incoming);
            let turn = session.receive(&incoming, None);
            prop_assert!(turn.findings.is_empty(), "{:?}", turn.findings);
            parts += usize::from(short(&turn.message).contains("Replace"));
            let bytes = encode(&turn.message);
            prop_assert!(bytes.len() <= limit, "{} bytes", bytes.len());
            let sent = decode(&bytes, &Limits::default()).expect("a message of ours");
            let findings = judge.received(&sent);
            prop_assert!(findings.is_empty(), "{:?}", findings);
            if session.is_over() {
                break;
            }
            incoming = device.answer(&sent, number);
        }
        prop_assert_eq!(session.ending(), Some(Ending::Done));
        prop_assert_eq!(&device.value, &data);
        prop_assert!(parts > data.len() / limit, "{parts} parts");
        for handle in [before, replace, get] {
            let outcome = session.outcome(handle);
            prop_assert!(outcome.and_then(Outcome::answer).is_some_and(Answer::is_success), "{outcome:?}");
        }
        let answer = session.outcome(get).and_then(Outcome::answer).expect("an answer");
        prop_assert_eq!(answer.data().unwrap_or_default(), data);
    }

    /// Any messages at all: nothing panics, and every message is answered.
    #[test]
    fn any_messages(messages in vec(syncml::message::strategies::message(), 1..6), commands in vec(command(), 0..3)) {
        let mut session = ServerSession::accept(messages.first().expect("one"), settings());
        for command in commands {
            session.queue(command);
        }
        for message in &messages {
            let turn = session.receive(message, None);
            prop_assert!(!turn.message.body.commands.is_empty());
        }
    }
}

/// A device with one value, which it takes and gives in parts.
#[derive(Default)]
struct Cutting {
    value: String,
    taking: String,
    part: usize,
    /// What is left to give, and the MsgID and the CmdID of the Get.
    giving: Option<(String, Text, Text)>,
}

impl Cutting {
    fn answer(&mut self, message: &Message, number: usize) -> Message {
        let header = message.header.as_ref().expect("a header");
        let msg_ref = header.msg_id.clone();
        let mut kinds = Vec::new();
        let status = |cmd_ref: Option<Text>, cmd: Text, code: &'static str| {
            Kind::Status(Status {
                msg_ref: msg_ref.clone(),
                cmd_ref,
                cmd: Some(cmd),
                code: Some(code.into()),
                ..Status::default()
            })
        };
        kinds.push(status(Some("0".into()), "SyncHdr".into(), "200"));
        for command in &message.body.commands {
            let code = match &command.kind {
                Kind::Status(_) => continue,
                Kind::Request(Request { verb: syncml::message::Verb::Replace, items, .. }) => {
                    let item = items.first().expect("an Item");
                    let Some(Data::Text(data)) = &item.data else { panic!("no data") };
                    self.taking.push_str(data);
                    if item.more_data {
                        "213"
                    } else {
                        self.value = std::mem::take(&mut self.taking);
                        "200"
                    }
                }
                Kind::Request(_) => {
                    let is_a = encode(message).windows(4).any(|bytes| bytes == b"./A<");
                    if is_a {
                        let cmd_id = command.cmd_id.clone().unwrap_or_default();
                        self.giving = Some((self.value.clone(), msg_ref.clone().unwrap_or_default(), cmd_id));
                    }
                    "200"
                }
                Kind::Alert(_) => "200",
                Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => "406",
            };
            kinds.push(status(command.cmd_id.clone(), command.name(), code));
        }
        if let Some((rest, msg_ref, cmd_ref)) = self.giving.take() {
            let end = rest.ceil_char_boundary(self.part);
            let (piece, left) = rest.split_at(end);
            let first = rest.len() == self.value.len();
            let more = MoreMeta { size: Some(Text::number(rest.len())), ..MoreMeta::default() };
            let item = Item {
                source: Some(Location::new("./A")),
                meta: (first && !left.is_empty())
                    .then(|| Meta { more: Some(Box::new(more)), ..Meta::default() }),
                data: Some(Data::Text(piece.into())),
                more_data: !left.is_empty(),
                ..Item::default()
            };
            kinds.push(Kind::Results(Results {
                msg_ref: Some(msg_ref.clone()),
                cmd_ref: Some(cmd_ref.clone()),
                items: [item].into_iter().collect(),
                ..Results::default()
            }));
            if !left.is_empty() {
                self.giving = Some((left.to_owned(), msg_ref, cmd_ref));
            }
        }
        // A package is completed by nobody before the other side has completed its own.
        let pulled = message.body.commands.iter().any(
            |command| matches!(&command.kind, Kind::Alert(Alert { code: Some(code), .. }) if code == "1222"),
        );
        let is_final = self.giving.is_none() && (message.body.is_final || pulled && self.taking.is_empty());
        if !message.body.is_final && !self.taking.is_empty() {
            kinds.push(Kind::Alert(Alert { code: Some("1222".into()), ..Alert::default() }));
        }
        let commands =
            kinds.into_iter().enumerate().map(|(index, kind)| Sent::new(Some(Text::number(index + 1)), kind));
        let header = Header {
            session_id: header.session_id.clone(),
            msg_id: Some(Text::number(number)),
            ..Header::default()
        };
        let body = Body { commands: commands.collect(), is_final, ..Body::default() };
        let answer = Message { header: Some(header), body, ..Message::default() };
        decode(&encode(&answer), &Limits::default()).expect("a message of the device")
    }
}
