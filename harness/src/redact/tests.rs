//! Every secret that goes in, looked for in what comes out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use syncml::codec::{self, Encoding, Limits};

use super::{Redacted, redact};
use crate::transcript::{Entry, Event, Exchange, LineWriter, Origin, Outcome, Secrets};
use crate::{Device, opening};

const SECRETS: [&str; 7] = [
    "Y29ycmVjdCBob3JzZQ==",
    "bm9uY2Utb25l",
    "MIIBszCCAVmgAwIBAgI",
    "SN-0042-7781",
    "https://db5.notify.windows.com/?token=AwYAAA",
    "eyJ0eXAiOiJKV1QifQ.e30.c2ln",
    "VK7JG-NPHTM-C97JM-9MPGT-3V66T",
];

/// A message that holds them all.
fn message() -> String {
    let [cred, nonce, certificate, serial, channel, token, key] = SECRETS;
    let item = |uri: &str, value: &str| {
        format!("<Item><Target><LocURI>{uri}</LocURI></Target><Data>{value}</Data></Item>")
    };
    let result = |uri: &str, value: &str| {
        format!("<Item><Source><LocURI>{uri}</LocURI></Source><Data>{value}</Data></Item>")
    };
    format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
         <SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>http://mdm.test/</LocURI></Target>\
         <Source><LocURI>plain-id</LocURI></Source><Cred><Meta><Type xmlns=\"syncml:metinf\">syncml:auth-md5</Type>\
         <NextNonce xmlns=\"syncml:metinf\">{nonce}</NextNonce></Meta><Data>{cred}</Data></Cred></SyncHdr><SyncBody>\
         <Alert><CmdID>2</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"syncml:metinf\">\
         com.microsoft/MDM/AADUserToken</Type></Meta><Data>{token}</Data></Item></Alert>\
         <Replace><CmdID>3</CmdID>{}{}</Replace><Results><CmdID>4</CmdID><CmdRef>1</CmdRef>{}{}{}</Results>\
         <Final/></SyncBody></SyncML>",
        item("./Vendor/MSFT/RootCATrustedCertificates/Root/AB/EncodedCertificate", certificate),
        item("./Vendor/MSFT/WindowsLicensing/ChangeProductKey", key),
        result("./DevDetail/Ext/Microsoft/SMBIOSSerialNumber", serial),
        result("./Vendor/MSFT/DMClient/Provider/lab/Push/ChannelURI", channel),
        result("./DevInfo/Man", "Contoso"),
    )
}

/// Redacts, and looks that nothing is left, that the rest is, and that it is the same every time.
fn clean(bytes: impl Into<Bytes>) -> String {
    let bytes = bytes.into();
    let once = redact(bytes.clone()).unwrap().bytes;
    assert_eq!(redact(bytes).unwrap().bytes, once, "it is the same every time");
    assert_eq!(redact(once.clone().into()).unwrap().bytes, once, "what is redacted stays so");
    let text = String::from_utf8_lossy(&once).into_owned();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
        assert!(!text.contains(&BASE64.encode(secret)), "{secret}: {text}");
    }
    text
}

#[test]
fn messages() {
    let text = clean(message());
    assert!(text.contains("<Data>Contoso</Data>") && text.contains("plain-id"), "{text}");
    assert_eq!(text.matches("REDACTED").count(), SECRETS.len());
    let decoded = codec::decode(message().as_bytes(), &Limits::default()).unwrap();
    let wbxml = codec::encode_as(&decoded, Encoding::Wbxml);
    let redacted = redact(wbxml.into()).unwrap().bytes;
    let text = codec::encode(&codec::decode(&redacted, &Limits::default()).unwrap());
    clean(text);
}

