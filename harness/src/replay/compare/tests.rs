//! What differences there are between messages, and what they weigh.

use syncml::codec::{self, Limits};
use syncml::message::Message;

use super::{Asked, Extent, Ignore, Maps, compare};

const QUESTION: &str = "<Get><CmdID>5</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get>\
    <Get><CmdID>6</CmdID><Item><Target><LocURI>./Vendor/MSFT/Update/InstallableUpdates</LocURI></Target></Item></Get>";

fn message(session: &str, source: &str, body: &str) -> Message {
    let text = format!(
        "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
         <SessionID>{session}</SessionID><MsgID>2</MsgID><Target><LocURI>https://mdm.example.test/</LocURI></Target>\
         <Source><LocURI>{source}</LocURI></Source></SyncHdr><SyncBody>{body}<Final/></SyncBody></SyncML>"
    );
    codec::decode(text.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn status(id: u32, cmd_ref: u32, cmd: &str, code: &str) -> String {
    format!(
        "<Status><CmdID>{id}</CmdID><MsgRef>1</MsgRef><CmdRef>{cmd_ref}</CmdRef><Cmd>{cmd}</Cmd><Data>{code}</Data></Status>"
    )
}

fn results(id: u32, cmd_ref: u32, uri: &str, meta: &str, data: &str) -> String {
    format!(
        "<Results><CmdID>{id}</CmdID><MsgRef>1</MsgRef><CmdRef>{cmd_ref}</CmdRef><Item><Source><LocURI>{uri}</LocURI></Source>\
         {meta}<Data>{data}</Data></Item></Results>"
    )
}

fn differences(expected: &str, got: &str) -> Vec<String> {
    let asked = Asked::of(&message("1", "server", QUESTION));
    let (one, other) = (message("1", "dev", expected), message("1", "dev", got));
    let found = compare(&one, &other, &asked, &mut Maps::default(), &Ignore::default(), Extent::WHOLE);
    found.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(expected: &str, got: &str, differences_are: &[&str]) {
    assert_eq!(differences(expected, got), differences_are);
}

const NODE: &str = "<Meta><Format xmlns='syncml:metinf'>node</Format></Meta>";

#[test]
fn what_is_numbered_otherwise_is_the_same() {
    let one = status(1, 0, "SyncHdr", "200") + &status(2, 5, "Get", "200");
    let other = status(7, 0, "SyncHdr", "212") + &status(9, 5, "Get", "200");
    check(&one, &other, &[]);
}

#[test]
fn another_status_or_value_is_another_meaning() {
    let one = status(1, 5, "Get", "200") + &results(2, 5, "./DevInfo/Man", "", "Contoso");
    let other = status(1, 5, "Get", "404") + &results(2, 5, "./DevInfo/Man", "", "Fabrikam");
    check(
        &one,
        &other,
        &[
            "different meaning: Status of Get 5 \"./DevInfo/Man\": Data: expected `200`, got `404`",
            "different meaning: Results of Get 5 \"./DevInfo/Man\": Data: expected `Contoso`, got `Fabrikam`",
        ],
    );
}

#[test]
fn all_differences_are_told_and_not_only_the_first() {
    let one = status(1, 5, "Get", "200") + &status(2, 6, "Get", "200");
    check(
        &one,
        "",
        &[
            "breaks the protocol: Status of Get 5 \"./DevInfo/Man\": expected `200`, got nothing",
            "breaks the protocol: Status of Get 6 \"./Vendor/MSFT/Update/InstallableUpdates\": expected `200`, got nothing",
        ],
    );
}

#[test]
fn a_status_that_nothing_asked_for_breaks_the_protocol() {
    let more = status(3, 9, "Get", "200");
    check("", &more, &["breaks the protocol: Status of command 9: expected nothing, got `200`"]);
}

#[test]
fn reports_may_stand_in_any_order() {
    let (one, other) = (status(1, 5, "Get", "200"), status(2, 6, "Get", "200"));
    check(
        &format!("{one}{other}"),
        &format!("{other}{one}"),
        &["order only: SyncBody: order: expected `Status of Get 5 ./DevInfo/Man before Status of Get 6 \
           ./Vendor/MSFT/Update/InstallableUpdates`, got `Status of Get 6 ./Vendor/MSFT/Update/InstallableUpdates before \
           Status of Get 5 ./DevInfo/Man`"],
    );
}

#[test]
fn what_does_something_may_not() {
    let verb = |verb: &str, id: u32, uri: &str| {
        format!("<{verb}><CmdID>{id}</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></{verb}>")
    };
    let (one, other) = (verb("Delete", 1, "./A"), verb("Add", 2, "./A"));
    check(
        &format!("{one}{other}"),
        &format!("{other}{one}"),
        &[
            "different meaning: SyncBody: order: expected `Delete ./A before Add ./A`, got `Add ./A before Delete ./A`",
        ],
    );
}

#[test]
fn names_below_a_node_are_a_set() {
    let uri = "./Vendor/MSFT/Update/InstallableUpdates";
    let one = results(1, 6, uri, NODE, "a/b/c");
    check(
        &one,
        &results(1, 6, uri, NODE, "c/a/b"),
        &[
            "order only: Results of Get 6 \"./Vendor/MSFT/Update/InstallableUpdates\": Data: expected `a/b/c`, got `c/a/b`",
        ],
    );
    check(
        &one,
        &results(1, 6, uri, NODE, "a/b"),
        &[
            "different meaning: Results of Get 6 \"./Vendor/MSFT/Update/InstallableUpdates\": Data: expected `a/b/c`, got `a/b`",
        ],
    );
}

#[test]
fn how_it_is_spelled_is_a_matter_of_shape() {
    let one = results(1, 5, "./DevInfo/Man", "", "Contoso");
    check(
        &one,
        &results(1, 5, "./Device/DevInfo/Man", "<Meta><Format>chr</Format></Meta>", " Contoso "),
        &[
            "different shape: Results of Get 5 \"./DevInfo/Man\": Data: expected `Contoso`, got ` Contoso `",
            "different shape: Results of Get 5 \"./DevInfo/Man\": Source: expected `./DevInfo/Man`, got `./Device/DevInfo/Man`",
            "different shape: Results of Get 5 \"./DevInfo/Man\": Meta/Format said: expected nothing, got `chr`",
        ],
    );
}

#[test]
fn documents_are_compared_without_their_white_space() {
    let one = results(1, 5, "./A", "", "&lt;a b=\"1\" c=\"2\"&gt;&lt;d/&gt;&lt;/a&gt;");
    let other = results(1, 5, "./A", "", "<![CDATA[<a c=\"2\" b=\"1\">\n  <d></d>\n</a>]]>");
    let found = differences(&one, &other);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found.iter().all(|found| found.starts_with("different shape")), "{found:?}");
}

#[test]
fn times_are_another_in_every_run() {
    let time = |at: &str| results(1, 5, "./DevDetail/Ext/Microsoft/LocalTime", "", at);
    check(&time("2024-01-01T08:00:00Z"), &time("2026-11-28T20:00:00.1234567+01:00"), &[]);
}

#[test]
fn identities_may_be_others_throughout_and_no_third_ones() {
    let uri = |guid: &str| format!("./Vendor/MSFT/ClientCertificateInstall/SCEP/{guid}");
    let (one, two) = ("5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01", "11111111-7d5c-4bb6-a9a6-6e3e5b6a6a01");
    let said = |guid: &str, again: &str| {
        results(1, 6, &uri(guid), "", "1") + &results(2, 6, "./Again", "", &format!("{{{again}}}"))
    };
    check(&said(one, one), &said(two, two), &[]);
    let three = "22222222-7d5c-4bb6-a9a6-6e3e5b6a6a01";
    let found = differences(&said(one, one), &said(two, three));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn an_update_is_no_other_one() {
    let (one, two) = ("5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01", "11111111-7d5c-4bb6-a9a6-6e3e5b6a6a01");
    let list = |guid: &str| results(1, 6, "./Vendor/MSFT/Update/InstallableUpdates", NODE, guid);
    assert_eq!(differences(&list(one), &list(two)).len(), 1);
    let approval = |guid: &str| {
        let uri = format!("./Device/Vendor/MSFT/Update/ApprovedUpdates/{guid}");
        format!("<Add><CmdID>1</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></Add>")
    };
    assert_eq!(differences(&approval(one), &approval(two)).len(), 2);
}

#[test]
fn what_was_said_to_a_side_is_known_to_it() {
    let certificate = |verb: &str, guid: &str| {
        let uri = format!("./Vendor/MSFT/ClientCertificateInstall/SCEP/{guid}");
        format!("<{verb}><CmdID>1</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></{verb}>")
    };
    let (one, two) = ("5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01", "11111111-7d5c-4bb6-a9a6-6e3e5b6a6a01");
    let found = |maps: &mut Maps| {
        let (one, other) = (
            message("1", "dev", &certificate("Delete", one)),
            message("1", "dev", &certificate("Delete", two)),
        );
        compare(&one, &other, &Asked::default(), maps, &Ignore::default(), Extent::WHOLE).len()
    };
    assert_eq!(found(&mut Maps::default()), 0);
    let mut maps = Maps::default();
    super::say(&message("1", "server", &certificate("Get", one)), &mut maps);
    assert_eq!(found(&mut maps), 2);
    assert_eq!(found(&mut Maps::strict()), 2);
}

#[test]
fn times_that_are_set_count() {
    let set = |at: &str| {
        format!(
            "<Replace><CmdID>1</CmdID><Item><Target><LocURI>./A</LocURI></Target><Data>{at}</Data></Item></Replace>"
        )
    };
    assert_eq!(differences(&set("2026-01-01T00:00:00Z"), &set("1999-01-01T00:00:00Z")).len(), 1);
}

#[test]
fn what_was_redacted_is_any_value_throughout() {
    let two = |one: &str, other: &str| results(1, 5, "./A", "", one) + &results(2, 5, "./B", "", other);
    check(&two("REDACTED0001", "REDACTED0001"), &two("secret", "secret"), &[]);
    check(&two("REDACTED0001", "REDACTED0002"), &two("one", "other"), &[]);
    assert_eq!(differences(&two("REDACTED0001", "REDACTED0001"), &two("one", "other")).len(), 1);
    assert_eq!(differences(&two("REDACTED0001", "REDACTED0002"), &two("one", "one")).len(), 1);
}

#[test]
fn what_reads_stands_where_it_stood_among_what_acts() {
    let of = |verb: &str, uri: &str| {
        format!("<{verb}><CmdID>1</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></{verb}>")
    };
    let (get, more, act) = (of("Get", "./A"), of("Get", "./B"), of("Delete", "./C"));
    let meaning = |one: String, other: String| {
        let found = differences(&one, &other);
        let is_order = |text: &&String| text.contains(" order:");
        found
            .iter()
            .filter(is_order)
            .map(|text| text.split(':').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(meaning(format!("{get}{more}{act}"), format!("{more}{get}{act}")), ["order only"]);
    assert_eq!(meaning(format!("{get}{more}{act}"), format!("{get}{act}{more}")), ["different meaning"]);
    assert_eq!(meaning(format!("{act}{get}{more}"), format!("{get}{act}{more}")), ["different meaning"]);
}

#[test]
fn the_device_may_have_another_name() {
    let said = |name: &str| message("1", name, &results(1, 5, "./DevInfo/DevId", "", name));
    let asked = Asked::of(&message("1", "server", QUESTION));
    let mut maps = Maps::default();
    let found = compare(&said("LAB-1"), &said("LAB-2"), &asked, &mut maps, &Ignore::default(), Extent::WHOLE);
    assert_eq!(found, []);
    assert_eq!(maps.changed().collect::<Vec<_>>(), [("lab-1", "lab-2")]);
    let found = compare(&said("LAB-1"), &said("LAB-3"), &asked, &mut maps, &Ignore::default(), Extent::WHOLE);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_session_has_one_id() {
    let asked = Asked::default();
    let mut maps = Maps::default();
    let mut of = |one: &str, other: &str| {
        let (one, other) = (message(one, "dev", ""), message(other, "dev", ""));
        compare(&one, &other, &asked, &mut maps, &Ignore::default(), Extent::WHOLE).len()
    };
    assert_eq!(of("1", "7"), 0);
    assert_eq!(of("1", "8"), 1);
}

#[test]
fn nodes_can_be_left_out() {
    let asked = Asked::of(&message("1", "server", QUESTION));
    let one =
        message("1", "dev", &(status(1, 5, "Get", "200") + &results(2, 5, "./DevInfo/Man", "", "Contoso")));
    let other = message("1", "dev", &status(1, 5, "Get", "404"));
    for pattern in ["./DevInfo/Man", "./DevInfo", "./Device/DevInfo", "./*/Man", "./devinfo/man"] {
        let ignore: Ignore = pattern.parse().expect("a LocURI");
        let found = compare(&one, &other, &asked, &mut Maps::default(), &ignore, Extent::WHOLE);
        assert_eq!(found, [], "{pattern}");
    }
    for pattern in ["./DevInfo/Mod", "./DevInfo/Man/More", "./*/Mod"] {
        let ignore: Ignore = pattern.parse().expect("a LocURI");
        let found = compare(&one, &other, &asked, &mut Maps::default(), &ignore, Extent::WHOLE);
        assert_eq!(found.len(), 2, "{pattern}");
    }
    assert!("DevInfo//".parse::<Ignore>().is_err());
}

#[test]
fn what_lies_beyond_a_cut_says_nothing() {
    let asked = Asked::of(&message("1", "server", QUESTION));
    let less = message("1", "dev", &status(1, 5, "Get", "200"));
    let more = message("1", "dev", &(status(1, 5, "Get", "200") + &status(2, 6, "Get", "200")));
    let found = |one, other, extent| {
        compare(one, other, &asked, &mut Maps::default(), &Ignore::default(), extent).len()
    };
    assert_eq!(found(&less, &more, Extent { expected_is_cut: true, ..Extent::WHOLE }), 0);
    // What was asked for is there to be answered; what is answered beyond was asked beyond.
    assert_eq!(found(&more, &less, Extent { question_is_cut: true, ..Extent::WHOLE }), 1);
    let beyond = message("1", "dev", &(status(1, 5, "Get", "200") + &status(2, 9, "Get", "200")));
    assert_eq!(found(&beyond, &less, Extent { question_is_cut: true, ..Extent::WHOLE }), 0);
    assert_eq!(found(&more, &less, Extent::WHOLE), 1);
}

#[test]
fn an_answer_of_the_local_api_has_a_body_alone() {
    let body = format!("<SyncBody>{}</SyncBody>", status(1, 5, "Get", "404"));
    let bare = codec::decode(body.as_bytes(), &Limits::default()).expect("a message");
    let asked = Asked::of(&message("1", "server", QUESTION));
    let whole = message("1", "dev", &(status(1, 0, "SyncHdr", "200") + &status(2, 5, "Get", "200")));
    let found = compare(&bare, &whole, &asked, &mut Maps::default(), &Ignore::default(), Extent::WHOLE);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["different meaning: Status of Get 5 \"./DevInfo/Man\": Data: expected `404`, got `200`"]
    );
}

#[test]
fn an_id_that_stands_twice_is_seen() {
    let twice = status(1, 5, "Get", "200") + &status(1, 6, "Get", "200");
    let once = status(1, 5, "Get", "200") + &status(2, 6, "Get", "200");
    check(&once, &twice, &["breaks the protocol: SyncBody: CmdID: expected `each once`, got `1 again`"]);
}
