//! The rules that a server can break, and what texts ask of a server that nobody can see from outside.

/// How much a broken rule matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It works, and may not be what was meant.
    Note,
    /// Windows takes it, or takes it today: a text asks for something else.
    Warning,
    /// Windows refuses it, or the session cannot go on as it should.
    Error,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// Its name: `error`, `warning`, `note`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What has to be known, beside the message itself, to see that a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    /// Nothing.
    Message,
    /// The server's messages before it.
    Session,
    /// What the device has said.
    OtherSide,
    /// The device that the message is for.
    Device,
    /// How the message came.
    Transport,
}

impl Needs {
    /// What that is, in words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Message => "the message alone",
            Self::Session => "the server's messages before it",
            Self::OtherSide => "the device's messages",
            Self::Device => "a device",
            Self::Transport => "the connection that it came by",
        }
    }
}

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// A short name that stays.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What has to be known to see it.
    pub needs: Needs,
    /// What the rule says.
    pub what: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Where the rule stands.
    pub source: &'static str,
}

macro_rules! rules {
    ($($section:literal { $($name:ident, $id:literal, $severity:ident, $needs:ident, $what:literal, $remedy:literal, $source:literal;)* })*) => {
        $($(
            #[doc = concat!("The rule `", $id, "`.")]
            pub static $name: Rule = Rule {
                id: $id,
                severity: Severity::$severity,
                needs: Needs::$needs,
                what: $what,
                remedy: $remedy,
                source: $source,
            };
        )*)*

        /// Every rule, by section.
        pub static SECTIONS: &[(&str, &[&Rule])] = &[$(($section, &[$(&$name),*])),*];
    };
}

/// Every rule, in the order of the sections.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    SECTIONS.iter().flat_map(|(_, rules)| rules.iter().copied())
}

/// The rule of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