#[test]
fn text_with_messages_and_headers_in_it() {
    let [.., token, _] = SECRETS;
    let text = format!(
        "POST /mdm HTTP/1.1\r\nAuthorization: Bearer {token}\r\nAccept: */*\r\n> Cookie: id={token}\r\n\r\n{}\r\nEnd\r\n",
        message()
    );
    let text = clean(text);
    assert!(text.contains("Accept: */*\r\n") && text.ends_with("\r\nEnd\r\n"), "{text}");
}

#[test]
fn har() {
    let [cred, .., token, _] = SECRETS;
    let document = json!({ "log": { "version": "1.2", "entries": [{
        "request": {
            "method": "POST",
            "url": format!("https://mdm.test/mdm?mode=Machine&key={token}#x"),
            "headers": [{ "name": "Authorization", "value": format!("Bearer {token}") }, { "name": "Accept", "value": "*/*" }],
            "cookies": [{ "name": "sid", "value": cred }],
            "queryString": [{ "name": "mode", "value": "Machine" }, { "name": "key", "value": token }],
            "postData": { "mimeType": "application/vnd.syncml.dm+xml", "text": message() },
        },
        "response": { "status": 200, "content": { "encoding": "base64", "text": BASE64.encode(message()) } },
    }, {
        "response": { "status": 200, "content": { "encoding": "base64", "text": BASE64.encode([0_u8, 1, 2]) } },
    }] } });
    let text = clean(serde_json::to_vec(&document).unwrap());
    let redacted: serde_json::Value = serde_json::from_str(&text).unwrap();
    let request = &redacted["log"]["entries"][0]["request"];
    assert_eq!(request["headers"][1]["value"], "*/*");
    assert_eq!(request["queryString"][0]["value"], "Machine");
    let url = request["url"].as_str().unwrap();
    let hidden = request["queryString"][1]["value"].as_str().unwrap();
    assert_eq!(url, format!("https://mdm.test/mdm?mode=Machine&key={hidden}#"), "equal secrets stay equal");
    let content = &redacted["log"]["entries"][0]["response"]["content"]["text"];
    clean(BASE64.decode(content.as_str().unwrap()).unwrap());
    assert_eq!(redacted["log"]["entries"][1]["response"]["content"]["text"], "");
}

#[test]
fn lines_of_json() {
    let [.., token, _] = SECRETS;
    let line = json!({ "body": message(), "access_token": token, "size": 3 });
    let text = clean(format!("{line}\n{line}\n"));
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[0]["size"], 3);
}

/// A transcript with `secrets` shown.
fn transcript() -> Vec<u8> {
    let [.., token, _] = SECRETS;
    let device = Device::builtin();
    let snapshot = Arc::new(device.snapshot());
    let mut bytes = Vec::new();
    let mut lines = LineWriter::new(&mut bytes, Secrets::Shown);
    let name = "lab".into();
    lines.header(&name, &snapshot).unwrap();
    let opening = opening::Opening { aad_user_token: Some(token.to_owned()), ..opening::Opening::default() };
    let origins = [Origin::Opened(Arc::new(opening)), Origin::Posted { media_type: None, mac: None }];
    for (origin, seq) in origins.into_iter().zip(1..) {
        let outcome = Outcome::Answered { http: 200, body: Bytes::from(message()).into() };
        let exchange = Exchange { origin, request: Bytes::from(message()).into(), outcome };
        let at = snapshot.state.clock;
        let entry = Entry { seq, at, event: Event::Exchange(exchange), events: Arc::default() };
        lines.entry(&name, entry).unwrap();
    }
    bytes
}

#[test]
fn transcripts() {
    let text = clean(transcript());
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("\"secrets\":\"hidden\""), "{text}");
    let mut cut = transcript();
    cut.extend_from_slice(b"{\"name\":\"lab\",\"seq\":3,\"at");
    let redacted = redact(cut.into()).unwrap();
    assert_eq!(redacted.notes, ["line 4 breaks off: it is left out"]);
    assert!(redact(Bytes::from_static(b"{\"cspsim_transcript\":2}\n")).unwrap_err().contains("version 2"));
}

