//! Text in the root element that does not stand in one plain piece.

use std::borrow::Cow;

use super::reader::{Raw, Reader};
use super::reference::{normalise_lines, reference};
use super::{XmlError, prolog};

impl<'a> Reader<'a> {
    /// Reads text up to the next tag, of which `value` was read; `false` when there is none after all.
    pub(super) fn gather(&mut self, mut value: Cow<'a, str>) -> Result<bool, XmlError> {
        while self.goes_on() {
            let here = self.at;
            let event = self.event();
            let piece = self.piece(event, here)?;
            if value.is_empty() {
                value = piece;
            } else if !piece.is_empty() {
                value.to_mut().push_str(&piece);
            }
        }
        let is_text = !value.is_empty();
        (self.value, self.gathered) = match value {
            Cow::Borrowed(value) => (value, String::new()),
            Cow::Owned(value) => ("", value),
        };
        Ok(is_text)
    }

    /// The characters that `event`, which starts `here`, stands for.
    pub(super) fn piece(&mut self, event: Raw, here: usize) -> Result<Cow<'a, str>, XmlError> {
        match event {
            Raw::Text => self.plain(here),
            Raw::Reference => Ok(Cow::Owned(reference(self.text, here)?.0.to_string())),
            Raw::CData => {
                let inner = here + "<![CDATA[".len()..self.at - "]]>".len();
                Ok(normalise_lines(self.text.get(inner).unwrap_or_default()))
            }
            Raw::Comment => prolog::comment(self.text, here).map(|_| Cow::Borrowed("")),
            Raw::Instruction | Raw::Declaration => {
                prolog::instruction(self.text, here).map(|_| Cow::Borrowed(""))
            }
            Raw::Doctype => Err(self.misplaced_doctype(here)),
            // Tags and the end are not asked for: text does not go on there.
            Raw::Start | Raw::Empty | Raw::End | Raw::Eof => Ok(Cow::Borrowed("")),
            Raw::Broken => Err(self.broken(here)),
        }
    }
}
