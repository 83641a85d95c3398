//! SyncML as WAP Binary XML: WBXML 1.1 to 1.3 (WAP-192-WBXML), with the code pages of OMA SyncML Representation Protocol
//! 1.2 (section 8), OMA SyncML Meta-Information 1.2 (section 6) and OMA SyncML Device Information 1.2 (section 6).
//!
//! A document means what its XML means: tokens stand for names in the namespace of their code page, literals for names as
//! they are spelled, declarations of namespaces are literal attributes. What XML could not hold is an error here too.
//! Beyond that,
//!
//! - a tag or an attribute that has no name is called after its token, `Token-0-3F`: page, then hexadecimal;
//! - OPAQUE is text if it is one, else a document of device information, as libwbxml nests it, else base64 of its bytes;
//! - `msft` needs no declaration.
//!
//! Deliberately absent: WBXML 1.0, which has no charset; charsets of two-byte units; extension tokens and tokens of
//! attribute values, of which SyncML defines none: each is refused by name. Processing instructions are passed over.

mod attributes;
mod charset;
mod devinf;
mod dump;
mod header;
mod lexer;
mod markup;
mod read;
mod text;
mod tokens;
mod write;

pub use dump::dump;
pub use read::read;
pub use write::write;