#[test]
fn what_nothing_can_be_looked_for_in() {
    assert!(redact(Bytes::from_static(b"\x1f\x8b\x08\0\0")).is_err());
}

/// A secret that stands nowhere else.
const HIDDEN: &str = "S3CRET-VALUE-XYZ";

/// A message of one credential, and of one node's value.
fn short(secret: &str) -> String {
    format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
         <SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>http://m/</LocURI></Target><Source><LocURI>dev</LocURI>\
         </Source><Cred><Data>{secret}</Data></Cred></SyncHdr><SyncBody><Replace><CmdID>1</CmdID><Item><Target><LocURI>\
         ./Vendor/MSFT/RemoteLock/NewPINValue</LocURI></Target><Data>{secret}</Data></Item></Replace><Final/></SyncBody>\
         </SyncML>"
    )
}

/// How a text can stand in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    Plain,
    Mark,
    XmlText,
    Cdata,
    Comment,
    JsonField,
    JsonInLog,
    JsonAscii,
    Base64Field,
    Base64InLog,
    Burp,
    HarText,
    HarBase64,
    Lines,
}

impl Wrapper {
    const ALL: [Self; 14] = [
        Self::Plain,
        Self::Mark,
        Self::XmlText,
        Self::Cdata,
        Self::Comment,
        Self::JsonField,
        Self::JsonInLog,
        Self::JsonAscii,
        Self::Base64Field,
        Self::Base64InLog,
        Self::Burp,
        Self::HarText,
        Self::HarBase64,
        Self::Lines,
    ];

    fn wrap(self, text: &str) -> String {
        let escaped = || text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        match self {
            Self::Plain => text.to_owned(),
            Self::Mark => format!("\u{feff}{}", text.trim_start_matches('\u{feff}')),
            Self::XmlText => format!("2024 INFO sent: {}\nnext line\n", escaped()),
            Self::Cdata => {
                format!(
                    "<Event><Payload><![CDATA[{}]]></Payload></Event>",
                    text.replace("]]>", "]]]]><![CDATA[>")
                )
            }
            Self::Comment => format!("<!-- {} -->", text.replace("--", "- -")),
            Self::JsonField => json!({ "message": text, "size": 3 }).to_string(),
            Self::JsonInLog => format!("2024 INFO {}\n", json!({ "message": text })),
            Self::JsonAscii => {
                let text = json!({ "message": text }).to_string();
                format!(
                    "2024 INFO {}\n",
                    text.replace('<', "\\u003c").replace('>', "\\u003E").replace('&', "\\u0026")
                )
            }
            Self::Base64Field => json!({ "body": BASE64.encode(text) }).to_string(),
            Self::Base64InLog => format!("2024 INFO body={} ok\n", BASE64.encode(text)),
            Self::Burp => {
                let request = format!("POST / HTTP/1.1\r\nAuthorization: Bearer {HIDDEN}\r\n\r\n{text}");
                format!(
                    "<items><item><request base64=\"true\"><![CDATA[{}]]></request></item></items>",
                    BASE64.encode(request)
                )
            }
            Self::HarText => {
                json!({ "log": { "entries": [{ "request": { "postData": { "text": text } } }] } }).to_string()
            }
            Self::HarBase64 => json!({ "log": { "entries": [{
                "response": { "content": { "text": BASE64.encode(text), "encoding": "base64" } }
            }] } })
            .to_string(),
            Self::Lines => {
                let line = json!({ "level": "info", "message": text });
                format!("{line}\n{line}\n")
            }
        }
    }
}

/// Looks that nothing of a secret is left, as it is or in Base64, wherever it begins there.
fn assert_hidden(bytes: &[u8], secret: &str, what: &str) {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let wide = String::from_utf16_lossy(&units.collect::<Vec<_>>());
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut needles = vec![secret.to_owned()];
    for before in 0..3 {
        let encoded = BASE64.encode(format!("{}{secret}", " ".repeat(before)));
        // The first characters depend on what is before, the last on what comes after.
        needles.push(encoded.trim_end_matches('=')[4..encoded.len() - 4].to_owned());
    }
    for needle in &needles {
        assert!(!text.contains(needle) && !wide.contains(needle), "{what}: {needle}: {text}");
    }
}

