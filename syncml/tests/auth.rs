//! The side that proves itself and the side that asks, one against the other, over encoded messages.

use proptest::prelude::*;
use proptest::sample::select;
use syncml::codec::{Limits, decode, encode};
use syncml::message::{Chal, Header, Location, Message, Meta, MoreMeta, Status, Text};
use syncml::session::auth::{Credentials, Lasts, Nonces, Proof, Prover, Scheme, Verifier};

/// What was said, and how it ended.
#[derive(Debug, PartialEq)]
struct Course {
    /// The codes of the SyncHdr's Statuses.
    codes: Vec<String>,
    last: Proof,
    /// Whether each message had a Cred (`c`), a header (`h`) or neither (`-`).
    shown: String,
}

/// Sends messages until `accepted` of them were taken or one was refused for good.
fn play(prover: &mut Prover, verifier: &mut Verifier, accepted: usize) -> Course {
    let mut course = Course { codes: Vec::new(), last: Proof::Refused, shown: String::new() };
    let mut taken = 0;
    for number in 1..50 {
        let header = Header {
            msg_id: Some(Text::number(number)),
            source: Some(Location { loc_name: prover.name().cloned(), ..Location::new("device") }),
            cred: prover.cred().map(Box::new),
            ..Header::default()
        };
        let body = encode(&Message { header: Some(header), ..Message::default() });
        let mac = prover.mac(&body).map(|mac| mac.to_string());
        let message = decode(&body, &Limits::default()).expect("a message of ours");
        let has_cred = message.header.as_ref().is_some_and(|header| header.cred.is_some());
        course.shown.push(match (has_cred, &mac) {
            (true, None) => 'c',
            (false, Some(_)) => 'h',
            (false, None) => '-',
            (true, Some(_)) => panic!("a message proves itself twice"),
        });
        let verdict = verifier.check(message.header.as_ref(), mac.as_deref().map(|mac| (mac, &*body)));
        assert_eq!(verdict.is_accepted(), !verdict.code.is_failure());
        course.codes.push(verdict.code.text().to_owned());
        course.last = prover.answered(&status(verdict.code.text(), verdict.chal.clone()));
        match course.last {
            Proof::Accepted if verdict.is_accepted() => taken += 1,
            Proof::Accepted => panic!("{} was taken for acceptance", verdict.code),
            Proof::Again if verdict.is_accepted() => panic!("{} was taken for a challenge", verdict.code),
            Proof::Again => {}
            Proof::Refused => return course,
        }
        if taken == accepted {
            return course;
        }
    }
    panic!("no end: {course:?}");
}

fn status(code: &str, chal: Option<Chal>) -> Status {
    Status { code: Some(code.into()), chal: chal.map(Box::new), ..Status::default() }
}

fn bruce() -> Credentials {
    Credentials::new("Bruce2", "OhBehave")
}

fn asks(scheme: Scheme, lasts: Lasts, nonce: Option<&[u8]>) -> Verifier {
    Verifier::new(bruce(), scheme, nonce.map(<[u8]>::to_vec), Nonces::new(1), lasts)
}

/// Three messages that are taken, or the refusal.
#[test]
fn courses() {
    use Lasts::{Message, Session};
    use Scheme::{Basic, Digest, Hmac};
    let known = Some(&b"known"[..]);
    let stale = Some(&b"stale"[..]);
    let wrong = || Credentials::new("Bruce2", "oops");
    let other = || Credentials::new("Bruce", "OhBehave");
    #[rustfmt::skip]
    let table = [
        // The verifier's scheme, how long it lasts; the prover's credentials, preference and nonce; codes; what was shown.
        (Basic,  Session, Some(bruce()), Some(Basic),  None,  "212 200 200", "c--"),
        (Basic,  Message, Some(bruce()), Some(Basic),  None,  "200 200 200", "ccc"),
        (Basic,  Session, Some(bruce()), None,         None,  "212 200 200", "c--"),
        (Basic,  Session, Some(bruce()), None,         known, "401 212 200 200", "cc--"),
        (Basic,  Session, Some(bruce()), Some(Digest), None,  "407 212 200 200", "-c--"),
        (Basic,  Session, Some(bruce()), Some(Hmac),   known, "407 212 200 200", "hc--"),
        (Basic,  Session, Some(wrong()), Some(Basic),  None,  "401", "c"),
        (Basic,  Session, Some(other()), Some(Basic),  None,  "401", "c"),
        (Basic,  Session, Some(wrong()), Some(Digest), known, "401 401", "cc"),
        (Basic,  Session, None,          None,         None,  "407", "-"),
        (Digest, Session, Some(bruce()), Some(Digest), known, "212 200 200", "c--"),
        (Digest, Message, Some(bruce()), Some(Digest), known, "200 200 200", "ccc"),
        (Digest, Session, Some(bruce()), None,         known, "212 200 200", "c--"),
        (Digest, Session, Some(bruce()), Some(Digest), None,  "407 212 200 200", "-c--"),
        (Digest, Message, Some(bruce()), Some(Digest), stale, "401 200 200 200", "cccc"),
        (Digest, Message, Some(bruce()), Some(Basic),  None,  "401 200 200 200", "cccc"),
        (Digest, Session, Some(bruce()), Some(Hmac),   None,  "407 212 200 200", "-c--"),
        (Digest, Session, Some(wrong()), Some(Digest), known, "401 401", "cc"),
        (Digest, Session, Some(other()), Some(Digest), known, "401 401", "cc"),
        (Digest, Session, None,          None,         None,  "407", "-"),
        (Hmac,   Session, Some(bruce()), Some(Hmac),   known, "200 200 200", "hhh"),
        (Hmac,   Message, Some(bruce()), Some(Hmac),   None,  "407 200 200 200", "-hhh"),
        (Hmac,   Message, Some(bruce()), Some(Hmac),   stale, "401 200 200 200", "hhhh"),
        (Hmac,   Message, Some(bruce()), Some(Digest), known, "407 200 200 200", "chhh"),
        (Hmac,   Message, Some(bruce()), None,         None,  "407 200 200 200", "chhh"),
        (Hmac,   Message, Some(wrong()), Some(Hmac),   known, "401 401", "hh"),
        (Hmac,   Message, Some(other()), Some(Hmac),   None,  "407 401", "-h"),
        (Hmac,   Message, None,          Some(Hmac),   known, "407", "-"),
    ];
    for (scheme, lasts, credentials, preference, nonce, codes, shown) in table {
        let row = format!("{scheme} {lasts:?} {credentials:?} {preference:?} {nonce:?}");
        let mut prover = Prover::new(credentials, preference, nonce.map(<[u8]>::to_vec));
        let course = play(&mut prover, &mut asks(scheme, lasts, known), 3);
        assert_eq!((&*course.codes.join(" "), &*course.shown), (codes, shown), "{row}");
    }
}

