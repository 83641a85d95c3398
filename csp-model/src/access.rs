//! What may be done to a node.

use bitflags::bitflags;

bitflags! {
    /// The access types of a node: the `AccessType` of OMA DM Device Description Framework 1.2.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Access: u8 {
        /// `Add`
        const ADD = 1;
        /// `Copy`
        const COPY = 2;
        /// `Delete`
        const DELETE = 4;
        /// `Exec`
        const EXEC = 8;
        /// `Get`
        const GET = 16;
        /// `Replace`
        const REPLACE = 32;
    }
}

impl Access {
    /// Every single access type with its name, in the order in which a description lists them.
    pub const NAMED: [(Self, &'static str); 6] = [
        (Self::ADD, "Add"),
        (Self::COPY, "Copy"),
        (Self::DELETE, "Delete"),
        (Self::EXEC, "Exec"),
        (Self::GET, "Get"),
        (Self::REPLACE, "Replace"),
    ];
}

impl std::fmt::Display for Access {
    /// The names, joined by `, `; `none` for the empty set.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for (flag, name) in Self::NAMED {
            if self.contains(flag) {
                write!(f, "{}{name}", if first { "" } else { ", " })?;
                first = false;
            }
        }
        if first { f.write_str("none") } else { Ok(()) }
    }
}