fn assert_clean(bytes: &[u8], secret: &str, what: &str) -> Redacted {
    let once = redact(Bytes::copy_from_slice(bytes)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_hidden(&once.bytes, secret, what);
    let twice = redact(once.bytes.clone().into()).unwrap();
    assert!(
        twice.bytes == once.bytes,
        "{what}: what is redacted stays\n{}\n{}",
        String::from_utf8_lossy(&once.bytes),
        String::from_utf8_lossy(&twice.bytes)
    );
    assert!(String::from_utf8_lossy(&once.bytes).replace('\0', "").len() > 10, "{what}: something is left");
    once
}

fn utf16(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to).collect()
}

#[test]
fn every_wrapper() {
    for outer in Wrapper::ALL {
        for inner in Wrapper::ALL {
            let what = format!("{inner:?} in {outer:?}");
            let text = outer.wrap(&inner.wrap(&short(HIDDEN)));
            assert_clean(text.as_bytes(), HIDDEN, &what);
            if inner == Wrapper::Plain && outer != Wrapper::Mark {
                for to in [u16::to_le_bytes, u16::to_be_bytes] {
                    let kept = assert_clean(&utf16(&format!("\u{feff}{text}"), to), HIDDEN, &what);
                    assert_eq!(kept.bytes[..2], utf16("\u{feff}", to)[..], "{what}: it stays UTF-16");
                    assert_clean(&utf16(&text, to), HIDDEN, &what);
                }
            }
        }
    }
}

/// What is left of an escaped message has its escapes.
#[test]
fn escapes_stay() {
    for wrapper in
        [Wrapper::XmlText, Wrapper::Cdata, Wrapper::Comment, Wrapper::JsonInLog, Wrapper::JsonAscii]
    {
        let redacted = assert_clean(wrapper.wrap(&short(HIDDEN)).as_bytes(), HIDDEN, "escapes").bytes;
        assert_eq!(String::from_utf8(redacted).unwrap(), wrapper.wrap(&short("REDACTED0001")), "{wrapper:?}");
    }
}

