//! Writes XML as Microsoft lays out its descriptions: two blanks a level, an element a line, `<Get />`.

use std::fmt::Write as _;

/// A document in the making.
#[derive(Debug)]
pub(super) struct XmlWriter {
    text: String,
    depth: usize,
}

impl XmlWriter {
    /// A document that begins with `head`.
    pub(super) fn new(head: &str) -> Self {
        Self { text: head.to_owned(), depth: 0 }
    }

    /// An element with others in it.
    pub(super) fn within(&mut self, name: &str, attributes: &[(&str, &str)], inner: impl FnOnce(&mut Self)) {
        self.tag(name, attributes);
        self.text.push_str(">\n");
        self.depth += 1;
        inner(self);
        self.depth -= 1;
        self.indent();
        let _ = writeln!(self.text, "</{name}>");
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.text.push_str(" />\n");
    }

    /// An element with a text in it.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.tag(name, &[]);
        self.text.push('>');
        escape(&mut self.text, text, false);
        let _ = writeln!(self.text, "</{name}>");
    }

    /// An element with a text in it, if there is one.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// An element with an empty one in it: how descriptions write a choice.
    pub(super) fn choice(&mut self, name: &str, choice: &str) {
        self.within(name, &[], |xml| xml.empty(choice, &[]));
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        let _ = write!(self.text, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"");
            escape(&mut self.text, value, true);
            self.text.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
    }
}

/// Characters that XML cannot hold at all become U+FFFD.
fn escape(into: &mut String, text: &str, attribute: bool) {
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' if attribute => into.push_str("&quot;"),
            '\r' => into.push_str("&#xD;"),
            '\n' if attribute => into.push_str("&#xA;"),
            '\t' if attribute => into.push_str("&#x9;"),
            '\t' | '\n' => into.push(character),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => into.push('\u{FFFD}'),
            _ => into.push(character),
        }
    }
}
