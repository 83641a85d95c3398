//! Bytes as a list of tokens, for people.

use std::fmt::Write as _;
use std::ops::Range;

use super::charset::{Charset, overwritten};
use super::header::{Header, Public};
use super::lexer::{Lexer, Token};
use super::tokens::{Vocabulary, nameless};
use crate::codec::Body;
use crate::codec::read::Read;

/// Lists the tokens of WBXML, one a line: offset, bytes, code page, and what it says, indented by depth. What is broken is
/// listed up to there, and then the error.
///
/// Whether it is SyncML does not matter.
#[must_use]
pub fn dump(bytes: &[u8]) -> String {
    let (text, sound) = overwritten(bytes);
    let mut listing = Listing { bytes, text: text.into(), sound, out: String::new(), depth: 0 };
    let mut lexer = Lexer { bytes, at: 0 };
    if let Err(error) = listing.document(&mut lexer) {
        let _ = writeln!(listing.out, "error at {error}");
    }
    listing.out
}

/// How many bytes a line shows.
const SHOWN: usize = 8;

struct Listing<'a> {
    bytes: &'a [u8],
    text: Body,
    sound: usize,
    out: String,
    depth: usize,
}

impl Listing<'_> {
    /// One document, up to its end or that of the bytes.
    fn document(&mut self, lexer: &mut Lexer<'_>) -> Read<()> {
        let start = lexer.at;
        let header = Header::read(lexer)?;
        self.line(start..start + 1, None, &format!("version 1.{}", header.version));
        let vocabulary = header.vocabulary(lexer.bytes);
        let public = match header.public.0 {
            Public::Number(number) => {
                format!("{number:#06x} {}", Vocabulary::identifier(number).unwrap_or_default())
            }
            Public::Table(offset) => {
                let range = header.string(lexer.bytes, offset, &header.public.1)?;
                self.shown(None, range)
            }
        };
        self.line(header.public.1.clone(), None, &format!("public identifier {}", public.trim_end()));
        let charset = header.charset();
        let name = charset.as_ref().map_or("not known", |charset| charset.name());
        self.line(header.charset.1.clone(), None, &format!("charset {} {name}", header.charset.0));
        let (length, table) = header.table.clone();
        self.line(length, None, &format!("string table of {} bytes", table.len()));
        let mut at = table.start;
        while at < table.end {
            let offset = u32::try_from(at - table.start).unwrap_or(u32::MAX);
            let string = header.string(lexer.bytes, offset, &table)?;
            let end = (string.end + 1).min(table.end);
            let text = format!("{offset} {}", self.shown(charset.as_ref().ok().copied(), string));
            self.line(at..end, None, &text);
            at = end;
        }
        let (vocabulary, charset) = (vocabulary?, charset?);
        self.body(lexer, &header, vocabulary, charset)
    }

    fn body(
        &mut self,
        lexer: &mut Lexer<'_>,
        header: &Header,
        vocabulary: Vocabulary,
        charset: Charset,
    ) -> Read<()> {
        let (mut page, mut attribute_page) = (0, 0);
        let mut open: Vec<String> = Vec::new();
        let (outer, start_of_body) = (self.depth, lexer.at);
        while lexer.at < lexer.bytes.len() {
            let start = lexer.at;
            let token = lexer.content()?;
            let span = start..lexer.at;
            let (name, flags, of) = match token {
                Token::Known(token, flags) => {
                    let name =
                        vocabulary.name(page, token).map_or_else(|| nameless(page, token), str::to_owned);
                    (name, flags, Some(page))
                }
                Token::Literal(offset, flags) => {
                    let string = header.string(lexer.bytes, offset, &span)?;
                    let name = String::from_utf8_lossy(lexer.bytes.get(string).unwrap_or_default());
                    (name.escape_debug().to_string(), flags, None)
                }
                Token::End => {
                    self.depth = self.depth.saturating_sub(1).max(outer);
                    self.line(span, None, &format!("</{}>", open.pop().unwrap_or_default()));
                    continue;
                }
                Token::SwitchPage(next) => {
                    page = next;
                    self.line(span, None, &format!("SWITCH_PAGE {page}"));
                    continue;
                }
                Token::Instruction => {
                    self.line(span, None, "PI");
                    self.attributes(lexer, header, charset, &mut attribute_page)?;
                    continue;
                }
                Token::Opaque(range) => {
                    self.opaque(span, range, charset)?;
                    continue;
                }
                text => {
                    let text = self.value(text, &span, header, charset)?;
                    self.line(span, None, &text);
                    continue;
                }
            };
            let slash = if flags.has_content() { "" } else { "/" };
            let literal = if of.is_none() { "LITERAL " } else { "" };
            self.line(span, of, &format!("{literal}<{name}{slash}>"));
            self.depth += 1;
            if flags.has_attributes() {
                self.attributes(lexer, header, charset, &mut attribute_page)?;
            }
            if flags.has_content() {
                open.push(name);
            } else {
                self.depth -= 1;
            }
        }
        self.depth = outer;
        if open.is_empty() && lexer.at > start_of_body {
            return Ok(());
        }
        // What the lexer says of the end of the bytes.
        lexer.content().map(drop)
    }

    fn attributes(
        &mut self,
        lexer: &mut Lexer<'_>,
        header: &Header,
        charset: Charset,
        page: &mut u8,
    ) -> Read<()> {
        loop {
            let start = lexer.at;
            let token = lexer.attribute()?;
            let span = start..lexer.at;
            let text = match token {
                Token::End => {
                    self.line(span, None, "END of the attributes");
                    return Ok(());
                }
                Token::SwitchPage(next) => {
                    *page = next;
                    format!("SWITCH_PAGE {next}")
                }
                Token::Known(token, _) => format!("{}=", nameless(*page, token)),
                Token::Literal(offset, _) => {
                    let string = header.string(lexer.bytes, offset, &span)?;
                    let name = String::from_utf8_lossy(lexer.bytes.get(string).unwrap_or_default());
                    format!("LITERAL {}=", name.escape_debug())
                }
                text => self.value(text, &span, header, charset)?,
            };
            self.line(span, None, &text);
        }
    }

    fn opaque(&mut self, span: Range<usize>, range: Range<usize>, charset: Charset) -> Read<()> {
        let nested = self.bytes.get(range.clone()).unwrap_or_default();
        let is_document = Header::read(&mut Lexer { bytes: nested, at: 0 })
            .is_ok_and(|header| header.vocabulary(nested).is_ok_and(Vocabulary::is_devinf));
        if !is_document {
            let text = format!("OPAQUE of {} bytes {}", range.len(), self.shown(Some(charset), range));
            self.line(span, None, &text);
            return Ok(());
        }
        self.line(span.start..range.start, None, &format!("OPAQUE of {} bytes, a document", range.len()));
        self.depth += 1;
        let bytes = self.bytes.get(..range.end).unwrap_or_default();
        self.document(&mut Lexer { bytes, at: range.start })?;
        self.depth -= 1;
        Ok(())
    }

    fn value(&self, token: Token, span: &Range<usize>, header: &Header, charset: Charset) -> Read<String> {
        Ok(match token {
            Token::Inline(range) => self.shown(Some(charset), range),
            Token::Table(offset) => {
                let range = header.string(self.bytes, offset, span)?;
                format!("STR_T {offset} {}", self.shown(Some(charset), range))
            }
            Token::Entity(number) => format!("ENTITY U+{number:04X}"),
            Token::Opaque(range) => {
                format!("OPAQUE of {} bytes {}", range.len(), self.shown(Some(charset), range))
            }
            Token::End
            | Token::SwitchPage(_)
            | Token::Known(..)
            | Token::Literal(..)
            | Token::Instruction => String::new(),
        })
    }

    /// A string in quotation marks; of what is none only that.
    fn shown(&self, charset: Option<Charset>, range: Range<usize>) -> String {
        let text =
            charset.map(|charset| charset.characters(self.bytes, range.clone(), &self.text, self.sound));
        match text {
            Some(Ok(text)) => format!("\"{}\"", text.escape_debug()),
            Some(Err(_)) => "(no text)".to_owned(),
            None => {
                let bytes = self.bytes.get(range).unwrap_or_default();
                format!("\"{}\"", String::from_utf8_lossy(bytes).escape_debug())
            }
        }
    }

    fn line(&mut self, span: Range<usize>, page: Option<u8>, text: &str) {
        let bytes = self.bytes.get(span.clone()).unwrap_or_default();
        let mut hex = String::new();
        for byte in bytes.iter().take(SHOWN) {
            let _ = write!(hex, "{byte:02x} ");
        }
        if bytes.len() > SHOWN {
            hex.push('…');
        }
        let page = page.map(|page| page.to_string()).unwrap_or_default();
        let indent = self.depth * 2;
        let _ = writeln!(self.out, "{:>6}  {hex:<25} {page:>3}  {:indent$}{text}", span.start, "");
    }
}