/// What HTTP knows to be secret, in every place that archives and logs have for it.
#[test]
fn what_http_knows() {
    let entry = |request: serde_json::Value, content: serde_json::Value| {
        json!({ "log": { "entries": [{ "request": request, "response": { "content": content } }] } })
            .to_string()
    };
    let oauth = json!({ "access_token": HIDDEN, "token_type": "Bearer" }).to_string();
    let form = format!("grant_type=password&password={HIDDEN}");
    let files = [
        entry(json!({}), json!({ "text": oauth })),
        entry(json!({}), json!({ "text": BASE64.encode(&oauth), "encoding": "base64" })),
        entry(json!({ "postData": { "text": form, "params": [{ "name": "password", "value": HIDDEN }] } }), json!({})),
        entry(json!({ "postData": { "mimeType": "application/x-www-form-urlencoded", "text": format!("x={HIDDEN}") } }), json!({})),
        entry(
            json!({ "headers": [
                { "name": ":path", "value": format!("/mdm?key={HIDDEN}") },
                { "name": "Referer", "value": format!("https://m/x?token={HIDDEN}") },
                { "name": "Location", "value": format!("/x?code={HIDDEN}") },
                { "name": "x-next", "value": format!("see https://m/x?code={HIDDEN}") },
            ] }),
            json!({}),
        ),
        entry(json!({ "url": format!("https://u:{HIDDEN}@m/") }), json!({})),
        entry(json!({ "url": format!("https://{HIDDEN}@m/#access_token={HIDDEN}") }), json!({})),
        json!({ "Password": HIDDEN, "clientSecret": HIDDEN, "serialNumber": HIDDEN, "apiKey": HIDDEN, "api-key": HIDDEN,
            "hardwareData": HIDDEN, "Authorization": [HIDDEN], "refresh_token": { "value": HIDDEN } })
        .to_string(),
        format!("{{\"password\": \"{HIDDEN}\", \"password\": \"{HIDDEN}\"}}"),
        format!("2024-01-01 DEBUG Authorization: Bearer {HIDDEN}\n"),
        format!("curl -H 'Authorization: Bearer {HIDDEN}' https://m/ -o file\n"),
        format!("got {{\"Authorization\": \"Bearer {HIDDEN}\", \"size\": 3}} at 12\n"),
        format!("got \\\"access_token\\\":\\\"{HIDDEN}\\\" at 12\n"),
        format!("got \\u0022access_token\\u0022:\\u0022{HIDDEN}\\u0022 at 12\n"),
        format!("POST /mdm?token={HIDDEN} HTTP/1.1\r\nReferer: https://u:{HIDDEN}@m/x?a=b\\u0026c={HIDDEN}\r\n\r\n{form}\r\n"),
        format!("<Header>Cookie: sid={HIDDEN}</Header><Size>3</Size>"),
    ];
    for file in &files {
        assert_clean(file.as_bytes(), HIDDEN, file);
    }
    let shown =
        |index: usize| String::from_utf8(assert_clean(files[index].as_bytes(), HIDDEN, "").bytes).unwrap();
    assert_eq!(shown(10), "curl -H 'Authorization: REDACTED0001' https://m/ -o file\n");
    assert_eq!(shown(11), "got {\"Authorization\": \"REDACTED0001\", \"size\": 3} at 12\n");
    assert_eq!(shown(15), "<Header>Cookie: REDACTED0001</Header><Size>3</Size>");
    assert!(shown(14).starts_with("POST /mdm?token=REDACTED0001 HTTP/1.1\r\n"), "{}", shown(14));
}

/// All but the secrets stays as it is written.
#[test]
fn json_stays() {
    let text = "{ \"x\": 12345678901234567890123, \"x\": 1.50,\n\t\"\\u0061\": \"\\/\", \"token\": \"T\" }\n\n{\"b\":[ ]}";
    let redacted = redact(Bytes::from(text)).unwrap().bytes;
    assert_eq!(String::from_utf8(redacted).unwrap(), text.replace("\"T\"", "\"REDACTED0001\""));
}

/// What cannot be read is not passed on.
#[test]
fn json_that_breaks_off() {
    for text in [
        format!("{{\n \"url\": \"https://m/?key={HIDDEN}\", \"text\":"),
        format!("{{\"Authorization\": \"{HIDDEN}"),
        format!("{}{{\"Authorization\": \"{HIDDEN}\"}}{}", "[".repeat(200), "]".repeat(200)),
        format!("{{\"a\": 1}}\n{{\"Authorization\": \"{HIDDEN}\n{{\"a\": 1}}\n"),
    ] {
        let error = redact(Bytes::from(text)).unwrap_err();
        assert!(error.contains("line") || error.contains("1:129"), "{error}");
    }
    let whole = "{\"size\": 1}\n";
    for cut in [
        format!("{whole}{{\"Authorization\": \"{HIDDEN}"),
        format!("{whole}{{\"Authorization\": \"{HIDDEN}\n"),
    ] {
        let redacted = redact(Bytes::from(cut)).unwrap();
        assert_eq!(redacted.bytes, whole.as_bytes());
        assert_eq!(redacted.notes, ["line 2 breaks off: it is left out"]);
    }
    assert!(redact(Bytes::from_static(b"[12:00] INFO started\n")).is_ok());
}

