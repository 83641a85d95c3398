//! Where in a message secrets stand.
//!
//! It looks for the few elements that it knows by name, wherever they are and whatever is around them, so that it finds
//! in a broken message what it finds in a whole one. Where a message leaves it open it takes too much rather than too
//! little.

use std::ops::Range;

use super::address;
use super::markup::{Token, Tokens, attributes, local, resolved};

/// The type of the Alert item that carries a user's token (\[MS-MDM\] 3.1; case does not matter).
const TOKEN: &str = "com.microsoft/MDM/AADUserToken";

/// Whether an Alert of this type carries a token.
pub(super) fn is_token(kind: &str) -> bool {
    kind.trim().eq_ignore_ascii_case(TOKEN)
}

/// A place that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// The content of an element, from its start tag to its end tag.
    pub(super) place: Range<usize>,
    /// What of it is secret.
    pub(super) extent: Extent,
}

/// What of an element's content is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Its values: where there is markup, that stays.
    Values,
}

/// The places of a text that hold secrets, in order and apart from each other.
pub(super) fn secrets(text: &[u8]) -> Vec<Secret> {
    let mut scan = Scan { text, frames: Vec::new(), places: Default::default(), secrets: Vec::new() };
    for (place, token) in Tokens::new(text) {
        match token {
            Token::Start { name, is_empty } => {
                scan.parameter(place.clone(), name.clone());
                if !is_empty {
                    scan.start(name, place.end);
                }
            }
            Token::End { name } => scan.end(name, place.start),
            Token::Text => scan.between(place),
        }
    }
    while !scan.frames.is_empty() {
        scan.pop(text.len(), End::Missing);
    }
    let mut secrets = scan.secrets;
    secrets.sort_by_key(|secret| (secret.place.start, std::cmp::Reverse(secret.place.end)));
    let mut end = 0;
    secrets.retain(|secret| {
        let is_apart = secret.place.start >= end;
        end = end.max(secret.place.end);
        is_apart
    });
    secrets
}

/// The elements that tell what is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Alert,
    BinarySecurityToken,
    Chal,
    Cred,
    Data,
    Item,
    LocUri,
    Meta,
    NextNonce,
    Password,
    Type,
}

impl Known {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Alert, "Alert"),
        // Enrollment (\[MS-MDE2\] 3.4): a token, a certificate request, or what it is answered with.
        (Self::BinarySecurityToken, "BinarySecurityToken"),
        (Self::Chal, "Chal"),
        (Self::Cred, "Cred"),
        (Self::Data, "Data"),
        (Self::Item, "Item"),
        (Self::LocUri, "LocURI"),
        (Self::Meta, "Meta"),
        (Self::NextNonce, "NextNonce"),
        // WS-Security, and profiles of many kinds.
        (Self::Password, "Password"),
        (Self::Type, "Type"),
    ];

    fn of(name: &[u8]) -> Option<Self> {
        let name = local(name);
        let (known, _) = Self::ALL.iter().find(|(_, known)| known.as_bytes().eq_ignore_ascii_case(name))?;
        Some(*known)
    }
}

/// A known element that is open.
#[derive(Debug)]
struct Frame {
    known: Known,
    /// Where its content begins.
    content: usize,
    /// Whether what it holds was found to be secret; for Data, whether an address in it says that of its Item.
    is_secret: bool,
    /// For an Item: its Data, of which it is not known yet.
    data: Vec<Range<usize>>,
}

/// How an element came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By its end tag.
    Found,
    /// With an element around it, or with the text.
    Missing,
}

struct Scan<'a> {
    text: &'a [u8],
    frames: Vec<Frame>,
    /// For every known element, which frames are of it.
    places: [Vec<usize>; Known::ALL.len()],
    secrets: Vec<Secret>,
}