rules! {
    "What a message is" {
        MALFORMED, "malformed", Error, Message,
            "A body is a SyncML message: well-formed XML or WBXML with SyncML, or a SyncBody, as its root.",
            "Send what an XML or WBXML library writes; text that holds `<` or `&` is escaped or in a CDATA section.",
            "[MS-MDM] 2.2.1; XML 1.0";
        NO_ANSWER, "no-answer", Error, OtherSide,
            "Every message of the device's is answered with a message.",
            "Answer with at least the Status of the SyncHdr and Final.",
            "OMA DM Protocol 1.2.1 section 6; [MS-MDM] 3.1.5.2.1";
        NAMESPACE, "namespace", Warning, Message,
            "The root element is in the namespace SYNCML:SYNCML1.2.",
            "Declare xmlns=\"SYNCML:SYNCML1.2\" on SyncML. Windows 11 was seen to accept SYNCML:SYNCML1.1 and none.",
            "[MS-MDM] 2.2.1";
        META_NAMESPACE, "meta-namespace", Warning, Message,
            "What stands in Meta is in the namespace syncml:metinf.",
            "Declare xmlns=\"syncml:metinf\" on each child of Meta, or on Meta itself with a prefix.",
            "OMA SyncML Meta-Information 1.2; [MS-MDM] 2.2.5";
        UNKNOWN_ELEMENT, "unknown-element", Error, Message,
            "An element holds what the protocol has there, and what can stand once stands once.",
            "Leave the element out. Under SyncBody, Atomic and Sequence Windows answers it with 400; elsewhere it does not look at it.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"; OMA SyncML Representation Protocol 1.2";
        SYNC_HDR, "sync-hdr", Warning, Message,
            "SyncHdr holds VerDTD 1.2, VerProto DM/1.2, SessionID, MsgID, Target and Source.",
            "Write all six, Target with the device's LocURI and Source with the server's.",
            "[MS-MDM] 2.2.4";
        MAX_MSG_SIZE, "max-msg-size", Error, OtherSide,
            "A message is not larger than the MaxMsgSize that the device has given.",
            "Send fewer commands in a message and the rest in the next, or cut large data into pieces with MoreData.",
            "OMA SyncML Meta-Information 1.2, MaxMsgSize; OMA DM Protocol 1.2.1";
        CREDENTIALS_IN_CLEAR, "credentials-in-clear", Warning, Transport,
            "Basic credentials are neither sent nor asked for on a connection that is not encrypted.",
            "Serve the device over HTTPS, or ask for syncml:auth-md5. Addresses of this machine are not complained of.",
            "OMA DM Security 1.2.1, credentials; Microsoft, OMA DM protocol support, \"Security\"";
    }
    "The session" {
        SESSION_ID, "session-id", Error, Session,
            "Every message of a session has the same SessionID.",
            "Repeat the SessionID of the device's first message.",
            "OMA SyncML Representation Protocol 1.2, SessionID";
        MSG_ID, "msg-id", Error, Session,
            "MsgIDs begin at 1 and increase by 1.",
            "Count the server's own messages of the session; the device's MsgID is what MsgRef is for.",
            "[MS-MDM] 2.2.4, MsgID; Microsoft, OMA DM protocol support";
        NO_FINAL, "no-final", Error, Session,
            "A server's message has Final, unless a large object goes on in the next or it asks for the device's next with Alert 1222.",
            "Write Final as the last element of SyncBody.",
            "OMA Device Management Protocol 1.2.1, multiple messages in a package";
        MSG_REF, "msg-ref", Error, OtherSide,
            "MsgRef names a message of this session; that of the SyncHdr's Status names the last one.",
            "Take MsgRef from the MsgID of the device's message that is answered.",
            "OMA SyncML Representation Protocol 1.2, MsgRef; [MS-MDM] 2.2.7.12";
        CMD_REF, "cmd-ref", Error, OtherSide,
            "CmdRef and Cmd of a Status name one command, those of Results a Get.",
            "Take CmdRef from the CmdID, and Cmd from the name, of the command that is answered.",
            "OMA SyncML Representation Protocol 1.2, CmdRef; [MS-MDM] 2.2.7.10, 2.2.7.12";
        SYNC_HDR_FIRST, "sync-hdr-first", Error, OtherSide,
            "The Status of the SyncHdr is the first one of a message.",
            "Write it before all others.",
            "[MS-MDM] 2.2.7.12";
        STATUS_ORDER, "status-order", Warning, OtherSide,
            "Statuses come in the order of the commands that they answer.",
            "Answer the commands of the device's message from its first to its last.",
            "[MS-MDM] 3.1.5.2.1";
        UNSOLICITED_STATUS, "unsolicited-status", Error, OtherSide,
            "A Status answers a command that was sent, and each Item once. Status and Results have none, but for the 213 and 424 of a large object.",
            "Answer Alert and Replace of the device; its Status and Results are not answered.",
            "[MS-MDM] 2.2.7.12; OMA Device Management Protocol 1.2.1, multiple messages in a package, large objects";
        MISSING_STATUS, "missing-status", Warning, OtherSide,
            "Every command has its Status when the package is complete, the SyncHdr too. (Microsoft's own samples leave it out for the Alerts and the Replace that a session begins with.)",
            "Answer the SyncHdr and every Alert and Replace of the device's message.",
            "[MS-MDM] 3.1.5.2.1; OMA Device Management Protocol 1.2.1";
        COMMANDS_WHILE_OUTSTANDING, "commands-while-outstanding", Error, OtherSide,
            "A server sends no new commands before those it has sent are answered and the answer is complete; until then it asks for the next message with Alert 1222.",
            "Keep the commands until the device's package has its Final.",
            "OMA Device Management Protocol 1.2.1, multiple messages in a package";
        RESULTS_IGNORED, "results-ignored", Warning, OtherSide,
            "What the device has not finished saying is asked for: a message of its without Final is answered with Alert 1222.",
            "Answer with the Status of the SyncHdr and Alert 1222, without Final, until the device's Final has come.",
            "OMA Device Management Protocol 1.2.1, multiple messages in a package, large objects";
        COMMANDS_WITH_REFUSAL, "commands-with-refusal", Error, Message,
            "A message that refuses the device's credentials (401, 407) holds nothing but Statuses.",
            "Send the commands once the device has proved itself.",
            "OMA DM Protocol 1.2.1 section 9";
        CHALLENGE, "challenge", Error, Message,
            "A refusal of credentials (401, 407) has a Chal, which names its scheme in Type; for syncml:auth-md5 and syncml:auth-MAC it gives a NextNonce with Format b64.",
            "Write Chal with Meta/Type, Meta/Format b64 and, for digests, a new Meta/NextNonce in base64.",
            "OMA DM Protocol 1.2.1 section 9; OMA DM Security 1.2.1";
    }
    "Commands" {
        NO_CMD_ID, "no-cmdid", Error, Message,
            "Every command has a CmdID.",
            "Number the commands of a message from 1.",
            "[MS-MDM] 2.2.3.2; Microsoft, OMA DM protocol support: it is answered 400 and not run";
        ZERO_CMD_ID, "zero-cmdid", Error, Message,
            "A CmdID is not 0, which is the SyncHdr.",
            "Number the commands of a message from 1.",
            "[MS-MDM] 2.2.3.2";
        DUPLICATE_CMD_ID, "duplicate-cmdid", Error, Message,
            "A CmdID is unique in its message.",
            "Number the members of Atomic and Sequence together with all others: a Status can name only one of them.",
            "[MS-MDM] 2.2.3.2";
        SEVERAL_CMD_IDS, "several-cmdids", Warning, Message,
            "A command has one CmdID.",
            "Write a command for each, though a sample of Microsoft's shows a Replace with three.",
            "[MS-MDM] 2.2.7";
        NO_TARGET, "no-target", Error, Message,
            "A command that is about nodes has Items, and each its Target/LocURI. Exec has one Item.",
            "Give each Item the address of its node.",
            "[MS-MDM] 2.2.7; OMA SyncML Representation Protocol 1.2, Item";
        COPY, "copy", Error, Message,
            "Windows has no Copy.",
            "Get the value, and Add or Replace it at its new place.",
            "Microsoft, OMA DM protocol support, lists the commands without it";
        CORRELATOR, "correlator", Warning, Message,
            "Windows does not support Correlator.",
            "Leave it out: what answers a command names its CmdID.",
            "[MS-MDM] 2.2.7.2";
        NO_RESP, "no-resp", Note, Message,
            "Windows answers commands with NoResp all the same.",
            "Leave it out, and expect a Status.",
            "Microsoft, OMA DM protocol support, lists the common elements without it; [MS-MDM] 3.1.5.2.1";
        ALERT_CODE, "alert-code", Error, Message,
            "An Alert has a code that Windows knows: a server has use for 1222 and 1223.",
            "Do without alerts to the user (1100 to 1104): Windows answers them with 406.",
            "[MS-MDM] 2.2.7.2";
        STATUS_INCOMPLETE, "status-incomplete", Error, Message,
            "A Status has MsgRef, CmdRef, Cmd, and in Data a code of three digits.",
            "Write all four; for the SyncHdr CmdRef is 0 and Cmd is SyncHdr.",
            "[MS-MDM] 2.2.7.12";
        MARKUP_IN_DATA, "markup-in-data", Warning, Message,
            "Markup that is a value stands in Data as text: escaped, or in a CDATA section.",
            "Escape `<` and `&`, or wrap the value in <![CDATA[…]]>. The device has to guess what was meant otherwise.",
            "OMA SyncML Representation Protocol 1.2, Data; Microsoft, samples of CSPs with Format xml";
        LARGE_OBJECT, "large-object", Error, Device,
            "The first piece of a large object tells its Size, the pieces follow each other, and together they have that size.",
            "Write Meta/Size with the whole length beside the first piece, and MoreData beside all but the last.",
            "OMA DM Protocol 1.2.1, Large Object Handling";
    }
    "Atomic" {
        GET_IN_ATOMIC, "get-in-atomic", Error, Message,
            "Atomic holds no Get.",
            "Get before or after the Atomic: Windows refuses all of it.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"";
        ATOMIC_IN_ATOMIC, "atomic-in-atomic", Error, Message,
            "Atomic holds no Atomic.",
            "Write one Atomic for all of it, or one after the other.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"";
        REPLACE_AFTER_ADD, "replace-after-add", Error, Message,
            "An Atomic does not replace what it has added.",
            "Add the node with its final value.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"";
        ATOMIC_REQUIRED, "atomic-required", Error, Device,
            "A node whose description says AtomicRequired is written inside an Atomic.",
            "Put the commands that belong together into one Atomic.",
            "Microsoft, DDF v2, AtomicRequired";
    }
    "Addresses" {
        ILLEGAL_URI, "illegal-uri", Error, Device,
            "A LocURI does not begin with `/`, has no empty segment, `.` only as its first and `*` nowhere as a whole one.",
            "Write ./Vendor/MSFT/…, and percent-encode what is not a letter or digit in a name.",
            "Microsoft, OMA DM protocol support; Microsoft, Structure of OMA DM provisioning files";
        LOC_URI_BLANKS, "loc-uri-blanks", Warning, Message,
            "A LocURI holds no blanks, neither around it nor in it.",
            "Trim it; a blank of a node's name is %20.",
            "OMA DM Tree and Description 1.2.1 section 6.2; Microsoft, OMA DM protocol support";
        LOC_URI_ESCAPES, "loc-uri-escapes", Warning, Message,
            "Characters of a LocURI beyond ASCII are written as percent-encoded UTF-8.",
            "Encode each byte of the name's UTF-8 form as %XX.",
            "Microsoft, OMA DM protocol support";
        UNKNOWN_NODE, "unknown-node", Warning, Device,
            "An address names a node that the CSP's description has.",
            "Compare it with the CSP's page, upper and lower case too.",
            "the CSP's device description";
        UNKNOWN_CSP, "unknown-csp", Note, Device,
            "The address belongs to no CSP that this device knows.",
            "Mount the CSP's description with --ddf, so that its nodes are judged too.",
            "decided: what is not described here may well be there on a real device";
        ABSENT_NODE, "absent-node", Warning, Device,
            "Replace, Delete and Exec are for nodes that are there.",
            "Add the node first, or look for it with Get.",
            "[MS-MDM] 3.1.5.1.7; OMA DM Tree and Description 1.2.1";
        BAD_NAME, "bad-name", Error, Device,
            "A node whose name is free has one that its description takes: below ./Vendor/MSFT/Update a GUID.",
            "Write the UpdateID or classification as a GUID with hyphens, with or without braces.",
            "Microsoft, Update CSP; the CSP's device description";
        QUERY_UNSUPPORTED, "query-unsupported", Warning, Device,
            "`?list=` asks for Struct or StructData, `?prop=` for Format, Name, Size, Title or Type.",
            "Read the nodes themselves.",
            "Microsoft, OMA DM protocol support: 406 for a property that the CSP does not support";
        NOT_APPLICABLE, "not-applicable", Warning, Device,
            "A node is written where this edition and version of Windows has it.",
            "Look at the versions and editions on the node's page, and ask DevDetail/SwV first.",
            "the CSP's device description, MSFT:Applicability";
    }
    "Values" {
        NOT_ALLOWED, "not-allowed", Error, Device,
            "A command is among those that the node's description allows.",
            "Write only to nodes that take Add or Replace, and read only what can be read.",
            "the CSP's device description, AccessType";
        ADD_EXISTING, "add-existing", Warning, Device,
            "Add makes a node; the value of one that is there is changed with Replace.",
            "Replace it, or look for it with Get before.",
            "OMA DM Tree and Description 1.2.1; Microsoft, OMA DM protocol support, status 418";
        ADD_WITHOUT_FORMAT, "add-without-format", Note, Device,
            "Add of an interior node says Format node.",
            "Write Meta/Format node. Windows' Update CSP takes the Add without it.",
            "OMA DM Tree and Description 1.2.1";
        WRONG_FORMAT, "wrong-format", Error, Device,
            "Meta/Format is the format of the node.",
            "Write the format that the CSP's page gives, or none.",
            "the CSP's device description, DFFormat";
        DATA_ON_INTERIOR, "data-on-interior", Error, Device,
            "An interior node has no value: no Data, and no Format but node.",
            "Leave Data out; what a leaf below is to say is written to that leaf.",
            "OMA DM Tree and Description 1.2.1; Microsoft, Update CSP";
        BAD_VALUE, "bad-value", Error, Device,
            "Data spells a value of the node's format.",
            "Write int in decimal digits, bool as true or false, bin as base64 with Format b64.",
            "the CSP's device description, DFFormat";
        VALUE_OUT_OF_RANGE, "value-out-of-range", Error, Device,
            "A value is one that the node's description allows.",
            "Write one of the values that the CSP's page lists.",
            "the CSP's device description, MSFT:AllowedValues";
        TOO_MANY, "too-many", Error, Device,
            "There are no more nodes below another than its description allows.",
            "Delete one before the next is added.",
            "the CSP's device description, Occurrence";
    }
    "Updates" {
        APPROVAL_NOT_INSTALLABLE, "approval-not-installable", Warning, Device,
            "What is approved is an update in InstallableUpdates, or a classification.",
            "Read InstallableUpdates first, and approve what is there. A device takes other GUIDs, and nothing comes of them until a scan finds the update.",
            "Microsoft, Update CSP: the GUIDs should be a subset of the InstallableUpdates list";
        APPROVAL_EULA, "approval-eula", Note, Device,
            "An approval accepts the update's licence terms on behalf of the user, once for each EULA.",
            "Show the terms to an administrator before the approval is sent.",
            "Microsoft, MDM for device updates; Microsoft, Update CSP";
        APPROVAL_WITHOUT_POLICY, "approval-without-policy", Note, Device,
            "Approvals steer what is installed while the policy RequireUpdateApproval is 1.",
            "Set ./Vendor/MSFT/Policy/Config/Update/RequireUpdateApproval to 1 before.",
            "Microsoft, Update CSP; Microsoft, Policy CSP - Update";
        ROLLBACK_CONDITIONS, "rollback-conditions", Warning, Device,
            "A rollback is asked of a device that takes updates from Windows Update by policy, whose updates of that kind are paused, and that has one of them to go back from.",
            "Pause the updates first, and read Rollback/*Status afterwards.",
            "Microsoft, Update CSP, Rollback";
    }
}

