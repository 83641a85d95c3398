//! Every secret that goes in, looked for in what comes out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::json;
use syncml::codec::{self, Encoding, Limits};

use super::redact;
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