impl Scan<'_> {
    fn start(&mut self, name: Range<usize>, content: usize) {
        if let Some(known) = self.known(name) {
            let place = self.frames.len();
            self.places_of(known).push(place);
            self.frames.push(Frame { known, content, is_secret: false, data: Vec::new() });
        }
    }

    /// Closes the element and what is open in it; nothing when none of that name is open.
    fn end(&mut self, name: Range<usize>, end: usize) {
        let Some(known) = self.known(name) else { return };
        if let Some(place) = self.innermost(known) {
            while self.frames.len() > place + 1 {
                self.pop(end, End::Missing);
            }
            self.pop(end, End::Found);
        }
    }

    /// `<parm name="…" value="…"/>` of a provisioning document (\[MS-MDE2\] 3.5), named like a node that is secret.
    fn parameter(&mut self, tag: Range<usize>, name: Range<usize>) {
        if !self.text.get(name.clone()).is_some_and(|name| local(name).eq_ignore_ascii_case(b"parm")) {
            return;
        }
        let attributes = attributes(self.text, tag, name.end);
        let find = |wanted: &str| {
            let is_wanted = |(name, _): &&(Range<usize>, Range<usize>)| {
                let name = self.text.get(name.clone()).unwrap_or_default().trim_ascii();
                let name = name.strip_suffix(b"=").unwrap_or(name).trim_ascii_end();
                name.eq_ignore_ascii_case(wanted.as_bytes())
            };
            attributes.iter().find(is_wanted).map(|(_, value)| value.clone())
        };
        let Some((name, place)) = find("name").zip(find("value")) else { return };
        let name = resolved(self.text.get(name).unwrap_or_default());
        if address::is_secret(&String::from_utf8_lossy(&name)) {
            self.secrets.push(Secret { place, extent: Extent::Whole });
        }
    }

    /// Text that stands in a credential itself is one, wherever it should have stood.
    fn between(&mut self, place: Range<usize>) {
        if let Some(Frame { known: Known::Cred | Known::Chal, .. }) = self.frames.last() {
            self.secrets.push(Secret { place, extent: Extent::Whole });
        }
    }

    /// Closes the innermost element, whose content ends at `end`.
    fn pop(&mut self, end: usize, tag: End) {
        let Some(frame) = self.frames.pop() else { return };
        self.places_of(frame.known).pop();
        let place = frame.content..end;
        match frame.known {
            Known::Alert | Known::Chal | Known::Cred | Known::Meta => {}
            Known::BinarySecurityToken | Known::NextNonce | Known::Password => {
                self.secrets.push(Secret { place, extent: Extent::Whole })
            }
            Known::Data => self.data(place, frame.is_secret && tag == End::Missing),
            Known::Item => {
                let alert = self.innermost(Known::Alert).and_then(|alert| self.frames.get(alert));
                if frame.is_secret || alert.is_some_and(|alert| alert.is_secret) {
                    let secrets = frame.data.into_iter();
                    self.secrets.extend(secrets.map(|place| Secret { place, extent: Extent::Values }));
                }
            }
            Known::LocUri => {
                if address::is_secret(&self.value(place)) {
                    self.is_about(self.innermost(Known::Item));
                }
            }
            Known::Type => {
                if is_token(&self.value(place)) {
                    self.is_about(self.innermost(Known::Item).max(self.innermost(Known::Alert)));
                }
            }
        }
    }

    /// Data has ended, with an address in it that may not belong in it at all.
    fn data(&mut self, place: Range<usize>, holds_address: bool) {
        let credential = self.innermost(Known::Cred).max(self.innermost(Known::Chal));
        if credential.is_some() {
            // Meta can hold markup of any kind.
            let is_in_meta = self.innermost(Known::Meta) > credential;
            let extent = if is_in_meta { Extent::Values } else { Extent::Whole };
            self.secrets.push(Secret { place, extent });
            return;
        }
        let item = self.innermost(Known::Item);
        if let Some(item) = item.and_then(|item| self.frames.get_mut(item)) {
            item.data.push(place);
        }
        if holds_address {
            self.is_about(item);
        }
    }

    /// The Item or Alert holds a secret; unless what says so stands in its data, as far as is known yet.
    fn is_about(&mut self, holder: Option<usize>) {
        let said_in = holder.max(self.innermost(Known::Data).filter(|_| holder.is_some()));
        if let Some(frame) = said_in.and_then(|frame| self.frames.get_mut(frame)) {
            frame.is_secret = true;
        }
    }

    /// The text that the content begins with. No two contents begin with the same, so all of them take no longer than
    /// the text.
    fn value(&self, place: Range<usize>) -> String {
        let content = self.text.get(place).unwrap_or_default();
        let value = match Tokens::new(content).next() {
            Some((text, Token::Text)) => content.get(text).unwrap_or_default(),
            Some((_, Token::Start { .. } | Token::End { .. })) | None => &[],
        };
        String::from_utf8_lossy(&resolved(value)).into_owned()
    }

    fn known(&self, name: Range<usize>) -> Option<Known> {
        Known::of(self.text.get(name)?)
    }

    fn innermost(&self, known: Known) -> Option<usize> {
        self.places.get(known as usize)?.last().copied()
    }

    fn places_of(&mut self, known: Known) -> &mut Vec<usize> {
        &mut self.places[known as usize]
    }
}