/// Something that a text asks of a server and that is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unchecked {
    /// What the server is asked to do.
    pub what: &'static str,
    /// Where that stands.
    pub source: &'static str,
    /// Why it is not judged.
    pub why: &'static str,
}

macro_rules! unchecked {
    ($($what:literal, $source:literal, $why:literal;)*) => {
        /// What is not judged.
        pub static UNCHECKED: &[Unchecked] = &[$(Unchecked { what: $what, source: $source, why: $why }),*];
    };
}

unchecked! {
    "A server speaks TLS, and authenticates the device by certificate, Basic or MD5.",
        "Microsoft, OMA DM protocol support, \"Security\"",
        "a server under test is often reached in clear and without credentials; that is the tester's choice, and credentials-in-clear looks at what it gives away";
    "An Atomic or Sequence fits into one message.",
        "OMA DM Protocol 1.2.1",
        "one that does not is no message: it comes as malformed";
    "Data is the last child of Item, and the children of a command stand in the order of the grammar.",
        "[MS-MDM] 2.2.6, 2.2.7",
        "what a message says does not depend on it, and Windows' own samples differ; the order is not kept";
    "One Status for all Items of a command names no TargetRef, one for some of them names those.",
        "[MS-MDM] 2.2.7.12",
        "a device's commands with several Items are the Replace of DevInfo, where both mean the same";
    "An Alert has one Item.",
        "[MS-MDM] 2.2.7.2",
        "the alerts that a server has use for, 1222 and 1223, have none in OMA's examples";
    "An answer is of the media type application/vnd.syncml.dm+xml or +wbxml.",
        "[MS-MDM] 2.1",
        "servers and proxies say other types of XML; what is not SyncML at all ends the session in the transport";
    "A nonce is used once.",
        "OMA DM Security 1.2.1",
        "a session does not show what the server has given to others";
    "A server answers within some time.",
        "OMA DM Protocol 1.2.1",
        "no text gives a number: the transport's time-out decides";
    "Status 200 on a MAC has a NextNonce every time.",
        "OMA DM Security 1.2.1, integrity checking",
        "the device ends the session without it, and says so";
    "An administrator sees title, description, classification and licence terms before an update is approved.",
        "Microsoft, MDM for device updates",
        "happens in the server's own pages; approval-eula reminds of it";
    "Metadata of updates is fetched by [MS-WSUSSS], no more than once an hour, and the highest RevisionNumber counts.",
        "Microsoft, MDM for device updates",
        "happens between the server and Microsoft's";
    "Compliance is read again after an approval: no alert tells of an installed update.",
        "Microsoft, MDM for device updates",
        "a session does not show what a server does in the next";
    "Values that belong together are wrapped in an Atomic.",
        "Microsoft, Policy CSP",
        "only a description with AtomicRequired says which do";
    "SyncApplicationVersion, EntDMID and other settings of DMClient are set when a device enrols.",
        "Microsoft, DMClient CSP",
        "optional, each of them";
    "RespURI, LocName and MaxObjSize are used as the other side needs them.",
        "OMA SyncML Representation Protocol 1.2",
        "optional; the device's side of them is documented in the conformance register";
}
