//! The header, and what commands are made of: items, addresses, meta-information, credentials.

use csp_model::xml::Start;

use super::Decoder;
use crate::codec::DecodeError;
use crate::message::{Anchor, Cred, Element, Header, Item, Location, Mem, Meta, MoreMeta, Node};

impl<'a> Decoder<'a> {
    pub(super) fn header(&mut self, parent: &Start<'a>) -> Result<Header, DecodeError> {
        let mut header = Header::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "VerDTD" if header.ver_dtd.is_none() => header.ver_dtd = Some(self.text(&start)?),
                "VerProto" if header.ver_proto.is_none() => header.ver_proto = Some(self.text(&start)?),
                "SessionID" if header.session_id.is_none() => header.session_id = Some(self.text(&start)?),
                "MsgID" if header.msg_id.is_none() => header.msg_id = Some(self.text(&start)?),
                "Target" if header.target.is_none() => {
                    header.target = Some(self.location(&start, &mut header.unknown)?);
                }
                "Source" if header.source.is_none() => {
                    header.source = Some(self.location(&start, &mut header.unknown)?);
                }
                "RespURI" if header.resp_uri.is_none() => header.resp_uri = Some(self.text(&start)?),
                "NoResp" => header.no_resp = self.flag(&start)?,
                "Cred" if header.cred.is_none() => {
                    header.cred = Some(Box::new(self.cred(&start, &mut header.unknown)?));
                }
                "Meta" if header.meta.is_none() => header.meta = Some(Box::new(self.meta(&start)?)),
                _ => header.unknown.push(self.element(&start)?),
            }
        }
        header.span = self.span(parent);
        Ok(header)
    }

    pub(super) fn item_parts(&mut self, parent: &Start<'a>) -> Result<Item, DecodeError> {
        let mut item = Item::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Target" if item.target.is_none() => {
                    item.target = Some(self.location(&start, &mut item.unknown)?);
                }
                "Source" if item.source.is_none() => {
                    item.source = Some(self.location(&start, &mut item.unknown)?);
                }
                "Meta" if item.meta.is_none() => item.meta = Some(self.meta(&start)?),
                "Data" if item.data.is_none() => item.data = Some(self.data()?),
                "MoreData" => item.more_data = self.flag(&start)?,
                "SourceParent" if item.source_parent.is_none() => {
                    item.source_parent = Some(Box::new(self.location(&start, &mut item.unknown)?));
                }
                "TargetParent" if item.target_parent.is_none() => {
                    item.target_parent = Some(Box::new(self.location(&start, &mut item.unknown)?));
                }
                _ => item.unknown.push(self.element(&start)?),
            }
        }
        item.span = self.span(parent);
        Ok(item)
    }

    fn location(&mut self, parent: &Start<'a>, unknown: &mut Vec<Element>) -> Result<Location, DecodeError> {
        let mut location = Location::default();
        let mut left = Vec::new();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "LocURI" if location.loc_uri.is_none() => location.loc_uri = Some(self.text(&start)?),
                "LocName" if location.loc_name.is_none() => location.loc_name = Some(self.text(&start)?),
                _ => left.push(self.element(&start)?),
            }
        }
        location.span = self.span(parent);
        self.leave(parent, left, unknown);
        Ok(location)
    }

    pub(super) fn cred(
        &mut self,
        parent: &Start<'a>,
        unknown: &mut Vec<Element>,
    ) -> Result<Cred, DecodeError> {
        let mut cred = Cred::default();
        let mut left = Vec::new();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Meta" if cred.meta.is_none() => cred.meta = Some(self.meta(&start)?),
                "Data" if cred.data.is_none() => cred.data = Some(self.text(&start)?),
                _ => left.push(self.element(&start)?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(cred)
    }

    /// Puts elements that `parent` does not have, and nothing in the model holds, among its owner's `unknown`
    /// ones: inside another `parent`, which stands there as one that is repeated.
    pub(super) fn leave(&self, parent: &Start<'a>, left: Vec<Element>, unknown: &mut Vec<Element>) {
        if left.is_empty() {
            return;
        }
        let children = left.into_iter().map(Node::Element).collect();
        let (name, span) = (self.share(parent.local().into()), self.span(parent));
        unknown.push(Element { name, attributes: Vec::new(), children, span });
    }

    pub(super) fn meta(&mut self, parent: &Start<'a>) -> Result<Meta, DecodeError> {
        let mut meta = Meta::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Format" if meta.format.is_none() => meta.format = Some(self.text(&start)?),
                "Type" if meta.media_type.is_none() => meta.media_type = Some(self.text(&start)?),
                name => self.more_meta(name, &start, meta.more.get_or_insert_default())?,
            }
        }
        Ok(meta)
    }

    fn more_meta(&mut self, name: &str, start: &Start<'a>, more: &mut MoreMeta) -> Result<(), DecodeError> {
        match name {
            "FieldLevel" => more.field_level = self.flag(start)?,
            "Mark" if more.mark.is_none() => more.mark = Some(self.text(start)?),
            "Size" if more.size.is_none() => more.size = Some(self.text(start)?),
            "Anchor" if more.anchor.is_none() => more.anchor = Some(self.anchor(start, &mut more.unknown)?),
            "Version" if more.version.is_none() => more.version = Some(self.text(start)?),
            "NextNonce" if more.next_nonce.is_none() => more.next_nonce = Some(self.text(start)?),
            "MaxMsgSize" if more.max_msg_size.is_none() => more.max_msg_size = Some(self.text(start)?),
            "MaxObjSize" if more.max_obj_size.is_none() => more.max_obj_size = Some(self.text(start)?),
            "EMI" => more.emi.push(self.text(start)?),
            "Mem" if more.mem.is_none() => more.mem = Some(self.mem(start, &mut more.unknown)?),
            _ => more.unknown.push(self.element(start)?),
        }
        Ok(())
    }

    fn anchor(&mut self, parent: &Start<'a>, unknown: &mut Vec<Element>) -> Result<Anchor, DecodeError> {
        let mut anchor = Anchor::default();
        let mut left = Vec::new();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Last" if anchor.last.is_none() => anchor.last = Some(self.text(&start)?),
                "Next" if anchor.next.is_none() => anchor.next = Some(self.text(&start)?),
                _ => left.push(self.element(&start)?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(anchor)
    }

    fn mem(&mut self, parent: &Start<'a>, unknown: &mut Vec<Element>) -> Result<Mem, DecodeError> {
        let mut mem = Mem::default();
        let mut left = Vec::new();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "SharedMem" => mem.shared = self.flag(&start)?,
                "FreeMem" if mem.free_mem.is_none() => mem.free_mem = Some(self.text(&start)?),
                "FreeID" if mem.free_id.is_none() => mem.free_id = Some(self.text(&start)?),
                _ => left.push(self.element(&start)?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(mem)
    }
}
