//! Addresses of nodes: parsed once, so that an illegal one cannot exist.
//!
//! Sources: OMA DM Tree and Description 1.2.1 section 6.2 (URIs, `list` and `prop` queries), Microsoft "OMA DM
//! protocol support" (`.` only as the first segment, percent-encoding of UTF-8, no leading `/`, no `*` alone).

use std::borrow::Cow;
use std::str::FromStr;

use memchr::memchr2;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use smallvec::{SmallVec, smallvec};

/// What Windows escapes in node names: everything but RFC 3986's path characters. An unescaped `!` was observed.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The address of a node, with the query that may stand behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocUri {
    scope: UriScope,
    /// The decoded segments one behind the other: one allocation for the whole address.
    names: String,
    /// Where each segment starts, and where the last one ends.
    bounds: SmallVec<[u32; 12]>,
    query: Option<Query>,
}

/// Whose tree an address means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum UriScope {
    /// The device's: no prefix, or `./Device`.
    #[default]
    Device,
    /// The user's: `./User`.
    User,
}

/// What is asked of a node besides its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Query {
    /// `?list=…`
    List(List),
    /// `?prop=…`
    Property(Property),
    /// A query that OMA DM does not know, as written.
    Unknown(String),
}

/// `?list=…` (OMA DM Tree and Description 1.2.1 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// `Struct`: every node below.
    Struct,
    /// `StructData`: the same, with the data of the leaves.
    StructData,
    /// `TNDS`: a serialised subtree.
    Tnds,
}

/// `?prop=…` (OMA DM Tree and Description 1.2.1 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// `ACL`: who may do what.
    Acl,
    /// `Format`
    Format,
    /// `Name`
    Name,
    /// `Size`, in bytes.
    Size,
    /// `Title`
    Title,
    /// `TStamp`: when the node changed last.
    TStamp,
    /// `Type`: the media type.
    Type,
    /// `VerNo`: how often the node changed.
    VerNo,
}

/// Why a text is not the address of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Nothing stands there.
    #[error("the address is empty")]
    Empty,
    /// It begins with `/`.
    #[error("an address cannot begin with `/`")]
    LeadingSlash,
    /// Two `/` follow each other, or the last character is one.
    #[error("an address cannot have an empty segment")]
    EmptySegment,
    /// `.` as another than the first segment.
    #[error("`.` can only be the first segment")]
    DotSegment,
    /// `*` as a segment.
    #[error("a node's name cannot be only `*`")]
    Asterisk,
    /// `%` without two hexadecimal digits.
    #[error("`%` must be followed by two hexadecimal digits")]
    BadEscape,
    /// Escapes that do not decode to UTF-8.
    #[error("the percent-encoded bytes are not UTF-8")]
    NotUtf8,
}

impl LocUri {
    /// The root of the device's tree, `.`.
    #[must_use]
    pub fn root() -> Self {
        Self { scope: UriScope::Device, names: String::new(), bounds: smallvec![0], query: None }
    }