/// A snapshot and a transcript are told by what they say, not by their first bytes.
#[test]
fn snapshots_and_transcripts_however_they_are_written() {
    let mut snapshot = Device::builtin().snapshot();
    let value = Some(csp_model::Value::Chr(HIDDEN.into()));
    snapshot.state.stored.insert("./SyncML/DMAcc/a/AppAuth/1/AAuthSecret".to_owned(), value);
    let text = serde_json::to_string(&snapshot).unwrap();
    for text in
        [text.clone(), format!("\u{feff}{text}"), format!(" \n{text}"), format!("{{\"device\":{text}}}")]
    {
        assert_clean(text.as_bytes(), HIDDEN, "a snapshot");
    }
    let mut bytes = Vec::new();
    let mut lines = LineWriter::new(&mut bytes, Secrets::Shown);
    lines.header(&"lab".into(), &Arc::new(snapshot)).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let spaced = text.replacen("{\"cspsim_transcript\"", "{ \"cspsim_transcript\"", 1);
    for text in [text.clone(), spaced, format!("\u{feff}{text}"), format!("{{\"a\":1}}\n{text}")] {
        let redacted = assert_clean(text.as_bytes(), HIDDEN, "a transcript");
        assert!(redacted.notes.len() < 2, "{:?}", redacted.notes);
    }
    assert_clean(&utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), HIDDEN, "a transcript");
}

/// A number that stands in a file is no other secret's.
#[test]
fn numbers_that_are_there() {
    let creds = |texts: [&str; 3]| texts.map(|text| format!("<Cred><Data>{text}</Data></Cred>")).concat();
    let redacted = |text: String| String::from_utf8(redact(text.into()).unwrap().bytes).unwrap();
    assert_eq!(
        redacted(creds([HIDDEN, "REDACTED0001", "x"])),
        creds(["REDACTED0002", "REDACTED0001", "REDACTED0003"])
    );
    assert_eq!(
        redacted(creds(["REDACTED18446744073709551615", "x", "REDACTED0001"])),
        creds(["REDACTED0002", "REDACTED0003", "REDACTED0001"])
    );
    assert_eq!(
        redacted(format!("REDACTED0004 {}", creds(["x", "y", "x"]))),
        format!("REDACTED0004 {}", creds(["REDACTED0005", "REDACTED0006", "REDACTED0005"]))
    );
}

#[test]
fn nothing_to_be_found() {
    let redacted = redact(Bytes::from_static(b"hi\n")).unwrap();
    assert_eq!(
        (&*redacted.bytes, redacted.notes),
        (&b"hi\n"[..], vec!["no message was found in it".to_owned()])
    );
    assert!(redact(message().into()).unwrap().notes.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn secrets_in_wrappers(secret in "[A-Za-z0-9]{16,24}", wrappers in vec(select(&Wrapper::ALL[..]), 1..4)) {
        let text = wrappers.iter().fold(short(&secret), |text, wrapper| wrapper.wrap(&text));
        assert_clean(text.as_bytes(), &secret, &format!("{wrappers:?}"));
    }

    #[test]
    fn any_text_is_redacted_once(pieces in vec(select(&PIECES[..]), 0..24)) {
        if let Ok(once) = redact(pieces.concat().into()) {
            let twice = redact(once.bytes.clone().into()).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&twice.bytes), String::from_utf8_lossy(&once.bytes));
        }
    }
}

/// Pieces of files, in an order that nobody writes.
const PIECES: [&str; 28] = [
    "{\"a\":",
    "}",
    "\"",
    "\\\"",
    "Authorization: ",
    "\"token\":",
    "<Cred>",
    "</Cred>",
    "<Data>",
    "</Data>",
    "&lt;Cred&gt;",
    "&lt;Data&gt;",
    "&lt;/Data&gt;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "https://u:p@h/?a=b",
    "&c=d",
    " ",
    "\n",
    "secret",
    "REDACTED0001",
    "REDACTED0002",
    "\\u003cData>",
    "<parm name=\"AAuthSecret\" value=\"",
    "<Password>",
    "\\",
];
