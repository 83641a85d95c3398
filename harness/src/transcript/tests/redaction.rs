//! What is redacted, and what is not: `fixtures/redaction`, and any message.
//!
//! `SNAPSHOTS=overwrite cargo test -p cspsim --lib redaction` writes what is redacted; read what it changed.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use csp_model::Value;
use csp_model::device::Profile;
use csp_model::xml::{Doctype, Event, Reader};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use syncml::codec::{self, Limits};
use syncml::message::strategies::{message, text};
use syncml::message::{
    Alert, Attribute, Command, Cred, Data, Element, Item, Kind, Location, Message, Meta, Node, Request, Verb,
};

use super::super::Body;
use super::super::redact::Redactor;
use crate::opening::Opening;
use crate::{Device, DeviceFile};

fn redacted(bytes: &[u8]) -> Vec<u8> {
    match Redactor::default().body(Bytes::copy_from_slice(bytes)) {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Withheld(_) => panic!("a text is not withheld"),
    }
}

#[test]
fn cases() {
    for case in fixtures::cases("redaction") {
        let found = redacted(&case.bytes("message.xml").expect("a case has a message"));
        if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
            fs::write(case.path.join("redacted.xml"), &found).unwrap();
        }
        let expected = case.bytes("redacted.xml").expect("a case has what is redacted");
        assert!(
            found == expected,
            "{}: found\n{}\nexpected\n{}",
            case.name,
            String::from_utf8_lossy(&found),
            String::from_utf8_lossy(&expected)
        );
        assert_eq!(redacted(&found), found, "{}: what is redacted stays so", case.name);
    }
}

/// The messages of other cases hold no secrets, but for those of the header and of accounts.
#[test]
fn messages_without_secrets_stay() {
    for case in fixtures::cases("messages") {
        for file in fs::read_dir(&case.path).unwrap().map(|file| file.unwrap().path()) {
            let bytes = fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let holds = [
                "Cred>",
                "NextNonce",
                "AAuthSecret",
                "AAuthData",
                "HWDevID",
                "MACAddress",
                "MobileID",
                "ExchangeID",
            ]
            .iter()
            .any(|secret| text.contains(secret));
            if file.extension().is_some_and(|extension| extension == "xml") && !holds {
                assert!(redacted(&bytes) == bytes, "{}", file.display());
            }
        }
    }
}

