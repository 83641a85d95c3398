//! The header, and what commands are made of: items, addresses, meta-information, credentials.

use std::iter;

use super::{Decoder, Read, Source, Tag};
use crate::codec::DecodeErrorKind;
use crate::message::{Anchor, Cred, Element, Header, Item, Items, Location, Mem, Meta, MoreMeta, Node, Span};

impl<S: Source> Decoder<'_, S> {
    pub(super) fn header(&mut self, header: &mut Header) -> Read<()> {
        let parent = self.source.opened();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::VER_DTD if header.ver_dtd.is_none() => self.source.text(&mut header.ver_dtd)?,
                Tag::VER_PROTO if header.ver_proto.is_none() => self.source.text(&mut header.ver_proto)?,
                Tag::SESSION_ID if header.session_id.is_none() => self.source.text(&mut header.session_id)?,
                Tag::MSG_ID if header.msg_id.is_none() => self.source.text(&mut header.msg_id)?,
                Tag::TARGET if header.target.is_none() => {
                    self.location(header.target.insert(Location::default()), &mut header.unknown)?;
                }
                Tag::SOURCE if header.source.is_none() => {
                    self.location(header.source.insert(Location::default()), &mut header.unknown)?;
                }
                Tag::RESP_URI if header.resp_uri.is_none() => self.source.text(&mut header.resp_uri)?,
                Tag::NO_RESP => self.source.flag(&mut header.no_resp)?,
                Tag::CRED if header.cred.is_none() => {
                    self.cred(header.cred.insert(Box::default()), &mut header.unknown)?;
                }
                Tag::META if header.meta.is_none() => self.meta(header.meta.insert(Box::default()))?,
                _ => header.unknown.push(self.source.element()?),
            }
        }
        header.span = self.span(parent);
        Ok(())
    }

    /// Reads an `Item` as the last of `items`.
    pub(super) fn item(&mut self, items: &mut Items) -> Read<()> {
        self.items += 1;
        if self.items > self.limits.items {
            let kind = DecodeErrorKind::Limit { what: "items", limit: self.limits.items };
            return Err(self.wrong_here(|_| kind));
        }
        // Not `push`, which would make it elsewhere and move it here.
        items.extend(iter::once_with(Item::default));
        items.last_mut().map_or(Ok(()), |item| self.item_parts(item))
    }

    #[inline]
    fn item_parts(&mut self, item: &mut Item) -> Read<()> {
        let parent = self.source.opened();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::TARGET if item.target.is_none() => {
                    self.location(item.target.insert(Location::default()), &mut item.unknown)?;
                }
                Tag::SOURCE if item.source.is_none() => {
                    self.location(item.source.insert(Location::default()), &mut item.unknown)?;
                }
                Tag::META if item.meta.is_none() => self.meta(item.meta.insert(Meta::default()))?,
                Tag::DATA if item.data.is_none() => self.source.data(&mut item.data)?,
                Tag::MORE_DATA => self.source.flag(&mut item.more_data)?,
                Tag::SOURCE_PARENT if item.source_parent.is_none() => {
                    self.location(item.source_parent.insert(Box::default()), &mut item.unknown)?;
                }
                Tag::TARGET_PARENT if item.target_parent.is_none() => {
                    self.location(item.target_parent.insert(Box::default()), &mut item.unknown)?;
                }
                _ => item.unknown.push(self.source.element()?),
            }
        }
        item.span = self.span(parent);
        Ok(())
    }

    fn location(&mut self, location: &mut Location, unknown: &mut Vec<Element>) -> Read<()> {
        let parent = self.source.opened();
        let mut left = Vec::new();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::LOC_URI if location.loc_uri.is_none() => self.source.text(&mut location.loc_uri)?,
                Tag::LOC_NAME if location.loc_name.is_none() => self.source.text(&mut location.loc_name)?,
                _ => left.push(self.source.element()?),
            }
        }
        location.span = self.span(parent);
        self.leave(parent, left, unknown);
        Ok(())
    }

    pub(super) fn cred(&mut self, cred: &mut Cred, unknown: &mut Vec<Element>) -> Read<()> {
        let parent = self.source.opened();
        let mut left = Vec::new();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::META if cred.meta.is_none() => self.meta(cred.meta.insert(Meta::default()))?,
                Tag::DATA if cred.data.is_none() => self.source.text(&mut cred.data)?,
                _ => left.push(self.source.element()?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(())
    }

    pub(super) fn meta(&mut self, meta: &mut Meta) -> Read<()> {
        let parent = self.source.opened();
        loop {
            let tag = self.source.child(parent)?;
            if tag != Tag::END && self.odd_meta.is_empty() && !self.source.is_meta() {
                self.odd_meta = Span::new(self.source.last()..self.source.end());
            }
            match tag {
                Tag::END => return Ok(()),
                Tag::FORMAT if meta.format.is_none() => self.source.text(&mut meta.format)?,
                Tag::TYPE if meta.media_type.is_none() => self.source.text(&mut meta.media_type)?,
                tag => self.more_meta(tag, meta.more.get_or_insert_default())?,
            }
        }
    }

    fn more_meta(&mut self, tag: Tag, more: &mut MoreMeta) -> Read<()> {
        match tag {
            Tag::FIELD_LEVEL => self.source.flag(&mut more.field_level)?,
            Tag::MARK if more.mark.is_none() => self.source.text(&mut more.mark)?,
            Tag::SIZE if more.size.is_none() => self.source.text(&mut more.size)?,
            Tag::ANCHOR if more.anchor.is_none() => {
                self.anchor(more.anchor.insert(Anchor::default()), &mut more.unknown)?;
            }
            Tag::VERSION if more.version.is_none() => self.source.text(&mut more.version)?,
            Tag::NEXT_NONCE if more.next_nonce.is_none() => self.source.text(&mut more.next_nonce)?,
            Tag::MAX_MSG_SIZE if more.max_msg_size.is_none() => self.source.text(&mut more.max_msg_size)?,
            Tag::MAX_OBJ_SIZE if more.max_obj_size.is_none() => self.source.text(&mut more.max_obj_size)?,
            Tag::EMI => self.texts(&mut more.emi)?,
            Tag::MEM if more.mem.is_none() => self.mem(more.mem.insert(Mem::default()), &mut more.unknown)?,
            _ => more.unknown.push(self.source.element()?),
        }
        Ok(())
    }

    fn anchor(&mut self, anchor: &mut Anchor, unknown: &mut Vec<Element>) -> Read<()> {
        let parent = self.source.opened();
        let mut left = Vec::new();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::LAST if anchor.last.is_none() => self.source.text(&mut anchor.last)?,
                Tag::NEXT if anchor.next.is_none() => self.source.text(&mut anchor.next)?,
                _ => left.push(self.source.element()?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(())
    }

    fn mem(&mut self, mem: &mut Mem, unknown: &mut Vec<Element>) -> Read<()> {
        let parent = self.source.opened();
        let mut left = Vec::new();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::SHARED_MEM => self.source.flag(&mut mem.shared)?,
                Tag::FREE_MEM if mem.free_mem.is_none() => self.source.text(&mut mem.free_mem)?,
                Tag::FREE_ID if mem.free_id.is_none() => self.source.text(&mut mem.free_id)?,
                _ => left.push(self.source.element()?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(())
    }

    /// Puts elements that the one at `parent` does not have, and nothing in the model holds, among its owner's
    /// `unknown` ones: inside another such parent, which stands there as one that is repeated.
    #[inline]
    pub(super) fn leave(&self, parent: S::Open, left: Vec<Element>, unknown: &mut Vec<Element>) {
        if left.is_empty() {
            return;
        }
        let children = left.into_iter().map(Node::Element).collect();
        let name = self.source.name(parent);
        let name = name.rsplit(':').next().unwrap_or_default().into();
        unknown.push(Element { name, attributes: Vec::new(), children, span: self.span(parent) });
    }
}