    /// Reads an address. Blanks around it do not count: the caller decides whether it forgives them.
    ///
    /// # Errors
    /// The first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let mut uri = Self::root();
        uri.read(text)?;
        Ok(uri)
    }

    /// Reads another address in the place of this one, whose memory is used again: as [`parse`](Self::parse), for
    /// many addresses.
    ///
    /// # Errors
    /// The first rule that `text` breaks. What then stands here is an address, but no meaningful one.
    pub fn read(&mut self, text: &str) -> Result<(), UriError> {
        self.scope = UriScope::Device;
        self.names.clear();
        self.bounds.truncate(1);
        self.query = None;
        if text.starts_with('/') {
            return Err(UriError::LeadingSlash);
        }
        // Most addresses have neither.
        let has_more = memchr2(b'%', b'?', text.as_bytes()).is_some();
        let split = if has_more { text.split_once('?') } else { None };
        let (path, query) = split.map_or((text, None), |(path, query)| (path, Some(query)));
        self.names.reserve(path.len());
        let mut start = 0;
        while let Some(rest) = path.as_bytes().get(start..) {
            let end = start + rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            self.take_segment(&path[start..end], start, has_more)?;
            start = end + 1;
        }
        self.query = query.map(Query::parse);
        Ok(())
    }

    fn take_segment(&mut self, segment: &str, start: usize, may_escape: bool) -> Result<(), UriError> {
        match segment.as_bytes() {
            [] if start == 0 => return Err(UriError::Empty),
            [] => return Err(UriError::EmptySegment),
            b"." if start == 0 => {}
            b"." => return Err(UriError::DotSegment),
            b"*" => return Err(UriError::Asterisk),
            // Only `./` is as short before it, but for a name of one character.
            _ if start == 2 && self.bounds.len() == 1 && is_scope_name(segment) => {
                self.scope = if segment.len() == "User".len() { UriScope::User } else { UriScope::Device };
            }
            _ if may_escape => self.push(&decode(segment)?),
            _ => self.push(segment),
        }
        Ok(())
    }

    /// Whose tree it means.
    #[must_use]
    pub const fn scope(&self) -> UriScope {
        self.scope
    }

    /// The names from the root down, percent-decoded. None for the root itself.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        self.bounds.windows(2).map(|pair| &self.names[pair[0] as usize..pair[1] as usize])
    }

    /// What is asked besides the value.
    #[must_use]
    pub const fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// The address of the node `name` below this one; the query is left behind.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut child = Self { query: None, ..self.clone() };
        child.push(name);
        child
    }

    /// The same address in the user's tree.
    #[must_use]
    pub fn in_user_scope(self) -> Self {
        Self { scope: UriScope::User, ..self }
    }

    /// The same address with a query.
    #[must_use]
    pub fn with_query(self, query: Query) -> Self {
        Self { query: Some(query), ..self }
    }

    fn push(&mut self, name: &str) {
        self.names.push_str(name);
        // A message is far below 4 GiB, and so is an address in it.
        self.bounds.push(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
    }
}

impl FromStr for LocUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl std::fmt::Display for LocUri {
    /// The address with every name escaped as Windows escapes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match (self.scope, self.segments().next()) {
            (UriScope::User, _) => "./User",
            // Without the prefix the name itself would be taken for it.
            (UriScope::Device, Some(name)) if is_scope_name(name) => "./Device",
            (UriScope::Device, _) => ".",
        })?;
        for name in self.segments() {
            write!(f, "/{}", escape(name))?;
        }
        match &self.query {
            None => Ok(()),
            Some(query) => write!(f, "?{query}"),
        }
    }
}

/// The bytes that no name has to escape.
static IS_PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        byte += 1;
    }
    plain
};

/// A node's name as it stands in an address or in the list of an interior node's children.
#[must_use]
pub fn escape(name: &str) -> Cow<'_, str> {
    match name {
        // Most names, GUIDs among them, are told at a glance.
        _ if name.bytes().fold(true, |plain, byte| plain & IS_PLAIN[usize::from(byte)]) => {
            Cow::Borrowed(name)
        }
        // A segment that is only a dot or an asterisk would be illegal; escaped it is a name.
        "." => Cow::Borrowed("%2E"),
        "*" => Cow::Borrowed("%2A"),
        _ => utf8_percent_encode(name, ESCAPED).into(),
    }
}