/// The error that refuses a message can be about its secret.
#[test]
fn reasons_quote_no_secret() {
    for secret in [
        "pa&hush;wo",
        "pa<hush>wo",
        "pa</hush>wo",
        "pa<hush",
        "pa&#hush;",
        "pa<hush a='1' hush='2' hush='3'>",
        "pa&hu`sh;",
    ] {
        for (before, after) in [
            ("<SyncML><SyncHdr><Cred><Data>", "</Data></Cred></SyncHdr><SyncBody/></SyncML>"),
            (
                "<SyncBody><Add><Item><Target><LocURI>./A/AAuthSecret</LocURI></Target><Data>",
                "</Data></Item></Add></SyncBody>",
            ),
        ] {
            let body = format!("{before}{secret}{after}");
            for body in [
                body.clone().into_bytes(),
                [0xff, 0xfe].into_iter().chain(body.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
            ] {
                let reason = crate::answer(&mut Device::builtin(), &body).unwrap_err().to_string();
                let redacted = Redactor::reason(&Bytes::from(body).into(), reason.as_str().into());
                assert!(!redacted.contains("hu"), "{redacted}");
                assert!(redacted.contains("expected"), "{redacted}");
            }
        }
    }
    let reason = "2:4: found `</Get>`, expected `</Item>`";
    let request = Bytes::from_static(b"<Cred><Data>s</Data></Cred>\n<Item></Get>");
    assert_eq!(&*Redactor::reason(&request.into(), reason.into()), reason);
}

#[test]
fn what_is_no_text_is_withheld() {
    for body in [&b"\x03\x01\x6a\0\x6d\x6c"[..], b"\x1f\x8b\x08\0\0", b"<SyncML>\0</SyncML>", b"\x1b(J<Cred>"]
    {
        let withheld = Redactor::default().body(Bytes::copy_from_slice(body));
        assert_eq!(withheld, Body::Withheld(body.len() as u64), "{body:?}");
    }
}

#[test]
fn equal_secrets_stay_equal_in_one_transcript() {
    let mut redactor = Redactor::default();
    let cred = |secret: &str| Bytes::from(format!("<Cred><Data>{secret}</Data></Cred>"));
    let one = redactor.body(cred("one"));
    assert_eq!(one, Body::Bytes(cred("REDACTED0001")));
    assert_eq!(redactor.body(cred("two")), Body::Bytes(cred("REDACTED0002")));
    for number in 0..40_000 {
        redactor.body(cred(&format!("other {number}")));
    }
    assert_eq!(redactor.body(cred("other 39999")), Body::Bytes(cred("REDACTED00040002")));
    assert_eq!(redactor.body(cred("one")), one, "it is among those that are remembered");
}

/// What a peer says is a number of no secret's.
#[test]
fn placeholders_of_a_peer() {
    let mut redactor = Redactor::default();
    let cred = |secret: &str| Bytes::from(format!("<Cred><Data>{secret}</Data></Cred>"));
    for (said, shown) in [
        ("one", "REDACTED0001"),
        ("REDACTED18446744073709551615", "REDACTED0002"),
        ("REDACTED0001", "REDACTED0003"),
        ("two", "REDACTED0004"),
    ] {
        assert_eq!(redactor.body(cred(said)), Body::Bytes(cred(shown)), "{said}");
    }
}

/// The token of a user is hidden in what opens a session, whichever Alert it stands in.
#[test]
fn tokens_of_openings() {
    let alerts = ["com.microsoft/mdm/aadusertoken=eyJ.one", "a:b=c"].map(|told| told.parse().unwrap());
    let token = Some("eyJ.one".to_owned());
    let opening = Opening { aad_user_token: token, alerts: alerts.into(), ..Opening::default() };
    let redacted = serde_json::to_value(&*Redactor::default().opening(Arc::new(opening))).unwrap();
    assert_eq!(redacted["aad_user_token"], "REDACTED0001");
    assert_eq!(
        redacted["alerts"],
        serde_json::json!(["com.microsoft/mdm/aadusertoken=REDACTED0001", "a:b=c"])
    );
}

/// A message can be as large as the endpoint lets it be. What takes time in proportion to its square would not end.
#[test]
fn hostile_bodies_take_no_longer_than_others() {
    const PIECES: [&str; 16] = [
        "<!--",
        "<![CDATA[",
        "<?",
        "<",
        "<a",
        "<a '\"",
        "<LocURI>",
        "<Item><Data>",
        "<LocURI>AAuthSecret<Type>",
        "<Cred>",
        "<Cred><Data>x",
        "<Item><LocURI>A/AAuthSecret</LocURI><Data>",
        "</Item>",
        "<Alert><Item>",
        "&",
        "<NextNonce>x<!--",
    ];
    for piece in PIECES {
        let body = piece.repeat(1024 * 1024 / piece.len());
        redacted(body.as_bytes());
        redacted(format!("<Cred><Data>{body}</Data></Cred>").as_bytes());
        redacted(format!("<Item><LocURI>A/AAuthSecret</LocURI><Data>{body}</Data></Item>").as_bytes());
    }
}

/// A snapshot keeps nodes too.
#[test]
fn snapshots_are_redacted() {
    let mut snapshot = Device::builtin().snapshot();
    let secret = Some(Value::Chr("correct horse".into()));
    for uri in ["./SyncML/DMAcc/a/AppAuth/1/AAuthSecret", "./SyncML/DMAcc/a/AppAuth/1/AAuthName"] {
        snapshot.state.stored.insert(uri.to_owned(), secret.clone());
    }
    let whole = Arc::new(snapshot);
    let mut redactor = Redactor::default();
    let redacted = redactor.snapshot(Arc::clone(&whole));
    let kept = |name: &str| {
        redacted.state.stored.get(&format!("./SyncML/DMAcc/a/AppAuth/1/{name}")).cloned().flatten()
    };
    assert_eq!(
        [kept("AAuthName"), kept("AAuthSecret")],
        [secret.clone(), Some(Value::Chr("REDACTED0001".into()))]
    );
    assert_eq!(whole.state.stored.values().filter(|value| **value == secret).count(), 2, "memory stays");
}

/// The file that a device was made of tells its account.
#[test]
fn accounts_are_redacted() {
    let text = "[account.appsrv]\ntype = \"DIGEST\"\nname = \"lab\"\nsecret = \"correct horse\"\nnonce = \"bm9uY2U=\"\n\
        [account.client]\ntype = \"BASIC\"\nsecret = \"correct horse\"\n";
    let file = DeviceFile::from_toml(text).unwrap();
    let device = Device::new(Arc::new(Profile::new(file).unwrap()));
    let mut redactor = Redactor::default();
    let redacted = serde_json::to_string(&redactor.snapshot(Arc::new(device.snapshot()))).unwrap();
    assert!(!redacted.contains("correct horse") && !redacted.contains("bm9uY2U="), "{redacted}");
    // The same secret in four places, and the nonce in two.
    assert_eq!([1, 2, 3].map(|number| redacted.matches(&format!("REDACTED000{number}")).count()), [4, 2, 0]);
    assert!(serde_json::from_str::<Device>(&redacted).is_ok());
}

/// Bytes that look like markup, in pieces that can end up anywhere.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&str; 34] = [
        "<Cred>",
        "</Cred>",
        "<Chal>",
        "</Chal>",
        "<Data>",
        "</Data>",
        "<Item>",
        "</Item>",
        "<Alert>",
        "</Alert>",
        "<Meta>",
        "</Meta>",
        "<Type>",
        "</Type>",
        "<NextNonce>",
        "</NextNonce>",
        "<LocURI>",
        "</LocURI>",
        "./A/AAuthSecret",
        "com.microsoft/MDM/AADUserToken",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<x y=\"",
        "\">",
        "<x",
        ">",
        "&amp;",
        "secret",
        " ",
        "é",
    ];
    vec(select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// `after` is `before` but for placeholders, each in the place of something.
fn differs_in_placeholders_alone(before: &[u8], after: &[u8]) -> bool {
    let after = String::from_utf8(after.to_vec()).unwrap();
    let mut kept = after.split("REDACTED").enumerate().map(|(index, part)| {
        let digits = if index == 0 { 0 } else { part.bytes().take(4).filter(u8::is_ascii_digit).count() };
        &part.as_bytes()[digits..]
    });
    let first = kept.next().unwrap_or_default();
    let Some(mut rest) = before.strip_prefix(first) else { return false };
    let kept: Vec<_> = kept.collect();
    for (index, part) in kept.iter().enumerate() {
        let is_last = index + 1 == kept.len();
        let found = if is_last {
            rest.ends_with(part).then(|| rest.len() - part.len())
        } else {
            (0..=rest.len()).find(|at| rest[*at..].starts_with(part))
        };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// The shape of a document: its elements, their attributes, and where text stands, but not what it says.
fn shape(text: &str) -> Vec<String> {
    let mut reader = Reader::new(text, Doctype::NoSubset, 64);
    let mut shape = Vec::new();
    loop {
        match reader.next().unwrap() {
            Event::Start(start) => {
                let names = reader.attributes().iter().map(|attribute| attribute.name);
                shape.push(format!("<{} {}", start.name, names.collect::<Vec<_>>().join(" ")));
            }
            Event::End(end) => shape.push(format!("</{}", end.name)),
            Event::Text(_) => shape.push("text".to_owned()),
            Event::Eof => return shape,
        }
    }
}

/// What is secret: a word that stands nowhere else, among characters that are hard.
fn secret() -> impl Strategy<Value = String> {
    (text(), "[k-z]{16}", text()).prop_map(|(before, word, after)| format!("{before}{word}{after}"))
}

/// A secret as text, or as markup.
fn data() -> impl Strategy<Value = Data> {
    let element = (secret(), secret(), secret()).prop_map(|(one, two, three)| {
        let inner = Element {
            name: "profile".into(),
            attributes: vec![Attribute { name: "key".into(), value: one.into() }],
            children: vec![Node::Text(two.into())],
            ..Element::default()
        };
        Data::Markup(vec![Node::Element(inner), Node::Text(three.into())])
    });
    prop_oneof![secret().prop_map(|secret| Data::Text(secret.into())), element]
}

/// A message with secrets in its header, in a node, and in an Alert.
fn message_with_secrets() -> impl Strategy<Value = Message> {
    let node =
        select(&["./SyncML/DMAcc/a/AppAuth/1/AAuthSecret", "./A/SCEP/x/Install/Challenge/?prop=Value"][..]);
    (message(), secret(), node, data(), data()).prop_map(|(mut message, cred, node, one, two)| {
        if let Some(header) = &mut message.header {
            header.cred = Some(Box::new(Cred { meta: None, data: Some(cred.into()) }));
        }
        let item = Item { target: Some(Location::new(node)), data: Some(one), ..Item::default() };
        let request = Request { verb: Verb::Replace, meta: None, items: vec![item].into(), correlator: None };
        let media_type = Some("com.microsoft/MDM/AADUserToken".into());
        let meta = Some(Meta { media_type, ..Meta::default() });
        let items = vec![Item { meta, data: Some(two), ..Item::default() }].into();
        let alert = Alert { code: Some("1224".into()), items, ..Alert::default() };
        for kind in [Kind::Request(request), Kind::Alert(alert)] {
            message.body.commands.push(Command::new(Some("77".into()), kind));
        }
        message
    })
}

/// The words that are secret: nothing else has sixteen of these letters in a row.
fn words(text: &str) -> usize {
    text.split(|character| !('k'..='z').contains(&character)).filter(|word| word.len() >= 16).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn bytes_outside_of_secrets_stay(bytes in soup()) {
        let once = redacted(&bytes);
        prop_assert!(differs_in_placeholders_alone(&bytes, &once), "{}", String::from_utf8_lossy(&once));
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in vec(any::<u8>(), 0..300)) {
        Redactor::default().body(bytes.into());
    }

    #[test]
    fn a_redacted_message_has_the_shape_that_it_had(message in message_with_secrets()) {
        let before = codec::encode(&message);
        prop_assert!(words(&String::from_utf8_lossy(&before)) > 0);
        let after = redacted(&before);
        prop_assert!(codec::decode(&after, &Limits::default()).is_ok());
        let (before, after) = (String::from_utf8(before).unwrap(), String::from_utf8(after).unwrap());
        prop_assert_eq!(words(&after), 0, "{}", after);
        prop_assert_eq!(shape(&before), shape(&after));
    }
}
