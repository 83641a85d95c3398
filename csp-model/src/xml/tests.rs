//! Rules of XML, one line each.

use super::*;

fn read(text: &str) -> Result<String, XmlError> {
    let mut reader = Reader::new(text, Doctype::SubsetOfInstructions, 8);
    let mut seen = String::new();
    loop {
        match reader.next()? {
            Event::Start(start) => {
                seen += &format!("<{}{{{}}}", start.local(), reader.namespace());
                for attribute in reader.attributes() {
                    seen += &format!(" {}={:?}", attribute.name, attribute.value);
                }
                seen += ">";
            }
            Event::End(end) => seen += &format!("</{}>", end.name),
            Event::Text(text) => seen += &text.value,
            Event::Eof => return Ok(seen),
        }
    }
}

#[track_caller]
fn good(text: &str, expected: &str) {
    assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
}

#[track_caller]
fn bad(text: &str, expected: &str) {
    match read(text) {
        Ok(seen) => panic!("{text:?} was read as {seen}"),
        Err(error) => {
            let (line, column) = error.line_and_column(text);
            assert_eq!(format!("{line}:{column}: {error}"), expected, "{text:?}");
        }
    }
}

#[test]
fn text_comes_in_one_piece() {
    good("<a>x&amp;<![CDATA[<y>]]>&#x41;<!-- - --><?p q?>z</a>", "<a{}>x&<y>Az</a>");
    good("<a><![CDATA[]]></a>", "<a{}></a>");
    good("<a><!----><!-->--></a>", "<a{}></a>");
    good("<a>\r\n\r\n\r&#13;</a>", "<a{}>\n\n\n\r</a>");
    good("<a> <b/> </a>", "<a{}> <b{}></b> </a>");
    good("<a>]] ></a>", "<a{}>]] ></a>");
    good("<a>]]<![CDATA[]]]]><![CDATA[>]]></a>", "<a{}>]]]]></a>");
}

