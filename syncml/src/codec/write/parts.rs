//! The header, and what commands are made of.

use super::Sink;
use crate::codec::tag::Tag;
use crate::message::{Cred, Data, Element, Header, Item, Location, Meta, MoreMeta};

/// Which of two fields of `Meta` comes first.
#[derive(Clone, Copy)]
pub(super) enum MetaOrder {
    FormatFirst,
    TypeFirst,
}

pub(super) fn header(header: &Header, out: &mut impl Sink) {
    out.open(Tag::SYNC_HDR);
    out.text(Tag::VER_DTD, header.ver_dtd.as_ref());
    out.text(Tag::VER_PROTO, header.ver_proto.as_ref());
    out.text(Tag::SESSION_ID, header.session_id.as_ref());
    out.text(Tag::MSG_ID, header.msg_id.as_ref());
    address(Tag::TARGET, header.target.as_ref(), out);
    address(Tag::SOURCE, header.source.as_ref(), out);
    out.text(Tag::RESP_URI, header.resp_uri.as_ref());
    out.flag(Tag::NO_RESP, header.no_resp);
    cred(header.cred.as_deref(), out);
    meta(header.meta.as_deref(), MetaOrder::FormatFirst, out);
    elements(&header.unknown, out);
    out.close(Tag::SYNC_HDR);
}

pub(super) fn item(item: &Item, order: MetaOrder, out: &mut impl Sink) {
    out.open(Tag::ITEM);
    address(Tag::TARGET, item.target.as_ref(), out);
    address(Tag::SOURCE, item.source.as_ref(), out);
    address(Tag::SOURCE_PARENT, item.source_parent.as_deref(), out);
    address(Tag::TARGET_PARENT, item.target_parent.as_deref(), out);
    meta(item.meta.as_ref(), order, out);
    match &item.data {
        None => {}
        Some(Data::Text(data)) => out.text(Tag::DATA, Some(data)),
        Some(Data::Markup(data)) => {
            out.markup(data, item.meta.as_ref().and_then(|meta| meta.media_type.as_deref()))
        }
    }
    out.flag(Tag::MORE_DATA, item.more_data);
    elements(&item.unknown, out);
    out.close(Tag::ITEM);
}

fn address(tag: Tag, location: Option<&Location>, out: &mut impl Sink) {
    let Some(location) = location else { return };
    out.open(tag);
    out.text(Tag::LOC_URI, location.loc_uri.as_ref());
    out.text(Tag::LOC_NAME, location.loc_name.as_ref());
    out.close(tag);
}

pub(super) fn cred(cred: Option<&Cred>, out: &mut impl Sink) {
    let Some(cred) = cred else { return };
    out.open(Tag::CRED);
    meta(cred.meta.as_ref(), MetaOrder::FormatFirst, out);
    out.text(Tag::DATA, cred.data.as_ref());
    out.close(Tag::CRED);
}

pub(super) fn meta(meta: Option<&Meta>, order: MetaOrder, out: &mut impl Sink) {
    let Some(meta) = meta else { return };
    out.open(Tag::META);
    match order {
        MetaOrder::FormatFirst => {
            out.text(Tag::FORMAT, meta.format.as_ref());
            out.text(Tag::TYPE, meta.media_type.as_ref());
        }
        MetaOrder::TypeFirst => {
            out.text(Tag::TYPE, meta.media_type.as_ref());
            out.text(Tag::FORMAT, meta.format.as_ref());
        }
    }
    if let Some(more) = &meta.more {
        more_meta(more, out);
    }
    out.close(Tag::META);
}

fn more_meta(more: &MoreMeta, out: &mut impl Sink) {
    out.flag(Tag::FIELD_LEVEL, more.field_level);
    out.text(Tag::MARK, more.mark.as_ref());
    out.text(Tag::SIZE, more.size.as_ref());
    if let Some(anchor) = &more.anchor {
        out.open(Tag::ANCHOR);
        out.text(Tag::LAST, anchor.last.as_ref());
        out.text(Tag::NEXT, anchor.next.as_ref());
        out.close(Tag::ANCHOR);
    }
    out.text(Tag::VERSION, more.version.as_ref());
    out.text(Tag::NEXT_NONCE, more.next_nonce.as_ref());
    out.text(Tag::MAX_MSG_SIZE, more.max_msg_size.as_ref());
    out.text(Tag::MAX_OBJ_SIZE, more.max_obj_size.as_ref());
    for emi in &more.emi {
        out.text(Tag::EMI, Some(emi));
    }
    if let Some(mem) = &more.mem {
        out.open(Tag::MEM);
        out.flag(Tag::SHARED_MEM, mem.shared);
        out.text(Tag::FREE_MEM, mem.free_mem.as_ref());
        out.text(Tag::FREE_ID, mem.free_id.as_ref());
        out.close(Tag::MEM);
    }
    elements(&more.unknown, out);
}

pub(super) fn elements(elements: &[Element], out: &mut impl Sink) {
    for it in elements {
        out.element(it);
    }
}