#[test]
fn who_asks_for_nothing_takes_everything() {
    for credentials in [None, Some(bruce())] {
        let mut prover = Prover::new(credentials, None, None);
        let course = play(&mut prover, &mut Verifier::asks_nothing(), 2);
        assert_eq!((course.codes.join(" "), course.last), ("200 200".to_owned(), Proof::Accepted));
    }
}

#[test]
fn the_next_session_begins_with_the_nonce_that_this_one_left() {
    for lasts in [Lasts::Session, Lasts::Message] {
        for scheme in [Scheme::Digest, Scheme::Hmac] {
            let mut verifier = asks(scheme, lasts, None);
            let mut prover = Prover::new(Some(bruce()), Some(scheme), None);
            play(&mut prover, &mut verifier, 2);
            assert_eq!(prover.next_nonce(), verifier.next_nonce());
            assert!(prover.next_nonce().is_some());
            let mut verifier = asks(scheme, lasts, verifier.next_nonce());
            let mut prover =
                Prover::new(Some(bruce()), Some(scheme), prover.next_nonce().map(<[u8]>::to_vec));
            let course = play(&mut prover, &mut verifier, 1);
            assert_eq!((course.codes.len(), course.last), (1, Proof::Accepted), "{scheme} {lasts:?}");
        }
    }
}

#[test]
fn a_message_that_is_sent_again_is_refused() {
    let mut verifier = asks(Scheme::Digest, Lasts::Message, Some(b"known"));
    let prover = Prover::new(Some(bruce()), Some(Scheme::Digest), Some(b"known".to_vec()));
    let header = Header { cred: prover.cred().map(Box::new), ..Header::default() };
    assert_eq!(verifier.check(Some(&header), None).code.text(), "200");
    let again = verifier.check(Some(&header), None);
    assert_eq!(again.code.text(), "401");
    let refusal = again.refusal.expect("a refusal").to_string();
    assert_eq!(refusal, "found credentials with another secret or a used nonce");

    let mut verifier = asks(Scheme::Hmac, Lasts::Message, Some(b"known"));
    let prover = Prover::new(Some(bruce()), Some(Scheme::Hmac), Some(b"known".to_vec()));
    let mac = prover.mac(b"body").expect("a nonce is known").to_string();
    assert_eq!(verifier.clone().check(None, Some((&mac, b"another body"))).code.text(), "401");
    assert_eq!(verifier.check(None, Some((&mac, b"body"))).code.text(), "200");
    assert_eq!(verifier.check(None, Some((&mac, b"body"))).code.text(), "401");
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut verifier = asks(Scheme::Hmac, Lasts::Message, Some(b"known"));
    let found = verifier.check(None, Some(("algorithm=SHA-256", b"")));
    let refusal = found.refusal.expect("a refusal").to_string();
    assert_eq!(refusal, "in x-syncml-hmac: at byte 0: found the algorithm \"SHA-256\", expected MD5");
    let mut verifier = asks(Scheme::Digest, Lasts::Message, Some(b"known"));
    let prover = Prover::new(Some(bruce()), Some(Scheme::Digest), Some(b"known".to_vec()));
    let mut cred = prover.cred().expect("a nonce is known");
    cred.data = Some("no base64!".into());
    let header = Header { cred: Some(Box::new(cred)), ..Header::default() };
    let refusal = verifier.check(Some(&header), None).refusal.expect("a refusal").to_string();
    assert_eq!(refusal, "found credentials that are no base64");
    // The name is in the header, and another one.
    let mut verifier = asks(Scheme::Digest, Lasts::Message, Some(b"known"));
    let source = Location { loc_name: Some("Dr Evil".into()), ..Location::default() };
    let header = Header { cred: prover.cred().map(Box::new), source: Some(source), ..Header::default() };
    assert_eq!(
        verifier.check(Some(&header), None).refusal.expect("a refusal").to_string(),
        "found credentials of another name"
    );
}

