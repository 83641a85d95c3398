//! The header, and what commands are made of.

use super::escape::{attribute, content};
use crate::message::{Cred, Data, Element, Header, Item, Location, Meta, MoreMeta, Node, Text};

/// Which of two fields of `Meta` comes first.
#[derive(Clone, Copy)]
pub(super) enum MetaOrder {
    FormatFirst,
    TypeFirst,
}

pub(super) fn header(header: &Header, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<SyncHdr>");
    text("<VerDTD>", header.ver_dtd.as_ref(), "</VerDTD>", out);
    text("<VerProto>", header.ver_proto.as_ref(), "</VerProto>", out);
    text("<SessionID>", header.session_id.as_ref(), "</SessionID>", out);
    text("<MsgID>", header.msg_id.as_ref(), "</MsgID>", out);
    address("<Target>", header.target.as_ref(), "</Target>", out);
    address("<Source>", header.source.as_ref(), "</Source>", out);
    text("<RespURI>", header.resp_uri.as_ref(), "</RespURI>", out);
    flag("<NoResp/>", header.no_resp, out);
    cred(header.cred.as_deref(), out);
    meta(header.meta.as_deref(), MetaOrder::FormatFirst, out);
    elements(&header.unknown, out);
    out.extend_from_slice(b"</SyncHdr>");
}

pub(super) fn item(item: &Item, order: MetaOrder, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Item>");
    address("<Target>", item.target.as_ref(), "</Target>", out);
    address("<Source>", item.source.as_ref(), "</Source>", out);
    address("<SourceParent>", item.source_parent.as_deref(), "</SourceParent>", out);
    address("<TargetParent>", item.target_parent.as_deref(), "</TargetParent>", out);
    meta(item.meta.as_ref(), order, out);
    match &item.data {
        None => {}
        Some(Data::Text(data)) => text("<Data>", Some(data), "</Data>", out),
        Some(Data::Markup(data)) => {
            out.extend_from_slice(b"<Data>");
            nodes(data, out);
            out.extend_from_slice(b"</Data>");
        }
    }
    flag("<MoreData/>", item.more_data, out);
    elements(&item.unknown, out);
    out.extend_from_slice(b"</Item>");
}

pub(super) fn address(open: &str, location: Option<&Location>, close: &str, out: &mut Vec<u8>) {
    let Some(location) = location else { return };
    out.extend_from_slice(open.as_bytes());
    text("<LocURI>", location.loc_uri.as_ref(), "</LocURI>", out);
    text("<LocName>", location.loc_name.as_ref(), "</LocName>", out);
    out.extend_from_slice(close.as_bytes());
}

pub(super) fn cred(cred: Option<&Cred>, out: &mut Vec<u8>) {
    let Some(cred) = cred else { return };
    out.extend_from_slice(b"<Cred>");
    meta(cred.meta.as_ref(), MetaOrder::FormatFirst, out);
    text("<Data>", cred.data.as_ref(), "</Data>", out);
    out.extend_from_slice(b"</Cred>");
}

pub(super) fn meta(meta: Option<&Meta>, order: MetaOrder, out: &mut Vec<u8>) {
    let Some(meta) = meta else { return };
    let format = |out: &mut Vec<u8>| {
        text("<Format xmlns=\"syncml:metinf\">", meta.format.as_ref(), "</Format>", out);
    };
    let media_type = |out: &mut Vec<u8>| {
        text("<Type xmlns=\"syncml:metinf\">", meta.media_type.as_ref(), "</Type>", out);
    };
    out.extend_from_slice(b"<Meta>");
    match order {
        MetaOrder::FormatFirst => {
            format(out);
            media_type(out);
        }
        MetaOrder::TypeFirst => {
            media_type(out);
            format(out);
        }
    }
    if let Some(more) = &meta.more {
        more_meta(more, out);
    }
    out.extend_from_slice(b"</Meta>");
}

fn more_meta(more: &MoreMeta, out: &mut Vec<u8>) {
    flag("<FieldLevel xmlns=\"syncml:metinf\"/>", more.field_level, out);
    text("<Mark xmlns=\"syncml:metinf\">", more.mark.as_ref(), "</Mark>", out);
    text("<Size xmlns=\"syncml:metinf\">", more.size.as_ref(), "</Size>", out);
    if let Some(anchor) = &more.anchor {
        out.extend_from_slice(b"<Anchor xmlns=\"syncml:metinf\">");
        text("<Last>", anchor.last.as_ref(), "</Last>", out);
        text("<Next>", anchor.next.as_ref(), "</Next>", out);
        out.extend_from_slice(b"</Anchor>");
    }
    text("<Version xmlns=\"syncml:metinf\">", more.version.as_ref(), "</Version>", out);
    text("<NextNonce xmlns=\"syncml:metinf\">", more.next_nonce.as_ref(), "</NextNonce>", out);
    text("<MaxMsgSize xmlns=\"syncml:metinf\">", more.max_msg_size.as_ref(), "</MaxMsgSize>", out);
    text("<MaxObjSize xmlns=\"syncml:metinf\">", more.max_obj_size.as_ref(), "</MaxObjSize>", out);
    for emi in &more.emi {
        text("<EMI xmlns=\"syncml:metinf\">", Some(emi), "</EMI>", out);
    }
    if let Some(mem) = &more.mem {
        out.extend_from_slice(b"<Mem xmlns=\"syncml:metinf\">");
        flag("<SharedMem/>", mem.shared, out);
        text("<FreeMem>", mem.free_mem.as_ref(), "</FreeMem>", out);
        text("<FreeID>", mem.free_id.as_ref(), "</FreeID>", out);
        out.extend_from_slice(b"</Mem>");
    }
    elements(&more.unknown, out);
}

pub(super) fn elements(elements: &[Element], out: &mut Vec<u8>) {
    for it in elements {
        element(it, out);
    }
}

pub(super) fn element(element: &Element, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(element.name.as_bytes());
    for it in &element.attributes {
        out.push(b' ');
        out.extend_from_slice(it.name.as_bytes());
        out.extend_from_slice(b"=\"");
        attribute(&it.value, out);
        out.push(b'"');
    }
    out.push(b'>');
    nodes(&element.children, out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(element.name.as_bytes());
    out.push(b'>');
}

pub(super) fn nodes(nodes: &[Node], out: &mut Vec<u8>) {
    for node in nodes {
        match node {
            Node::Element(it) => element(it, out),
            Node::Text(it) => content(it, out),
        }
    }
}

/// Text between two tags; nothing when there is none.
#[inline]
pub(super) fn text(open: &str, text: Option<&Text>, close: &str, out: &mut Vec<u8>) {
    let Some(text) = text else { return };
    out.extend_from_slice(open.as_bytes());
    content(text, out);
    out.extend_from_slice(close.as_bytes());
}

/// An element that says all by being there.
#[inline]
pub(super) fn flag(element: &str, is_set: bool, out: &mut Vec<u8>) {
    if is_set {
        out.extend_from_slice(element.as_bytes());
    }
}
