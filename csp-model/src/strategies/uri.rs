//! Addresses, the texts that spell them, and texts that spell none.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::LocUri;
use crate::uri::{List, Property, Query, UriScope};

/// The name of a node: plain ones, and every kind that must be escaped somewhere.
///
/// ```
/// use csp_model::strategies;
/// use proptest::prelude::*;
///
/// proptest!(|(name in strategies::name())| {
///     prop_assert!(!name.is_empty());
/// });
/// ```
pub fn name() -> impl Strategy<Value = String> {
    const NASTY: [&str; 16] = [
        ".",
        "..",
        "*",
        "**",
        "Device",
        "user",
        "a/b",
        "/",
        "%",
        "%41",
        "{1}",
        "a b",
        "é",
        "?list=Struct",
        " ",
        "\u{F000}",
    ];
    prop_oneof![
        3 => "[A-Za-z][A-Za-z0-9]{0,8}",
        1 => select(NASTY.to_vec()).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| if text.is_empty() { "x".to_owned() } else { text }),
    ]
}

/// A legal address: both scopes, names of every kind, with and without a query.
///
/// ```
/// use csp_model::{LocUri, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|(uri in strategies::loc_uri())| {
///     prop_assert_eq!(LocUri::parse(&uri.to_string()), Ok(uri));
/// });
/// ```
pub fn loc_uri() -> impl Strategy<Value = LocUri> {
    (any::<bool>(), vec(name(), 0..6), of(query())).prop_map(|(user, names, query)| {
        let uri = names.iter().fold(LocUri::root(), |uri, name| uri.child(name));
        let uri = if user { uri.in_user_scope() } else { uri };
        match query {
            Some(query) => uri.with_query(query),
            None => uri,
        }
    })
}

/// A legal address, and one of the texts that spell it: escapes where none are needed, in either case; with and
/// without `./` and `./Device`.
///
/// ```
/// use csp_model::{LocUri, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|((uri, text) in strategies::loc_uri_text())| {
///     prop_assert_eq!(LocUri::parse(&text), Ok(uri));
/// });
/// ```
pub fn loc_uri_text() -> impl Strategy<Value = (LocUri, String)> {
    (loc_uri(), 0_u8..4, vec(any::<u8>(), 1..32)).prop_map(|(uri, form, dice)| {
        let text = spell(&uri, form, &dice);
        (uri, text)
    })
}

/// A text that is no address.
///
/// ```
/// use csp_model::{LocUri, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|(text in strategies::illegal_loc_uri())| {
///     prop_assert!(LocUri::parse(&text).is_err());
/// });
/// ```
pub fn illegal_loc_uri() -> impl Strategy<Value = String> {
    let path = loc_uri().prop_map(|uri| {
        let text = uri.to_string();
        text.split_once('?').map_or(text.clone(), |(path, _)| path.to_owned())
    });
    let broken = path.prop_flat_map(|path| {
        let forms = [
            String::new(),
            format!("/{path}"),
            format!("{path}/"),
            format!("{path}//x"),
            format!("{path}/."),
            format!("{path}/./x"),
            format!("{path}/*"),
            format!("{path}/*/x"),
            format!("{path}/%"),
            format!("{path}/x%4"),
            format!("{path}/%+1"),
            format!("{path}/%4G"),
            format!("{path}/%C3x"),
            format!("{path}/%FF%FE"),
        ];
        select(forms.to_vec())
    });
    (broken, of(query())).prop_map(|(path, query)| match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    })
}

fn query() -> impl Strategy<Value = Query> {
    prop_oneof![
        select(vec![List::Struct, List::StructData, List::Tnds]).prop_map(Query::List),
        select(vec![Property::Format, Property::Name, Property::Size, Property::Type, Property::Acl])
            .prop_map(Query::Property),
        // Nothing that OMA DM knows begins like these.
        select(vec!["", "list=", "LIST=Struct", "prop=Nope", "x?y", "list=Struct+ACL", "é/é"])
            .prop_map(|text| Query::Unknown(text.to_owned())),
    ]
}

fn spell(uri: &LocUri, form: u8, dice: &[u8]) -> String {
    let mut dice = dice.iter().copied().cycle();
    let mut next = || dice.next().unwrap_or_default();
    let like_a_scope = |name: &str| name.eq_ignore_ascii_case("Device") || name.eq_ignore_ascii_case("User");
    let first_is_like_a_scope = uri.segments().next().is_some_and(like_a_scope);
    let mut names = uri.segments().map(|name| spell_name(name, &mut next)).collect::<Vec<_>>();
    let prefix = match (uri.scope(), form) {
        (UriScope::User, 0 | 1) => "./User",
        (UriScope::User, _) => "./uSER",
        (UriScope::Device, 0) if !names.is_empty() => "",
        (UriScope::Device, 0 | 1) if !first_is_like_a_scope => ".",
        (UriScope::Device, 2) => "./Device",
        (UriScope::Device, _) => "./dEVICE",
    };
    if !prefix.is_empty() {
        names.insert(0, prefix.to_owned());
    }
    let mut text = names.join("/");
    if let Some(query) = uri.query() {
        text.push('?');
        text.push_str(&query.to_string());
    }
    text
}

fn spell_name(name: &str, next: &mut dyn FnMut() -> u8) -> String {
    let mut text = String::new();
    for symbol in name.chars() {
        let must = matches!(symbol, '/' | '?' | '%') || matches!(name, "." | "*");
        let roll = next();
        if !must && !roll.is_multiple_of(3) {
            text.push(symbol);
            continue;
        }
        for byte in symbol.encode_utf8(&mut [0; 4]).bytes() {
            text.push_str(&if next().is_multiple_of(2) {
                format!("%{byte:02x}")
            } else {
                format!("%{byte:02X}")
            });
        }
    }
    text
}