/// A device begins as Windows does (observed): without Cred while no nonce is known, then with it, and its name.
#[test]
fn windows_begins_without_cred() {
    let mut prover = Prover::new(Some(bruce()), Some(Scheme::Digest), None);
    assert_eq!((prover.cred(), prover.name()), (None, None));
    assert_eq!(
        prover.answered(&status("407", Some(chal("syncml:auth-md5", Some("Tm9uY2U="))))),
        Proof::Again
    );
    let cred = prover.cred().expect("a nonce is known");
    assert_eq!(cred.data.as_deref(), Some("Zz6EivR3yeaaENcRN6lpAQ=="));
    assert_eq!(prover.name().map(Text::as_str), Some("Bruce2"));
    // Whoever has no more to show gives up.
    assert_eq!(
        prover.answered(&status("401", Some(chal("syncml:auth-md5", Some("T3RoZXI="))))),
        Proof::Refused
    );
}

#[test]
fn challenges_that_cannot_be_met_are_refusals() {
    let refused = [
        ("407", None),
        ("401", Some(chal("syncml:auth-x509", None))),
        ("401", Some(chal("syncml:auth-md5", None))),
        ("401", Some(chal("syncml:auth-md5", Some("!")))),
        ("403", None),
        ("", None),
    ];
    for (code, chal) in refused {
        let mut prover = Prover::new(Some(bruce()), Some(Scheme::Basic), None);
        assert_eq!(prover.answered(&status(code, chal.clone())), Proof::Refused, "{code} {chal:?}");
    }
    // By HMAC every message needs a new nonce, and a 212 gives none.
    let chal = |nonce| Some(chal("syncml:auth-MAC", nonce));
    for (code, chal, expected) in [
        ("212", chal(Some("T3RoZXI=")), Proof::Refused),
        ("200", None, Proof::Refused),
        ("200", chal(None), Proof::Refused),
        ("200", chal(Some("Tm9uY2U=")), Proof::Refused),
        ("200", chal(Some("T3RoZXI=")), Proof::Accepted),
    ] {
        let mut prover = Prover::new(Some(bruce()), Some(Scheme::Hmac), Some(b"Nonce".to_vec()));
        assert_eq!(prover.answered(&status(code, chal.clone())), expected, "{code} {chal:?}");
    }
}

fn chal(scheme: &'static str, nonce: Option<&'static str>) -> Chal {
    let more = nonce.map(|nonce| MoreMeta { next_nonce: Some(nonce.into()), ..MoreMeta::default() });
    Chal { meta: Meta { format: None, media_type: Some(scheme.into()), more: more.map(Box::new) } }
}

proptest! {
    /// Whatever the two sides know and prefer, right credentials are taken and others refused, soon.
    #[test]
    fn every_pairing_ends(
        scheme in select(&Scheme::ALL[..]),
        lasts in select(&[Lasts::Session, Lasts::Message][..]),
        known in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        preference in prop::option::of(select(&Scheme::ALL[..])),
        nonce in prop::option::of(prop_oneof![Just(None), prop::collection::vec(any::<u8>(), 0..20).prop_map(Some)]),
        secrets in (".{0,6}", prop::option::of(".{0,6}")),
        name in "[a-zA-Z0-9@.\u{e9}\u{65e5}-]{0,8}",
        seed in any::<u64>(),
    ) {
        let (secret, other) = secrets;
        // `Some(None)`: what the verifier expects.
        let nonce = nonce.and_then(|nonce| nonce.or_else(|| known.clone()));
        let is_right = other.as_ref().is_none_or(|other| *other == secret);
        let expected = Credentials::new(&*name, &*secret);
        let own = Credentials::new(&*name, other.as_deref().unwrap_or(&secret));
        let mut verifier = Verifier::new(expected, scheme, known, Nonces::new(seed), lasts);
        let course = play(&mut Prover::new(Some(own), preference, nonce), &mut verifier, 5);
        if is_right {
            prop_assert_eq!(course.last, Proof::Accepted);
            prop_assert!(course.codes.len() <= 6, "{:?}", course);
        } else {
            prop_assert_eq!(course.last, Proof::Refused);
            prop_assert!(course.codes.len() <= 2, "{:?}", course);
        }
    }
}
