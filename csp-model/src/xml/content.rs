//! Text in the root element that does not stand in one plain piece.

use std::borrow::Cow;

use quick_xml::events::Event as Raw;

use super::reader::Reader;
use super::reference::{normalise_lines, reference};
use super::{XmlError, prolog};

impl<'a> Reader<'a> {
    /// Reads text up to the next tag, of which `value` was read; `false` when there is none after all.
    pub(super) fn gather(&mut self, value: Cow<'a, str>) -> Result<bool, XmlError> {
        self.value = value;
        while self.goes_on() {
            let here = self.at;
            let event = self.event()?;
            let piece = self.piece(&event, here)?;
            if self.value.is_empty() {
                self.value = piece;
            } else if !piece.is_empty() {
                self.value.to_mut().push_str(&piece);
            }
        }
        Ok(!self.value.is_empty())
    }

    /// The characters that `event`, which starts `here`, stands for.
    pub(super) fn piece(&self, event: &Raw<'a>, here: usize) -> Result<Cow<'a, str>, XmlError> {
        match event {
            Raw::Text(_) => self.plain(here),
            Raw::GeneralRef(_) => Ok(Cow::Owned(reference(self.text, here)?.0.to_string())),
            Raw::CData(_) => {
                let inner = here + "<![CDATA[".len()..self.at - "]]>".len();
                Ok(normalise_lines(self.text.get(inner).unwrap_or_default()))
            }
            Raw::Comment(_) => prolog::comment(self.text, here).map(|_| Cow::Borrowed("")),
            Raw::PI(_) | Raw::Decl(_) => prolog::instruction(self.text, here).map(|_| Cow::Borrowed("")),
            Raw::DocType(_) => Err(self.misplaced_doctype(here)),
            // Tags and the end are not asked for: text does not go on there.
            Raw::Start(_) | Raw::Empty(_) | Raw::End(_) | Raw::Eof => Ok(Cow::Borrowed("")),
        }
    }
}
