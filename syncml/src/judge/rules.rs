//! The rules of a session that one side can see the other break.

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// A short name that stays.
    pub id: &'static str,
    /// What the rule says.
    pub what: &'static str,
    /// Where that stands.
    pub source: &'static str,
}

macro_rules! rules {
    ($($name:ident, $id:literal, $what:literal, $source:literal;)*) => {
        $(
            #[doc = concat!("The rule `", $id, "`.")]
            pub(super) static $name: Rule = Rule { id: $id, what: $what, source: $source };
        )*

        /// Every rule.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    SESSION_ID, "session-id",
        "Every message of a session has the same SessionID.",
        "OMA SyncML Representation Protocol 1.2, SessionID";
    MSG_ID, "msg-id",
        "MsgIDs begin at 1 and increase by 1.",
        "[MS-MDM] 2.2.4, MsgID; Microsoft, OMA DM protocol support";
    MSG_REF, "msg-ref",
        "MsgRef names a message of this session; that of the SyncHdr's Status names the last one.",
        "OMA SyncML Representation Protocol 1.2, MsgRef; [MS-MDM] 2.2.7.12";
    CMD_REF, "cmd-ref",
        "CmdRef and Cmd of a Status name one command, those of Results a Get.",
        "OMA SyncML Representation Protocol 1.2, CmdRef; [MS-MDM] 2.2.7.10, 2.2.7.12";
    SYNC_HDR_FIRST, "sync-hdr-first",
        "The Status of the SyncHdr is the first one of a message.",
        "[MS-MDM] 2.2.7.12";
    UNSOLICITED_STATUS, "unsolicited-status",
        "A Status answers a command that was sent, and each Item once. Status and Results have none, but for the 213 and 424 of a large object.",
        "[MS-MDM] 2.2.7.12; OMA Device Management Protocol 1.2.1, multiple messages in a package, large objects";
    MISSING_STATUS, "missing-status",
        "Every command has its Status when the package is complete, the SyncHdr too. (Microsoft's own samples leave it out for the Alerts and the Replace that a session begins with.)",
        "[MS-MDM] 3.1.5.2.1; OMA Device Management Protocol 1.2.1";
    NO_FINAL, "no-final",
        "A server's message has Final, unless a large object goes on in the next or it asks for the device's next with Alert 1222.",
        "OMA Device Management Protocol 1.2.1, multiple messages in a package";
    COMMANDS_WHILE_OUTSTANDING, "commands-while-outstanding",
        "A server sends no new commands before those it has sent are answered and the answer is complete; until then it asks for the next message with Alert 1222.",
        "OMA Device Management Protocol 1.2.1, multiple messages in a package";
}