impl Query {
    fn parse(text: &str) -> Self {
        let known = text.split_once('=').and_then(|(key, value)| match key {
            "list" => List::from_name(value).map(Self::List),
            "prop" => Property::from_name(value).map(Self::Property),
            _ => None,
        });
        known.unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List(list) => write!(f, "list={}", list.name()),
            Self::Property(property) => write!(f, "prop={}", property.name()),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

impl List {
    const ALL: [Self; 3] = [Self::Struct, Self::StructData, Self::Tnds];

    const fn name(self) -> &'static str {
        match self {
            Self::Struct => "Struct",
            Self::StructData => "StructData",
            Self::Tnds => "TNDS",
        }
    }

    /// `TNDS` may carry `+prop` and `-prop` behind it.
    fn from_name(text: &str) -> Option<Self> {
        let name = text.split(['+', '-']).next()?;
        Self::ALL.into_iter().find(|list| list.name() == name && (*list == Self::Tnds || name == text))
    }
}

impl Property {
    const ALL: [Self; 8] =
        [Self::Acl, Self::Format, Self::Name, Self::Size, Self::Title, Self::TStamp, Self::Type, Self::VerNo];

    /// The property's name in a query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Acl => "ACL",
            Self::Format => "Format",
            Self::Name => "Name",
            Self::Size => "Size",
            Self::Title => "Title",
            Self::TStamp => "TStamp",
            Self::Type => "Type",
            Self::VerNo => "VerNo",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|property| property.name() == name)
    }
}

fn is_scope_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("Device") || name.eq_ignore_ascii_case("User")
}

fn decode(segment: &str) -> Result<Cow<'_, str>, UriError> {
    let escapes_are_whole = segment
        .split('%')
        .skip(1)
        .all(|rest| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)));
    if !escapes_are_whole {
        return Err(UriError::BadEscape);
    }
    percent_decode_str(segment).decode_utf8().map_err(|_| UriError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[&str], UriError>) {
        let parsed = LocUri::parse(text);
        let got = parsed.as_ref().map(|uri| uri.segments().collect::<Vec<_>>()).map_err(|error| *error);
        assert_eq!(got, expected.map(<[_]>::to_vec), "{text}");
    }

    #[test]
    fn legal_addresses() {
        check(".", Ok(&[]));
        check("./DevInfo/Man", Ok(&["DevInfo", "Man"]));
        check("DevInfo/Man", Ok(&["DevInfo", "Man"]));
        check("./device/Vendor", Ok(&["Vendor"]));
        check("./USER/Vendor", Ok(&["Vendor"]));
        check("./MS%20DM%20Server/%7b1%7d", Ok(&["MS DM Server", "{1}"]));
        check("./a%2Fb/%C3%A9", Ok(&["a/b", "é"]));
        check("./a.b/..", Ok(&["a.b", ".."]));
    }

    #[test]
    fn illegal_addresses() {
        check("", Err(UriError::Empty));
        check("?list=Struct", Err(UriError::Empty));
        check("/DevInfo", Err(UriError::LeadingSlash));
        check("./a//b", Err(UriError::EmptySegment));
        check("./a/", Err(UriError::EmptySegment));
        check("./a/./b", Err(UriError::DotSegment));
        check("./a/*", Err(UriError::Asterisk));
        check("./a/%4", Err(UriError::BadEscape));
        check("./a/%+1", Err(UriError::BadEscape));
        check("./a/%FF", Err(UriError::NotUtf8));
    }

    #[test]
    fn queries() {
        let query = |text: &str| LocUri::parse(text).ok().and_then(|uri| uri.query().cloned());
        assert_eq!(query("./a?list=StructData"), Some(Query::List(List::StructData)));
        assert_eq!(query("./a?list=TNDS+ACL"), Some(Query::List(List::Tnds)));
        assert_eq!(query("./a?prop=VerNo"), Some(Query::Property(Property::VerNo)));
        assert_eq!(query("./a?list=Struct+ACL"), Some(Query::Unknown("list=Struct+ACL".into())));
        assert_eq!(query("./a"), None);
    }

    #[test]
    fn a_name_like_a_scope_keeps_its_meaning_when_written() {
        let uri = LocUri::root().child("User").child("*");
        assert_eq!(uri.to_string(), "./Device/User/%2A");
        assert_eq!(LocUri::parse(&uri.to_string()), Ok(uri));
    }
}
