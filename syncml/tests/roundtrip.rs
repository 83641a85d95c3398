//! Encoding and decoding undo each other, and encoding writes what Windows writes.

use proptest::prelude::*;
use syncml::codec::{Encoding, Limits, decode, encode, encode_as, wbxml};
use syncml::message::{Data, Kind, Message, Text, strategies};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_message_is_decoded_as_it_was_encoded(message in strategies::message()) {
        for encoding in Encoding::ALL {
            let bytes = encode_as(&message, encoding);
            prop_assert_eq!(Encoding::of(&bytes), encoding);
            let decoded = decode(&bytes, &Limits::default());
            prop_assert_eq!(decoded.as_ref(), Ok(&message), "{}", shown(&bytes));
        }
    }
}

/// Bytes for who reads a failure.
fn shown(bytes: &[u8]) -> String {
    match Encoding::of(bytes) {
        Encoding::Xml => String::from_utf8_lossy(bytes).into_owned(),
        Encoding::Wbxml => wbxml::dump(bytes),
    }
}

fn read(text: &str) -> Message {
    decode(text.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The messages are in Windows' shape: they come out as they went in.
#[test]
fn what_windows_writes_is_written_the_same() {
    let mut count = 0;
    for case in fixtures::cases("mutation-seeds").iter().filter(|case| case.name.starts_with("device-")) {
        let bytes = case.bytes("message.xml").expect("a message");
        let message =
            decode(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let written = String::from_utf8(encode(&message)).expect("text");
        assert_eq!(written, String::from_utf8_lossy(&bytes), "{}", case.name);
        count += 1;
    }
    assert!(count >= 3, "the folder holds what devices write");
}

/// Whatever a peer wrote, writing what was read of it changes nothing in it.
#[test]
fn what_was_read_is_written_without_loss() {
    for case in fixtures::cases("mutation-seeds") {
        let bytes = case.bytes("message.xml").expect("a message");
        let message =
            decode(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let again = decode(&encode(&message), &Limits::default());
        assert_eq!(again.as_ref(), Ok(&message), "{}", case.name);
    }
}

#[test]
fn text_is_the_same_escaped_and_in_cdata() {
    let body = |data: &str| format!("<SyncBody><Add><Item><Data>{data}</Data></Item></Add></SyncBody>");
    let escaped = read(&body("&lt;a b=&quot;c&quot;/&gt; &amp;amp;"));
    assert_eq!(escaped, read(&body("<![CDATA[<a b=\"c\"/> &amp;]]>")));
    assert_eq!(escaped, read(&body("&#60;a<!-- - --> b=<![CDATA[\"c]]>\"/> &#x26;<?p?>amp;")));
    assert_ne!(escaped, read(&body("<a b=\"c\"/> &amp;amp;")));
}

#[test]
fn one_element_can_hold_several_commands() {
    let text = "<SyncBody><Replace><CmdID>1</CmdID><Meta><Format>int</Format></Meta><Item><Data>a</Data></Item>\
                <CmdID>2</CmdID><Item><Data>b</Data></Item><Item><Data>c</Data></Item></Replace></SyncBody>";
    let message = read(text);
    let seen: Vec<_> = message
        .body
        .commands
        .iter()
        .map(|command| {
            let Kind::Request(request) = &command.kind else { panic!("{command:?} is no request") };
            let format = request.meta.as_ref().and_then(|meta| meta.format.as_deref());
            (command.cmd_id.as_deref(), command.continued, format, request.items.len())
        })
        .collect();
    assert_eq!(seen, [(Some("1"), false, Some("int"), 1), (Some("2"), true, Some("int"), 2)]);
    let [first, second] = message.body.commands.as_slice() else { panic!("two commands") };
    assert_eq!(text.get(second.span.range()).map(|text| &text[..16]), Some("<CmdID>2</CmdID>"));
    assert_eq!(first.span.end, second.span.start);
}

/// Each way of naming the vocabulary gives the same message, but for the namespace of its root.
#[test]
fn namespaces_of_the_protocol_mean_the_same() {
    let plain = read("<SyncML><SyncBody><Add><Meta><Type>t</Type></Meta></Add></SyncBody></SyncML>");
    for text in [
        "<SyncML xmlns='SYNCML:SYNCML1.1'><SyncBody xmlns=''><Add><Meta><Type>t</Type></Meta></Add></SyncBody></SyncML>",
        "<s:SyncML xmlns:s='SYNCML:SYNCML1.2' xmlns:m='syncml:metinf'><s:SyncBody><s:Add><s:Meta><m:Type>t</m:Type>\
         </s:Meta></s:Add></s:SyncBody></s:SyncML>",
    ] {
        assert_eq!(read(text).body, plain.body, "{text}");
    }
}

#[test]
fn an_element_of_another_vocabulary_is_kept() {
    let text = "<SyncBody xmlns:v='urn:v'><Get><CmdID>1</CmdID><v:Item v:a='b'><v:c/></v:Item><Item/></Get>\
                <v:Get><CmdID>2</CmdID></v:Get></SyncBody>";
    let message = read(text);
    let [get, unknown] = message.body.commands.as_slice() else { panic!("two commands") };
    assert_eq!(get.unknown.len(), 1);
    assert_eq!((unknown.name().as_str(), unknown.cmd_id.as_deref()), ("v:Get", Some("2")));
    assert_eq!(decode(&encode(&message), &Limits::default()).as_ref(), Ok(&message));
}

/// Of two the first counts; the other is not lost, wherever it stood.
#[test]
fn a_repeated_element_is_kept_as_unknown() {
    let text = "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>a</LocURI><LocURI>b</LocURI></Target>\
                <Data>1</Data><Data>2</Data></Item></Get></SyncBody>";
    let message = read(text);
    let [get] = message.body.commands.as_slice() else { panic!("one command") };
    let Kind::Request(request) = &get.kind else { panic!("a request") };
    let [item] = request.items.as_slice() else { panic!("one item") };
    assert_eq!(item.target.as_ref().and_then(|target| target.loc_uri.as_deref()), Some("a"));
    assert_eq!(item.data, Some(Data::Text(Text::from_static("1"))));
    let names: Vec<_> = item.unknown.iter().map(|element| element.name.as_str()).collect();
    assert_eq!(names, ["Target", "Data"]);
    assert_eq!(decode(&encode(&message), &Limits::default()).as_ref(), Ok(&message));
}

#[test]
fn characters_that_xml_lacks_are_never_written() {
    let mut message = read("<SyncBody><Add><CmdID>1</CmdID></Add></SyncBody>");
    message.body.commands[0].cmd_id = Some(Text::from_static("a\0\u{1b}\u{ffff}b\r"));
    let again = decode(&encode(&message), &Limits::default()).expect("a message");
    assert_eq!(again.body.commands[0].cmd_id.as_deref(), Some("a\u{fffd}\u{fffd}\u{fffd}b\r"));
}

#[test]
fn encodings() {
    let text = "<SyncBody><Get><CmdID>\u{e9}</CmdID></Get></SyncBody>";
    let expected = read(text);
    let wide = |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        [mark.to_vec(), text.encode_utf16().flat_map(unit).collect()].concat()
    };
    let declared = |label: &str| format!("<?xml version=\"1.0\" encoding=\"{label}\"?>");
    let latin: Vec<u8> =
        text.chars().map(|character| u8::try_from(u32::from(character)).expect("Latin 1")).collect();
    for bytes in [
        wide(u16::to_le_bytes, [0xff, 0xfe]),
        wide(u16::to_be_bytes, [0xfe, 0xff]),
        format!("\u{feff}{text}").into_bytes(),
        (declared("utf-16") + text).into_bytes(),
        (declared("UTF-8") + text).into_bytes(),
        [declared("iso-8859-1").into_bytes(), latin.clone()].concat(),
        [declared("windows-1252").into_bytes(), latin].concat(),
    ] {
        assert_eq!(decode(&bytes, &Limits::default()).as_ref(), Ok(&expected), "{bytes:?}");
    }
}

#[test]
fn texts_share_the_body() {
    let text =
        syncml::codec::text(b"<SyncBody><Get><CmdID>no-number</CmdID></Get></SyncBody>", &Limits::default());
    let text = text.expect("text");
    let message = syncml::codec::xml::read(&text, &Limits::default()).expect("a message");
    let cmd_id = message.body.commands[0].cmd_id.as_ref().expect("an id");
    assert!(text.as_bytes().as_ptr_range().contains(&cmd_id.as_ptr()), "no copy was made");
}
