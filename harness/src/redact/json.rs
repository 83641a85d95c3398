//! JSON: HAR (HTTP Archive 1.2), logs, and any other that holds messages. Every text is looked through, and what HTTP
//! knows to be secret is hidden; all else stays as it is written.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use csp_model::device::Snapshot;
use serde_json::value::RawValue;

use super::address::{self, Parameters};
use super::names;
use super::search::Search;

/// How deep values may stand in one another.
const DEEPEST: usize = 128;

/// Where JSON ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With its last document.
    Whole,
    /// Within a document, which begins in that line.
    Cut(usize),
}

/// Whether a text begins as JSON does that holds texts.
pub(super) fn begins(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let after =
        |bracket: u8| text.strip_prefix(&[bracket]).map(|rest| rest.trim_ascii_start().first().copied());
    match (after(b'{'), after(b'[')) {
        (Some(first), _) => matches!(first, None | Some(b'"' | b'}')),
        // A line of a log can begin with a time or a level in brackets.
        (None, Some(first)) => matches!(first, None | Some(b'"' | b'{' | b'[' | b']')),
        (None, None) => false,
    }
}

/// One document, or several one after the other, without their secrets; one that breaks off is left out.
///
/// # Errors
/// When it is no JSON, with the place.
pub(super) fn redacted(search: &mut Search<'_>, text: &str) -> Result<(String, End), String> {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut editor = Editor { search, text, edits: Vec::new() };
    let mut is_first = true;
    loop {
        let begin = documents.byte_offset();
        match documents.next() {
            None => return Ok((editor.written(text.len()), End::Whole)),
            Some(Ok(document)) => {
                is_first = false;
                let at = document.get().as_ptr().addr() - text.as_ptr().addr();
                let node = Parser { text, at }.value(0).map_err(|at| {
                    let (line, column) = place(text, at);
                    format!("{line}:{column}: found JSON of more than {DEEPEST} levels")
                })?;
                editor.value(&node, Role::Any);
            }
            Some(Err(error)) => {
                let rest = text.get(begin..).unwrap_or_default();
                let begin = text.len() - rest.trim_start().len();
                let is_last = error.is_eof() || !rest.trim().contains('\n');
                if is_first || !is_last {
                    return Err(format!("it is no JSON: {error}"));
                }
                return Ok((editor.written(begin), End::Cut(place(text, begin).0)));
            }
        }
    }
}

/// The document that a text begins with.
pub(super) fn first(text: &str) -> Option<&str> {
    let document = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().next()?;
    document.ok().map(RawValue::get)
}

/// The line and the column of an offset, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    (line, at - memchr::memrchr(b'\n', before).map_or(0, |found| found + 1) + 1)
}

/// A value and where it stands.
#[derive(Debug)]
enum Node<'a> {
    /// A string, its quotation marks included.
    Text(Range<usize>),
    Number(Range<usize>),
    List(Vec<Self>),
    Object(Range<usize>, Vec<(Cow<'a, str>, Self)>),
    /// `null`, `true` or `false`.
    Word,
}

/// Reads JSON that is known to be well-formed.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// The value at this place; where it stands too deep, the place of that.
    fn value(&mut self, depth: usize) -> Result<Node<'a>, usize> {
        self.space();
        let start = self.at;
        match self.first() {
            Some(b'"') => Ok(Node::Text(self.string())),
            Some(b'{' | b'[') if depth == DEEPEST => Err(start),
            Some(b'[') => {
                let mut values = Vec::new();
                while self.goes_on(b']') {
                    values.push(self.value(depth + 1)?);
                }
                Ok(Node::List(values))
            }
            Some(b'{') => {
                let mut fields = Vec::new();
                while self.goes_on(b'}') {
                    let key = said(self.text, self.string());
                    // The colon.
                    self.space();
                    self.at += 1;
                    fields.push((key, self.value(depth + 1)?));
                }
                Ok(Node::Object(start..self.at, fields))
            }
            first => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b",]}".contains(byte);
                let rest = self.text.as_bytes().get(start..).unwrap_or_default();
                self.at = start + rest.iter().position(ends).unwrap_or(rest.len());
                let is_number = first.is_some_and(|first| first == b'-' || first.is_ascii_digit());
                Ok(if is_number { Node::Number(start..self.at) } else { Node::Word })
            }
        }
    }

    /// Steps over what opens or parts values; whether there is another before the end.
    fn goes_on(&mut self, end: u8) -> bool {
        self.space();
        if self.first().is_some_and(|first| first != end) {
            // The bracket that opens, or a comma.
            self.at += 1;
            self.space();
        }
        let goes_on = self.first().is_some_and(|first| first != end);
        if !goes_on {
            self.at += 1;
        }
        goes_on
    }

    /// The place of the string at this place.
    fn string(&mut self) -> Range<usize> {
        self.space();
        let start = self.at;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(found) if rest.get(found) == Some(&b'\\') => self.at += found + 2,
                Some(found) => {
                    self.at += found + 1;
                    return start..self.at;
                }
                None => {
                    self.at = self.text.len();
                    return start..self.at;
                }
            }
        }
    }

    fn space(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    fn first(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// What a string says. Half a character of UTF-16 is no text: then it stays as it is written.
fn said(text: &str, place: Range<usize>) -> Cow<'_, str> {
    let literal = text.get(place).unwrap_or_default();
    let bare = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    if !bare.contains('\\') {
        return bare.into();
    }
    serde_json::from_str(literal).map_or_else(|_| bare.into(), Cow::Owned)
}

/// What a value is, by what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Anything.
    Any,
    /// A secret, with all that it holds.
    Secret,
    /// A body in Base64.
    Base64,
    /// A body that is a form.
    Form,
    /// An address.
    Address,
    /// A list of `{"name": …, "value": …}` whose values are secret.
    Pairs,
    /// The same, of the query of an address.
    Query,
}