#[test]
fn one_plain_piece_is_borrowed() {
    for text in ["<a>x ]</a>", "<a><![CDATA[<x>]]></a>", "<a><!-- c -->x</a>"] {
        let mut reader = Reader::new(text, Doctype::NoSubset, 1);
        reader.next().expect("a start tag");
        let Ok(Event::Text(found)) = reader.next() else { panic!("{text} holds text") };
        assert!(matches!(found.value, std::borrow::Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn prologs() {
    good(
        "\u{feff}<?xml version='1.0' encoding=\"utf-8\" standalone='no' ?>\n<!-- c --><a/>\n<!-- d -->",
        "<a{}></a>",
    );
    good("<?xml version='1.1'?><a/>", "<a{}></a>");
    good("<!DOCTYPE a><a/>", "<a{}></a>");
    good(
        "<!DOCTYPE a PUBLIC \" -//OMA//DTD-DM-DDF 1.2//EN\" \"u]>\" [ <?v a=\"]\"?> <!-- ]> --> ] ><a/>",
        "<a{}></a>",
    );
    bad("", "1:1: found the end of the text, expected the root element");
    bad("x", "1:1: found `x`, expected the root element");
    bad(
        " <?xml version='1.0'?><a/>",
        "1:2: found an XML declaration, expected it at the very start of the text, or not at all",
    );
    bad("\u{feff}\u{feff}<a/>", "1:1: found `\u{feff}`, expected the root element");
    bad("<?xml?><a/>", "1:6: found `?`, expected `version=` after `<?xml`");
    bad("<?xml version='2.0'?><a/>", "1:15: found `2.0`, expected a version such as `1.0`");
    bad(
        "<?xml version='1.0'encoding='a'?><a/>",
        "1:20: found `e`, expected `encoding=`, then `standalone=`, then `?>` in an XML declaration",
    );
    bad("<?xml version='1.0' encoding='8'?><a/>", "1:30: found `8`, expected the name of an encoding");
    bad(
        "<?xml version='1.0' standalone='yes' encoding='a'?><a/>",
        "1:38: found `e`, expected `encoding=`, then `standalone=`, then `?>` in an XML declaration",
    );
    bad(
        "<?XML a?><a/>",
        "1:1: found an XML declaration, expected it at the very start of the text, or not at all",
    );
    bad("<? a?><a/>", "1:3: found a blank, expected the name of a processing instruction");
    bad(
        "<?a+b?><a/>",
        "1:4: found `+`, expected white space or `?>` after the name of a processing instruction",
    );
    bad("<!DOCTYPE a><!DOCTYPE a><a/>", "1:13: found a second DOCTYPE, expected the root element");
    bad("<a><!DOCTYPE a></a>", "1:4: found a DOCTYPE inside the root element, expected it before");
    bad("<a/><!DOCTYPE a>", "1:5: found a DOCTYPE after the root element, expected it before");
    bad("<!doctype a><a/>", "1:3: found `d`, expected a comment or a DOCTYPE after `<!`");
    bad("<!DOCTYPE><a/>", "1:10: found `>`, expected white space");
    bad("<!DOCTYPE a SYSTEM><a/>", "1:19: found `>`, expected white space");
    bad("<!DOCTYPE a PUBLIC 'p'><a/>", "1:23: found `>`, expected white space");
    bad(
        "<!DOCTYPE a PUBLIC '{' 's'><a/>",
        "1:21: found `{`, expected a character that public identifiers may hold",
    );
    bad(
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
        "1:14: found `<`, expected a comment, a processing instruction or `]`: declarations are not read",
    );
    bad("<!-- a -- b --><a/>", "1:8: found `--` in a comment, expected `-->`");
    bad("<!-- a ---><a/>", "1:8: found `--` in a comment, expected `-->`");
    bad("<!-- a", "1:1: found a comment without an end, expected `-->`");
    bad("<!ELEMENT a><a/>", "1:3: found `E`, expected a comment or a DOCTYPE after `<!`");
}

#[test]
fn an_element_has_a_limited_number_of_attributes() {
    let element = |count: usize| {
        let attributes: String = (0..count).map(|number| format!(" a{number}='1'")).collect();
        let text = format!("<a{attributes}/>");
        Reader::new(&text, Doctype::NoSubset, 1).next().map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(element(MOST_ATTRIBUTES), Ok(()));
    let many = "found more than 256 attributes of an element, expected fewer".to_owned();
    assert_eq!(element(MOST_ATTRIBUTES + 1), Err(many.clone()));
    // Each is compared with those before it: without the limit this would take minutes.
    assert_eq!(element(400_000), Err(many));
}

#[test]
fn a_message_has_no_subset() {
    let error = Reader::new("<!DOCTYPE a []><a/>", Doctype::NoSubset, 1).next().expect_err("a subset");
    assert_eq!(error.to_string(), "found a DOCTYPE with an internal subset, expected one without");
}

#[test]
fn structure() {
    bad("<a>", "1:4: found the end of the text, expected `</a>`");
    bad("<ab></a", "1:8: found the end of the text, expected `</ab>`");
    bad("<a></b>", "1:4: found `</b>`, expected `</a>`");
    bad("<a/></a>", "1:5: found `</a>`, expected the end of the text");
    bad("<a/></>", "1:7: found `>`, expected the name of an element");
    bad("<a></>", "1:6: found `>`, expected the name of an element");
    bad("</a>", "1:1: found `</a>`, expected the root element");
    bad("<a/><b/>", "1:5: found a second root element `<b>`, expected the end of the text");
    bad("<a/>x", "1:5: found `x`, expected the end of the text");
    bad("<a/>&#32;", "1:5: found `&`, expected the end of the text");
    bad("<a/><![CDATA[ ]]>", "1:7: found `[`, expected a comment or a DOCTYPE after `<!`");
    bad("<a></a b>", "1:8: found `b`, expected `>` after the name in an end tag");
    bad("<a></ a>", "1:6: found a blank, expected the name of an element");
    bad("< a/>", "1:2: found a blank, expected the name of an element");
    bad("<1/>", "1:2: found `1`, expected the name of an element");
    bad("<a", "1:3: found the end of the text, expected white space, `/>` or `>`");
    bad("<", "1:2: found the end of the text, expected the name of an element");
    bad("<a / >", "1:4: found `/`, expected the name of an attribute, `/>` or `>`");
    bad("<a/ >", "1:3: found `/`, expected white space, `/>` or `>`");
    bad(
        "<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a>",
        "1:25: found elements nested more than 8 deep, expected fewer",
    );
    good("<a\n></a\n>", "<a{}></a>");
    good("<é·/>", "<é·{}></é·>");
    bad("<a·×/>", "1:4: found `×`, expected white space, `/>` or `>`");
}

#[test]
fn characters_and_references() {
    bad("<a>\u{1}</a>", "1:4: found the character U+0001, which XML cannot hold");
    bad("<a>\n é\u{ffff}</a>", "2:3: found the character U+FFFF, which XML cannot hold");
    good("<a>\u{7f}\u{fffd}\u{10ffff}</a>", "<a{}>\u{7f}\u{fffd}\u{10ffff}</a>");
    bad("<a>]]></a>", "1:4: found `]]>` in text, expected `]]&gt;`");
    bad("<a>&nbsp;</a>", "1:4: found the entity `&nbsp;`, expected one of lt, gt, amp, apos, quot");
    bad("<a>a & b</a>", "1:6: found `&`, expected `&amp;` or a reference that ends with `;`");
    bad("<a>&#0;</a>", "1:4: found `&#0;`, expected a reference to a character that XML can hold");
    bad("<a>&#xD800;</a>", "1:4: found `&#xD800;`, expected a reference to a character that XML can hold");
    bad("<a>&#+65;</a>", "1:4: found `&#+65;`, expected a character reference such as `&#65;` or `&#x41;`");
    bad("<a>&#X41;</a>", "1:4: found `&#X41;`, expected a character reference such as `&#65;` or `&#x41;`");
    bad("<a><![CDATA[x</a>", "1:4: found a CDATA section without an end, expected `]]>`");
    bad("<a><![cdata[x]]></a>", "1:6: found `[`, expected a comment or a CDATA section after `<!`");
}

#[test]
fn attributes_and_namespaces() {
    good("<a b='1' c = \"'&lt;\t\r\n&#10;>\"/>", "<a{} b=\"1\" c=\"'<  \\n>\"></a>");
    good(
        "<a xmlns='u'><b xmlns=''><c/></b><p:d xmlns:p='v'/><e/></a>",
        "<a{u} xmlns=\"u\"><b{} xmlns=\"\"><c{}></c></b><d{v} xmlns:p=\"v\"></p:d><e{u}></e></a>",
    );
    good(
        "<a xmlns:p='&#117;' xml:lang='x' p:b='1' b='2'/>",
        "<a{} xmlns:p=\"u\" xml:lang=\"x\" p:b=\"1\" b=\"2\"></a>",
    );
    bad("<a b='1'c='2'/>", "1:9: found `c`, expected white space, `/>` or `>`");
    bad("<a b=1/>", "1:6: found `1`, expected an attribute value in quotation marks");
    bad("<a b/>", "1:5: found `/`, expected `=` after the name of an attribute");
    bad("<a b='<'/>", "1:7: found `<`, expected `&lt;` in an attribute value");
    bad("<a b='&'/>", "1:7: found `&`, expected `&amp;` or a reference that ends with `;`");
    bad("<a b='x\">", "1:6: found an attribute value without an end, expected `'`");
    bad("<a b='' b=''/>", "1:9: found the attribute `b` again, expected each attribute once");
    bad(
        "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
        "1:35: found the attribute `q:b` again, expected each attribute once",
    );
    bad("<a xmlns='u' xmlns='v'/>", "1:14: found the attribute `xmlns` again, expected each attribute once");
    bad("<p:a/>", "1:2: found the prefix `p`, expected one that is declared");
    bad("<a p:b=''/>", "1:4: found the prefix `p`, expected one that is declared");
    bad("<a><p:b xmlns:p='u'/><p:c/></a>", "1:23: found the prefix `p`, expected one that is declared");
    bad("<xmlns:a/>", "1:2: found the prefix `xmlns`, expected one that is declared");
    bad("<a:b:c xmlns:a='u'/>", "1:5: found `:`, expected a name with one colon at most");
    bad("<:a/>", "1:2: found `:`, expected the name of an element");
    bad("<a:/>", "1:4: found `/`, expected a name after the colon");
    bad("<a xmlns:p=''/>", "1:4: found xmlns:p=\"\", expected a prefix bound to a namespace");
    bad(
        "<a xmlns:xml='u'/>",
        "1:4: found xmlns:xml=\"u\", expected `xml` bound to no other namespace than its own",
    );
    bad("<a xmlns:xmlns='u'/>", "1:4: found xmlns:xmlns=\"u\", expected `xmlns` left undeclared");
    bad(
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "1:4: found xmlns=\"http://www.w3.org/XML/1998/namespace\", expected no other prefix than `xml` for that namespace",
    );
    bad(
        "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
        "1:4: found xmlns:p=\"http://www.w3.org/2000/xmlns/\", expected that namespace left undeclared",
    );
}

#[test]
fn errors_and_the_end_stay() {
    let mut reader = Reader::new("<a><a/>", Doctype::NoSubset, 9);
    while reader.next().is_ok() {}
    assert_eq!(reader.next(), reader.next());
    let mut reader = Reader::new("<a/>", Doctype::NoSubset, 9);
    while reader.next() != Ok(Event::Eof) {}
    assert_eq!(reader.next(), Ok(Event::Eof));
}

#[test]
fn lines_end_in_three_ways() {
    let at = |text: &str, offset| line_and_column(text, offset);
    assert_eq!(at("a\r\nb\rc\nd", 7), (4, 1));
    assert_eq!(at("\u{feff}éa", 5), (1, 2));
    assert_eq!(at("a", 99), (1, 2));
}