/// Puts placeholders where secrets stand.
struct Editor<'s, 'r, 'a> {
    search: &'s mut Search<'r>,
    text: &'a str,
    edits: Vec<(Range<usize>, String)>,
}

impl<'a> Editor<'_, '_, 'a> {
    fn value(&mut self, node: &Node<'a>, role: Role) {
        match (node, role) {
            (Node::Word, _) => {}
            (Node::Number(place), Role::Secret) => {
                let number = self.text.get(place.clone()).unwrap_or_default();
                let hidden = self.search.redactor.secret(number.as_bytes());
                self.write(place.clone(), &hidden);
            }
            (Node::Number(_), _) => {}
            (Node::Text(place), role) => self.string(place.clone(), role),
            (Node::List(values), role) => values.iter().for_each(|value| self.value(value, role)),
            (Node::Object(_, fields), Role::Secret) => {
                fields.iter().for_each(|(_, value)| self.value(value, Role::Secret));
            }
            (Node::Object(place, fields), role) => {
                if !fields.iter().any(|(key, _)| key == "cspsim_snapshot") || !self.snapshot(place.clone()) {
                    self.object(fields, role);
                }
            }
        }
    }

    fn object(&mut self, fields: &[(Cow<'a, str>, Node<'a>)], role: Role) {
        let field = |wanted: &[&str]| {
            let is_wanted = |key: &str| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(key));
            fields.iter().find_map(|(key, value)| match value {
                Node::Text(place) if is_wanted(key) => Some(said(self.text, place.clone())),
                Node::Text(_) | Node::Number(_) | Node::List(_) | Node::Object(..) | Node::Word => None,
            })
        };
        let name = field(&["name", "key"]);
        let is_base64 = field(&["encoding"]).is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
        let is_form =
            field(&["mimeType", "contentType"]).is_some_and(|kind| kind.contains("form-urlencoded"));
        for (key, value) in fields {
            let folded = key.to_ascii_lowercase();
            let role = match (&*folded, value) {
                ("value" | "values", _) => match (role, &name) {
                    (Role::Pairs, _) => Role::Secret,
                    (Role::Query, Some(name)) if names::is_plain(name) => Role::Any,
                    (Role::Query, _) => Role::Secret,
                    (_, Some(name)) if names::is_field(name) => Role::Secret,
                    (_, Some(name)) if is_address(name) => Role::Address,
                    _ => Role::Any,
                },
                ("text" | "content" | "body" | "data", Node::Text(_)) if is_base64 => Role::Base64,
                ("text" | "content" | "body" | "data", Node::Text(_)) if is_form => Role::Form,
                ("base64", Node::Text(_)) => Role::Base64,
                ("cookies" | "params", Node::List(_)) => Role::Pairs,
                ("querystring", Node::List(_)) => Role::Query,
                (key, Node::Text(_)) if is_address(key) => Role::Address,
                (key, _) if names::is_field(key) => Role::Secret,
                _ => Role::Any,
            };
            self.value(value, role);
        }
    }

    fn string(&mut self, place: Range<usize>, role: Role) {
        let said = said(self.text, place.clone());
        if said.trim().is_empty() {
            return;
        }
        let hidden = match role {
            Role::Any | Role::Pairs | Role::Query => self.search.inner(&said),
            Role::Secret => self.search.redactor.secret(said.trim().as_bytes()),
            Role::Base64 => self.search.base64(&said),
            Role::Form if address::is_form(said.trim()) => {
                address::parameters(self.search.redactor, &said, Parameters::All)
            }
            Role::Address if !said.contains(char::is_whitespace) => {
                address::redacted(self.search.redactor, &said)
            }
            Role::Form | Role::Address => self.search.inner(&said),
        };
        if hidden != said {
            self.write(place, &hidden);
        }
    }

    /// Takes the secrets out of a snapshot of a device; whether it is one.
    fn snapshot(&mut self, place: Range<usize>) -> bool {
        let text = self.text.get(place.clone()).unwrap_or_default();
        let Ok(snapshot) = Snapshot::from_json(text).map(Arc::new) else { return false };
        let redacted = self.search.redactor.snapshot(Arc::clone(&snapshot));
        if redacted != snapshot {
            // What is no JSON is no snapshot either.
            let Ok(written) = serde_json::to_string(&redacted) else { return false };
            self.edits.push((place, written));
        }
        true
    }

    fn write(&mut self, place: Range<usize>, text: &str) {
        self.edits.push((place, serde_json::Value::from(text).to_string()));
    }

    /// The text up to `end` with its edits, which are in order.
    fn written(&self, end: usize) -> String {
        let mut written = String::with_capacity(end);
        let mut at = 0;
        for (place, text) in &self.edits {
            written.push_str(self.text.get(at..place.start).unwrap_or_default());
            written.push_str(text);
            at = place.end;
        }
        written.push_str(self.text.get(at..end).unwrap_or_default());
        written
    }
}

/// Whether a field, or a header, holds an address.
fn is_address(name: &str) -> bool {
    const NAMES: [&str; 6] = ["url", "redirectURL", "location", "content-location", "referer", ":path"];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
