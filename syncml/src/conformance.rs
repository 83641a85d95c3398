//! The conformance register: what the device does, on what ground, from which source.
//!
//! Every status that an answer carries names its rule here, so that it can be explained; rules about the shape of
//! answers and the state behind them stand here too. A test holds the register against the cases: a rule that no
//! case shows, or a status that no rule gives, fails it.

/// Why the device does what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// A text says so.
    Documented,
    /// A real Windows client was captured doing it.
    Observed,
    /// The texts are silent or disagree; this project chose.
    Decided,
}

impl std::fmt::Display for Ground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Decided => "decided",
        })
    }
}

/// One rule that the device follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// A short name that stays.
    pub id: &'static str,
    /// What the device does.
    pub what: &'static str,
    /// On what ground.
    pub ground: Ground,
    /// Where that stands, or why it was chosen.
    pub source: &'static str,
}

macro_rules! register {
    ($($section:literal { $($name:ident, $id:literal, $ground:ident, $what:literal, $source:literal;)* })*) => {
        $($(
            #[doc = concat!("The rule `", $id, "`.")]
            pub static $name: Rule = Rule { id: $id, what: $what, ground: Ground::$ground, source: $source };
        )*)*

        /// Every rule, by section, in the order in which the register lists them.
        pub static REGISTER: &[(&str, &[&Rule])] = &[$(($section, &[$(&$name),*])),*];
    };
}

register! {
    "Answers" {
        DONE, "done", Documented,
            "A command that was done: 200.",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        SYNC_HDR, "sync-hdr", Documented,
            "The first Status answers the SyncHdr: CmdRef 0, 200.",
            "[MS-MDM] 2.2.7.12, 3.1.5.2.1";
        STATUS_ORDER, "status-order", Observed,
            "Statuses come in the order of the commands, each Results directly after the Status of its Get.",
            "captures of Windows 11 build 26200; [MS-MDM] 3.1.5.2";
        ANSWER_SHAPE, "answer-shape", Observed,
            "No XML declaration, no white space between elements, SYNCML:SYNCML1.2; Status without Items; Results without Cmd; Meta/Format only when it is not chr, Type only when it is not text/plain.",
            "captures of Windows 11 build 26200";
        ITEM_STATUSES, "item-statuses", Observed,
            "Several Items in a command: one Status each, with its TargetRef; a Get's Results follow in one, with the Items that succeeded.",
            "captures of Windows 11 build 26200; [MS-MDM] 2.2.7.12";
        HEADER_NUMBERS, "header-numbers", Observed,
            "The answer repeats the SessionID byte for byte; its MsgID is one more than that of the message it answers, when that is a number.",
            "captures of Windows 11 build 26200";
        OPAQUE_IDS, "opaque-ids", Decided,
            "SessionID, MsgID and CmdID are opaque text: GUIDs, `0` and `D` are echoed as they came.",
            "servers send them; no text forbids a client to accept them";
        NAMESPACE, "namespace", Observed,
            "SYNCML:SYNCML1.1, SYNCML:SYNCML1.2 and no namespace are accepted; SYNCML:SYNCML1.2 is sent.",
            "captures of Windows 11 build 26200; Microsoft's own samples";
        BARE_BODY, "bare-body", Observed,
            "A SyncBody alone is answered with a whole SyncML message whose MsgRef is 1.",
            "the local management API, as used by Microsoft's IoT Core device agent";
        NOTHING_TO_SAY, "nothing-to-say", Decided,
            "An answer that would hold only the successful Status of the SyncHdr is not due; whoever must answer all the same sends that.",
            "[MS-MDM] 3.1.5.2.1 forbids the message; an HTTP endpoint owes its caller an answer";
        NO_RESP, "no-resp", Decided,
            "NoResp does not keep the device from answering.",
            "Microsoft's list of common elements leaves NoResp out; [MS-MDM] 3.1.5.2.1 demands a Status for every command";
        EVERY_MESSAGE_NEW, "every-message-new", Decided,
            "As responder the device takes every message as new: repeated or out-of-order MsgIDs are run.",
            "decided: the tool judges such a server, it does not stop it";
        MAX_MSG_SIZE, "max-msg-size", Observed,
            "Results that do not fit into the server's MaxMsgSize are left out; its next message is answered with Alert 1223, and nothing of it is run.",
            "captures of Windows 11 build 26200; Microsoft, OMA DM protocol support, says that Meta in SyncHdr is ignored, which the switch max_msg_size = \"ignored\" follows";
        ENCODING, "encoding", Observed,
            "A declaration of utf-16 on bytes that are not is ignored; real UTF-16 with a byte order mark is read.",
            "answers of the local management API declare utf-16 and are not";
    }
    "Sessions that the device opens" {
        PACKAGE_1, "package-1", Observed,
            "Package 1: Alert 1201 or 1200, Alert 1224 LoginStatus and what else there is to tell, Replace of DevInfo (DevId, Man, Mod, DmV, Lang), Final; its CmdIDs start at 2.",
            "captures of Windows 11 build 26200; OMA DM Protocol 1.2.1, Package 1";
        SESSION_ENDS, "session-ends", Documented,
            "A message of the server that leaves nothing to be answered ends the session: the device sends no more.",
            "[MS-MDM] 3.1.5.2.1; OMA DM Protocol 1.2.1 section 6";
        NEXT_MESSAGE, "next-message", Documented,
            "A message without Final is answered with Alert 1222 behind its Statuses, and without Final, until the package has come.",
            "OMA DM Protocol 1.2.1, multiple messages in a package; Alert 1222";
        ABORTED, "aborted", Documented,
            "Alert 1223 of the server ends the session; nothing of that message is run, and nothing is answered.",
            "OMA DM Protocol 1.2.1, session abort";
        FOREIGN_SESSION, "foreign-session", Decided,
            "A message of another SessionID is not run: 400 for its SyncHdr, Alert 1223, and the session is over.",
            "no text says what becomes of it; its commands were meant for another session";
        REPEATED_MESSAGE, "repeated-message", Decided,
            "A message that has the MsgID of the one before, and answers what the device said before its last message, came twice: it is not run again, and gets the same answer.",
            "OMA DM Protocol 1.2.1 numbers messages so that it can be known";
        LOOP_GUARD, "loop-guard", Decided,
            "A session ends with the device's message 64: Alert 1223.",
            "decided: a server that always has one more command would never end";
        RESP_URI, "resp-uri", Documented,
            "RespURI in a SyncHdr is where the next messages go; their Target stays the account's address.",
            "OMA SyncML Representation Protocol 1.2, RespURI";
        UNENROLLED, "unenrolled", Documented,
            "Exec of Unenroll ends the session at once and without an answer; the device tells it with Alert 1226 in a session of its own.",
            "Microsoft, Disconnecting from MDM";
    }
    "Credentials" {
        CRED_ONCE_KNOWN, "cred-once-known", Observed,
            "The device sends credentials with its first message where it knows all they need; a digest needs a nonce. The user's name stands in Source/LocName beside them.",
            "captures of Windows 11 build 26200; OMA DM Protocol 1.2.1 section 9";
        CHALLENGE_ANSWERED, "challenge-answered", Observed,
            "A challenge (401, 407 with Chal) is answered with package 1 once more, in the same session under the next MsgID, with the Status of the SyncHdr before it and the credentials that were asked for.",
            "captures of Windows 11 build 26200; OMA DM Protocol 1.2.1 section 9";
        CRED_REFUSED, "cred-refused", Decided,
            "A second refusal in a row, a challenge that the device has no credentials for, or a refusal without challenge ends the session.",
            "OMA DM Protocol 1.2.1 section 9 leaves the number of attempts to the device";
        CRED_EACH_MESSAGE, "cred-each-message", Documented,
            "Credentials that were answered 200 come with every message, with the nonce that was given last; 212 settles the session.",
            "OMA DM Protocol 1.2.1 section 9; captures of Windows 11 build 26200";
        NEXT_NONCE, "next-nonce", Documented,
            "The last NextNonce of a session is kept for the next one, in DMAcc AAuthData.",
            "OMA DM Security 1.2.1, MD5 authentication";
        SERVER_AUTHENTICATED, "server-authenticated", Documented,
            "A server whose account has CLIENT credentials must prove itself: right ones are answered 212 for the session, a MAC 200 for each message.",
            "OMA DM Protocol 1.2.1 section 9; Microsoft, w7 APPLICATION CSP";
        SERVER_CHALLENGED, "server-challenged", Documented,
            "A message without them is answered 407, with wrong ones 401, with a challenge; none of its commands is run, each is answered the same. A second refusal in a row ends the session.",
            "OMA DM Protocol 1.2.1 section 9";
        MAC_HEADER, "mac-header", Documented,
            "HMAC credentials stand in the HTTP header x-syncml-hmac, over the bytes of the message.",
            "OMA DM Security 1.2.1, integrity checking";
    }
    "Commands" {
        NO_CMD_ID, "no-cmdid", Documented,
            "A command without CmdID is not run: 400 with an empty CmdRef.",
            "Microsoft, OMA DM protocol support, \"OMA DM protocol common elements\"";
        DUPLICATE_CMD_ID, "duplicate-cmdid", Decided,
            "Commands with the same CmdID are all run and answered.",
            "decided: servers ship such profiles, and the tool judges them";
        SEVERAL_CMD_IDS, "several-cmdids", Decided,
            "Several CmdIDs in one command: each governs the Items after it, and gets its own Status.",
            "Microsoft, MDM for device updates, has a Replace of that shape among its samples";
        UNKNOWN_ELEMENT, "unknown-element", Documented,
            "An element that SyncBody, Atomic or Sequence does not have: 400, with its name as Cmd.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"";
        NO_ITEM, "no-item", Decided,
            "A command without an Item: 400.",
            "[MS-MDM] 2.2.7 demands at least one";
        NO_ADDRESS, "no-address", Decided,
            "An Item without a Target LocURI: 400.",
            "OMA SyncML Representation Protocol 1.2 demands one";
        SEQUENCE, "sequence", Documented,
            "A Sequence is answered 200 before its members, which are run in order whatever becomes of them.",
            "OMA DM Representation Protocol 1.2.1, Sequence";
        COPY, "copy", Documented,
            "Copy: 406.",
            "Microsoft, OMA DM protocol support, does not list Copy among the commands";
        META_MERGE, "meta-merge", Documented,
            "The Meta of an Item wins over that of its command, field by field.",
            "[MS-MDM] 2.2.5";
        ALERT, "alert", Documented,
            "An Alert that Windows knows (1200, 1201, 1222, 1223, 1224, 1225, 1226): 200.",
            "[MS-MDM] 2.2.7.2";
        ALERT_UNSUPPORTED, "alert-unsupported", Decided,
            "Any other Alert, the user alerts among them: 406.",
            "[MS-MDM] 2.2.7.2 lists the codes; OMA gives 406 for what is not supported";
        ALERT_INCOMPLETE, "alert-incomplete", Documented,
            "An Alert without its code: 412.",
            "OMA DM Representation Protocol 1.2.1, status 412";
        RESPONSES, "responses", Documented,
            "A Status or Results of the server is not answered.",
            "OMA DM Protocol 1.2.1 section 8";
    }
    "Large objects" {
        CHUNK_ACCEPTED, "chunk-accepted", Documented,
            "An Item with MoreData is kept until the rest of its data has come: 213. The pieces name the same node by the same command, in messages that follow each other.",
            "OMA DM Protocol 1.2.1, Large Object Handling";
        CHUNK_SIZE_REQUIRED, "chunk-size-required", Documented,
            "A first piece without Size: 411.",
            "OMA SyncML Representation Protocol 1.2, Size and status 411";
        CHUNK_SIZE_MISMATCH, "chunk-size-mismatch", Documented,
            "An object that is not as large as was said: 424. Base64 may be counted before or after it is decoded.",
            "OMA SyncML Representation Protocol 1.2, status 424; servers count base64 in both ways";
        CHUNK_TOO_LARGE, "chunk-too-large", Decided,
            "An object of more than 16 MiB: 413 with its first piece.",
            "OMA SyncML Representation Protocol 1.2, status 413; Windows' limit is not documented";
        CHUNK_INTERRUPTED, "chunk-interrupted", Documented,
            "Something else where a piece was due: the object is forgotten, and Alert 1225 names its node.",
            "OMA DM Protocol 1.2.1, Large Object Handling";
        CHUNK_IN_ATOMIC, "chunk-in-atomic", Documented,
            "MoreData inside an Atomic: 500, and the Atomic fails.",
            "OMA DM Protocol 1.2.1: an Atomic must be in one message";
        LARGE_RESULTS, "large-results", Documented,
            "With the switch large_objects = true an answer that does not fit into the server's MaxMsgSize goes on in the next message, large data with Size and MoreData; Alert 1222 of the server brings that.",
            "OMA DM Protocol 1.2.1, Large Object Handling";
        OBJECT_TOO_LARGE, "object-too-large", Documented,
            "With that switch, Results larger than the server's MaxObjSize: 413 for their Get.",
            "OMA SyncML Meta-Information 1.2, MaxObjSize; status 413";
    }
    "Atomic" {
        ATOMIC_TOO_LARGE, "atomic-too-large", Documented,
            "An Atomic whose Statuses would not fit into one message of the server's MaxMsgSize: 517 alone, and the device as it was.",
            "OMA SyncML Representation Protocol 1.2, status 517";
        ATOMIC_ROLL_BACK_FAILED, "atomic-roll-back-failed", Documented,
            "With the switch atomic_failure = \"516\": members that were done before the one that failed stay done, 516.",
            "OMA SyncML Representation Protocol 1.2, status 516";
        ATOMIC_FAILED, "atomic-failed", Documented,
            "An Atomic of which a member fails: 507, the member its own code, and the device as it was.",
            "Microsoft, OMA DM protocol support, \"Status codes\"; OMA DM Representation Protocol 1.2.1, Atomic";
        ATOMIC_ROLLED_BACK, "atomic-rolled-back", Documented,
            "Members that were done before the one that failed: 216.",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        ATOMIC_NOT_EXECUTED, "atomic-not-executed", Decided,
            "Members after the one that failed are not run: 215.",
            "OMA's definition of 215; which code Windows gives is not documented";
        ATOMIC_GET, "atomic-get", Documented,
            "Get inside an Atomic: 500, and the Atomic fails.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"";
        ATOMIC_NESTED, "atomic-nested", Documented,
            "An Atomic inside an Atomic: 500, its members 215, the outer one 507.",
            "Microsoft, OMA DM protocol support, \"OMA DM standards\"";
        ATOMIC_ADD_REPLACE, "atomic-add-replace", Decided,
            "Replace of a node that the same Atomic has added: 500, and the Atomic fails.",
            "Microsoft, OMA DM protocol support, says that it is not supported; the code is that of the other refusals";
        ATOMIC_EXEC, "atomic-exec", Documented,
            "Exec inside an Atomic is run; what follows from it waits until the Atomic has succeeded.",
            "[MS-MDM] 2.2.7.3 allows it";
        ATOMIC_OWN_CODES, "atomic-own-codes", Decided,
            "With the switch atomic_failure = \"500\": the Atomic 500, its members their own codes, and the device as it was.",
            "developers of servers have reported 200, 500, 200 under a 500";
    }
    "The tree" {
        NOT_FOUND, "not-found", Documented,
            "No such node: 404 (0x86000002).",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        ILLEGAL_URI, "illegal-uri", Decided,
            "An address that breaks the rules for addresses (a `.` segment that is not the first, an empty segment, a leading `/`, `*` alone): 404 (0x86000015).",
            "Microsoft, Structure of OMA DM provisioning files, calls them invalid; the code is that of a node that cannot be";
        BLANK_ADDRESS, "blank-address", Decided,
            "Blanks around an address do not count for the look-up, and are echoed.",
            "Microsoft's own samples have them";
        NAME_CASE, "name-case", Documented,
            "A node's name is compared without case where its description says so (CaseSense CIS), and by case elsewhere; the names that a server chooses below a mounted CSP always by case.",
            "Microsoft, Update DDF file; OMA DM Device Description Framework 1.2, CaseSense";
        USER_SCOPE, "user-scope", Decided,
            "`./User/Vendor/MSFT/Update` is no node: 404. `./Device` is the same as no prefix.",
            "no text has a user form of the Update CSP";
        ALREADY_EXISTS, "already-exists", Documented,
            "Add of a node that is there: 418.",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        ACCESS, "access", Documented,
            "What the node's description does not allow: 405 (0x86000011). Existence is looked at first.",
            "Microsoft, OMA DM protocol support, \"Status codes\"; Update DDF file";
        NOT_APPLICABLE, "not-applicable", Observed,
            "A node that this edition or version of Windows does not have: 405 (0x86000011).",
            "windows-itpro-docs issue 11648; iot-core-azure-dm-client issue 84";
        WRONG_FORMAT, "wrong-format", Documented,
            "A Format that is not the node's, or Data for an interior node: 415 (0x86000001). No Format means the node's own.",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        BAD_VALUE, "bad-value", Documented,
            "Data that spells no value of the node's format: 415 (0x86000014).",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        DISALLOWED, "disallowed", Decided,
            "A value outside the allowed ones: 500 (0x80070057).",
            "no text gives the code";
        TOO_MANY, "too-many", Decided,
            "One node more than its description allows: 420.",
            "OMA DM Representation Protocol 1.2.1, status 420; Windows' code is not documented";
        ATOMIC_REQUIRED, "atomic-required", Decided,
            "A node whose description demands an Atomic, written outside one: 500 (0x86000004).",
            "Microsoft's DDF v2 extension AtomicRequired; the code is that of an operation outside a transaction";
        QUERY_UNSUPPORTED, "query-unsupported", Documented,
            "A property or query that is not supported (ACL, TStamp, VerNo, TNDS, a query with anything but Get): 406 (0x86000013).",
            "Microsoft, OMA DM protocol support, \"Status codes\"";
        PROPERTIES, "properties", Documented,
            "`?prop=` Format, Name, Size, Title and Type are answered.",
            "OMA DM Tree and Description 1.2.1 section 6.3";
        INTERIOR, "interior", Documented,
            "Get of an interior node: the names below it, each percent-encoded, joined by `/`, Format node; 200 and empty Data when there are none.",
            "Microsoft, OMA DM protocol support; OMA DM Tree and Description 1.2.1 section 6.1";
        LIST_STRUCT, "list-struct", Observed,
            "`?list=Struct`: one Results with one Item a node, addresses in the form of the request without the query, Format only where it is not chr, no Data.",
            "answers of real Windows in Microsoft's IoT Core device agent";
        LIST_STRUCT_DATA, "list-struct-data", Observed,
            "`?list=StructData`: the same, with the Data of the leaves.",
            "answers of real Windows in Microsoft's IoT Core device agent";
        IMPLICIT_ADD, "implicit-add", Documented,
            "Add makes the missing nodes on the way that may be added.",
            "Microsoft, OMA DM protocol support: implicit Add is supported";
        STORED, "stored", Decided,
            "A CSP mounted from its description keeps what it is given, and shows its description's defaults before.",
            "decided: nothing more can be known of it";
        ORIGINAL_ERROR, "original-error", Documented,
            "msft:originalerror stands on a failing Status once the server has set SyncApplicationVersion 3.0 or later; with original_error = \"always\", always.",
            "[MS-MDM] 2.2.7.12, product notes 11 and 12";
    }
    "Update CSP" {
        FAILED_STATE, "failed-state", Decided,
            "Schema 2023: FailedUpdates/{guid}/State, and Status is 404. Schema 1803: the reverse.",
            "Update CSP page of 11/2023 against the Update DDF file of 1803";
        GUID_SPELLING, "guid-spelling", Decided,
            "A GUID is read with or without braces and in any case, listed in lower case without braces, and echoed as it was written.",
            "Microsoft's samples and agent use both forms";
        BAD_NAME, "bad-name", Decided,
            "A name that cannot be (no GUID where one is expected, none that a mounted description takes): Get 404, Add 500 (0x80070057).",
            "no text gives the code";
        APPROVAL_ADD, "approval-add", Documented,
            "Add of ApprovedUpdates/{guid} is taken without Meta and with Format node.",
            "Update CSP; Microsoft's IoT Core device agent and servers send both";
        APPROVAL_DATA, "approval-data", Decided,
            "Add of ApprovedUpdates/{guid} with Data or a leaf's Format: 415; with lenient_add the Data is ignored.",
            "a server sends it; nothing shows that a device takes it";
        APPROVAL_ANY, "approval-any", Decided,
            "A GUID that is not among InstallableUpdates can be approved.",
            "classifications never are; no text says that others are refused";
        APPROVED_TIME, "approved-time", Decided,
            "ApprovedTime is the device's time of the approval. Schema 2023: its Add on an approval answers 418, on none it approves, and the device's time stands. Schema 1803: 405.",
            "windows-itpro-docs issue 6877; Update DDF file";
        REVOKE, "revoke", Decided,
            "Delete of an approval: 405 in schema 2023, 200 in schema 1803; the switch revoke_approval says otherwise. It uninstalls nothing.",
            "the page names Get and Add only, the DDF file allows Delete on the parent";
        TIMES, "times", Decided,
            "Times are yyyy-MM-ddTHH:mm:ssZ with Format time; a time that has not come is 0.",
            "Update DDF file (default 0); clients of several servers";
        HRESULT, "hresult", Decided,
            "HResult is a signed decimal number with Format int.",
            "Update DDF file: int";
        SETS, "sets", Decided,
            "An update that waits for a restart is under PendingRebootUpdates only; a failed one stays under InstallableUpdates.",
            "Update CSP is silent; windows-itpro-docs issue 6954";
        UPDATE_TYPE, "update-type", Decided,
            "InstallableUpdates/{guid}/Type: 1 for security updates, 2 for critical updates, 0 for all others.",
            "Update CSP names the values, not which classification has which";
        DEFER_UPGRADE, "defer-upgrade", Decided,
            "DeferUpgrade is true when a policy that holds defers feature updates.",
            "Update CSP gives the node, not what sets it";
        ROLLBACK_STARTS, "rollback-starts", Decided,
            "Exec of Rollback/QualityUpdate or FeatureUpdate whose conditions are met: 200; the update leaves with the restart.",
            "Update CSP gives the conditions, not the code";
        ROLLBACK_REFUSED, "rollback-refused", Decided,
            "Conditions not met: 500 (0x80070490), which the *Status node shows; nothing else changes.",
            "Update CSP gives the conditions, not the code";
    }
    "Accounts and the CSPs about them" {
        DMACC_SECRETS, "dmacc-secrets", Documented,
            "DMAcc AAuthSecret and AAuthData take Add and Replace, and cannot be read: 405. What a server writes there is what the next session uses.",
            "Microsoft, DMAcc DDF file";
        DMACC_ACCOUNT, "dmacc-account", Documented,
            "The account is ./SyncML/DMAcc/{SHA-256 of the provider id}, with its address under AppAddr and its credentials under AppAuth (CLCRED, SRVCRED). That the digits are upper case is decided.",
            "Microsoft, DMAcc CSP; [MS-MDE2] 2.2.9.1";
        ADDRESSES, "addresses", Documented,
            "DMClient ManagementServiceAddress is the address of the account; ManagementServerAddressList counts before it.",
            "Microsoft, DMClient CSP";
        SYNC_APPLICATION_VERSION, "sync-application-version", Documented,
            "SyncApplicationVersion that is 2.0 or later does not go back below it: 500. It holds from the next session on.",
            "Microsoft, DMClient CSP";
        UNENROLL, "unenroll", Documented,
            "Exec of DMClient/Provider/{id}/Unenroll, or of DMClient/Unenroll for the first server: the account and the server go when the session is over.",
            "Microsoft, DMClient CSP";
        POLL, "poll", Documented,
            "Poll has three sets of intervals and counts, all of them readable and writable; without one that goes on for ever the device comes daily.",
            "[MS-MDE2] 2.2.9.3; Microsoft, DMClient CSP";
        SERVER_NODES, "server-nodes", Decided,
            "Push without a service says Status 4 and an empty ChannelURI; EnrollmentType is Full; HWDevID is the SHA-256 of the device id; MaxSyncApplicationVersion is 5.0.",
            "no text gives their values for a device without a service";
        REBOOT_NOW, "reboot-now", Documented,
            "Exec of Reboot/RebootNow: 200, and the device restarts after the session.",
            "Microsoft, Reboot CSP";
        REBOOT_SCHEDULES, "reboot-schedules", Decided,
            "Reboot/Schedule takes date and time in ISO 8601, a recurrent one a time alone; an empty value takes the schedule away; daily beside weekly is 500.",
            "Microsoft, Reboot CSP, excludes the two together; the code is decided";
        NODECACHE_CHANGED, "nodecache-changed", Decided,
            "NodeCache ChangedNodes has the ids of the nodes that are not as expected, with commas between them, as they are when it is read: a Get of NodeURI gives another text than ExpectedValue, or gives one where x-nodemon-nonexistent is expected. Without NodeURI or ExpectedValue, where the node cannot be read, and where it is a ChangedNodes itself, it has changed.",
            "Microsoft, NodeCache CSP, says so of values and of an empty NodeURI, and that an id has no comma; the rest is decided";
        NODECACHE_DATA, "nodecache-data", Decided,
            "NodeCache ChangedNodesData has a Node with Id, Uri and the present value in Base64 for each of them.",
            "Microsoft, NodeCache CSP, whose example is the Base64 of SOMENEWVALUE and whose text calls it the value";
        NODECACHE_DIGEST, "nodecache-digest", Decided,
            "An ExpectedValue of Type x-nodemon-sha256 is the SHA-256 of a leaf's text, in UTF-8 or UTF-16, written in hexadecimal or Base64; an interior node never matches one.",
            "Microsoft, NodeCache CSP, names the digest and not its form";
        NODECACHE_AUTO_SET, "nodecache-auto-set", Documented,
            "Add or Replace of AutoSetExpectedValue, without data, makes the present value the ExpectedValue, or x-nodemon-nonexistent where there is no such node.",
            "Microsoft, NodeCache CSP; the node that is not there is decided";
        NODECACHE_IDS, "nodecache-ids", Documented,
            "A NodeID has no comma: 500.",
            "Microsoft, NodeCache CSP; the code is decided";
        ADDED_ONCE, "added-once", Decided,
            "A node that is described as always there and as one that can be added can be added once, then 418.",
            "Reboot, DMAcc and Push have such nodes; the texts are silent";
    }
    "Policy and DevDetail" {
        POLICY_REPLACE, "policy-replace", Decided,
            "Replace of a policy that is not set sets it.",
            "servers replace what they never added";
        POLICY_UNSET, "policy-unset", Decided,
            "A policy that is not set is 404, in Config and in Result.",
            "no text gives the code";
        POLICY_RESULT, "policy-result", Documented,
            "Result shows the policy that holds: what the server has set, or Group Policy, which wins.",
            "Policy CSP; the order is decided: MDMWinsOverGP does not cover Update policies";
        SW_V, "swv", Documented,
            "DevDetail/SwV is the running version: an installed update may have brought a later one.",
            "DevDetail CSP: Major.Minor.Build.QFE";
        CSP_VERSIONS, "csp-versions", Observed,
            "CSPVersions lists every CSP with the version of its description.",
            "answers of real devices; DeviceManageability CSP";
    }
}

/// A rule that something else than a message and its answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// The rule.
    pub rule: Rule,
    /// The file whose tests show it.
    pub shown_by: &'static str,
}

macro_rules! elsewhere {
    ($($id:literal, $ground:ident, $what:literal, $source:literal, $shown_by:literal;)*) => {
        /// The rules of HTTP, which the harness follows, those of WBXML, which the codec does, and those of time, which the
        /// update agent does.
        pub static ELSEWHERE: &[Elsewhere] = &[$(Elsewhere {
            rule: Rule { id: $id, what: $what, ground: Ground::$ground, source: $source },
            shown_by: $shown_by,
        }),*];
    };
}

elsewhere! {
    "http-post", Documented,
        "Every message is a POST of the media type application/vnd.syncml.dm+xml, or +wbxml; its answer is the server's message.",
        "[MS-MDM] 2.1", "harness/src/transport/tests/headers.rs";
    "http-address", Documented,
        "`mode=Machine` or `Maintenance` and `Platform=WoA` are added to the address, where it does not have them.",
        "[MS-MDM] 2.1", "harness/src/transport/tests/headers.rs";
    "http-user-agent", Documented,
        "User-Agent is `MSFT OMA DM Client/1.2.0.1`.",
        "[MS-MDM] 2.1", "harness/src/transport/tests/headers.rs";
    "http-client-request-id", Documented,
        "client-request-id is the EntDMID that a server has set, and MS-CV a vector that counts requests, from build 19043 on.",
        "[MS-MDM] 2.1, product notes", "harness/src/transport/tests/headers.rs";
    "http-bearer", Documented,
        "Authorization: Bearer, where a token is given; it does not go to another host than the one that was dialled.",
        "[MS-MDM] 2.1", "harness/src/transport/tests/headers.rs";
    "http-throttled", Documented,
        "429 and 5xx with Retry-After are waited for.",
        "[MS-MDM], product note 15, of 429", "harness/src/transport/tests/retries.rs";
    "http-back-off", Documented,
        "Connections that fail and 5xx are tried again, ConnRetryFreq times, after InitialBackOffTime, twice as long every time, up to MaxBackOffTime.",
        "Microsoft, DMAcc CSP", "harness/src/transport/tests/retries.rs";
    "http-redirects", Decided,
        "301, 302, 307 and 308 are followed with the same POST, five times at most, and not from https to http.",
        "no text; a GET would lose the message", "harness/src/transport/tests/redirects.rs";
    "http-no-coding", Decided,
        "No compression is asked for; an answer that is compressed is refused, not inflated.",
        "no text; an answer may be a bomb", "harness/src/transport/tests/answers.rs";
    "wbxml-default-encoding", Documented,
        "The device's own messages are in the encoding that DefaultEncoding of its account names, XML where it names none.",
        "w7 APPLICATION CSP, DEFAULTENCODING; DMAcc CSP; Microsoft, \"WBXML and OMA DM\"", "harness/tests/wbxml.rs";
    "wbxml-answer", Decided,
        "A message that is posted to the device is answered in its own encoding, told by its first byte and not by its media type; MaxMsgSize limits the bytes of that encoding.",
        "no text: Windows does not listen", "harness/tests/wbxml.rs";
    "wbxml-tokens", Documented,
        "SyncML is code page 0 and meta-information code page 1, for SyncML 1.1 and 1.2.",
        "OMA SyncML Representation Protocol 1.2, section 8; Microsoft, \"WBXML and OMA DM\"", "syncml/tests/interop.rs";
    "wbxml-public-identifier", Documented,
        "The public identifier is that of the protocol version: 0x1201 of SyncML 1.2, 0x0FD3 of 1.1.",
        "Microsoft, \"WBXML and OMA DM\"", "syncml/tests/interop.rs";
    "wbxml-no-public-identifier", Decided,
        "A message without a namespace has the identifier 1, \"unknown\", and the other way round.",
        "no text; nothing else says the same", "syncml/tests/roundtrip.rs";
    "wbxml-header", Decided,
        "WBXML 1.2 is written, in UTF-8, with inline strings; 1.1 to 1.3 are read, in any charset of one-byte units.",
        "OMA DM Representation Protocol 1.2 leaves the version open, and asks for each to be read; no capture shows what Windows writes", "syncml/tests/wbxml.rs";
    "wbxml-attributes", Decided,
        "Attributes are literals of the string table, `msft:originalerror` on Data with `xmlns:msft` on SyncBody; read, `msft` needs no declaration.",
        "SyncML has no attribute code page; no text", "syncml/tests/wbxml.rs";
    "wbxml-unknown-tokens", Decided,
        "A token without a name is kept as `Token-`, the code page, and its number in hexadecimal.",
        "no text; nothing is lost", "syncml/tests/wbxml.rs";
    "wbxml-opaque", Decided,
        "OPAQUE is text when it is one, else device information in a document of its own, else the Base64 of its bytes.",
        "libwbxml writes CDATA and device information so; OMA SyncML Meta-Information 1.2 has `b64` for bytes in XML", "syncml/tests/wbxml.rs";
    "transitions", Decided,
        "Updates move between the thirteen states as `csp-model/tests/life/oracle.rs` lists; nothing else moves them.",
        "Update CSP names the states; the order is that of the events of [MS-WUSP] 2.2.2.3.1", "csp-model/tests/life/main.rs";
    "approvals-act", Documented,
        "With RequireUpdateApproval 1 an update is downloaded and installed once it or its classification is approved, before or after a scan finds it; approvals are of the UpdateID, whatever its revision.",
        "Microsoft, Update CSP; Policy CSP - Update", "fixtures/scenarios/agent/approve-a-classification.toml";
    "eula", Documented,
        "Approving an update accepts its licence terms for all updates that share the EULA id; without RequireUpdateApproval the agent accepts them.",
        "Microsoft, MDM for device updates; that the agent accepts them is decided", "fixtures/scenarios/agent/eula-shared.toml";
    "revisions", Decided,
        "A scan takes over a new revision of an update that is not installed; what was downloaded of the old one goes, its approval stands.",
        "Update CSP: approved by UpdateID, once", "fixtures/scenarios/agent/revision.toml";
    "supersedence", Documented,
        "An update is not delivered when one that takes its place is approved and applicable, or installed.",
        "Microsoft, WSUS check points", "fixtures/scenarios/agent/superseded-both-approved.toml";
    "detection", Documented,
        "After a successful scan the next one comes in 80 to 100 % of the detection frequency (22 hours, or DetectionFrequency), after a failed one in five hours. The first is due five minutes after the clock starts (decided).",
        "[MS-WUSP] product notes 60, 61, 65", "fixtures/scenarios/agent/fault-service-timeout.toml";
    "detect-now", Documented,
        "DetectNow is refused inside the detection frequency since the last check, from version 1709 on; the button in Settings is not, and who presses it agrees to what is found.",
        "Microsoft, WSUS check points", "csp-model/tests/life/main.rs";
    "scan-sources", Documented,
        "Each class is scanned where policies, Group Policy, the version of Windows and what is left of former policies say. What no text says of a partial set is decided: every class follows the other products.",
        "Microsoft, Integrate Windows Update client policies with Configuration Manager (2026); WSUS team, 2017", "csp-model/tests/scan_source.rs";
    "policy-refresh", Documented,
        "A change of Group Policy counts from its next refresh on, 90 to 120 minutes later; what a server sets counts at once.",
        "Microsoft, Group Policy refresh interval for computers; that MDM counts at once is decided", "fixtures/scenarios/agent/dual-scan-remedy-1.toml";
    "deferral", Documented,
        "A deferral counts from the release; definitions and what WSUS offers are never deferred.",
        "Microsoft, Configure Windows Update client policies; MDM for device updates", "fixtures/scenarios/agent/deferral.toml";
    "target-version", Decided,
        "With TargetReleaseVersion only feature updates to that version are offered, without a deferral; a version that does not exist keeps the device where it is.",
        "WindowsUpdate.admx; whether a deferral still counts is not said", "fixtures/scenarios/agent/target-version.toml";
    "pause", Documented,
        "A pause lasts 35 days from its start date, one without a date from when the device sees it (decided). Nothing new is offered, downloads stop, installations are cancelled, restarts are not made; when it ends the device scans.",
        "Microsoft, Configure Windows Update client policies", "fixtures/scenarios/agent/pause-cancels.toml";
    "one-at-a-time", Decided,
        "One download and one installation at a time, in the order in which updates became ready. A feature update is installed alone: others are blocked until the restart.",
        "no text; WU_E_INSTALL_NOT_ALLOWED names the second", "fixtures/scenarios/agent/feature-update-alone.toml";
    "auto-update", Documented,
        "AllowAutoUpdate 0 blocks downloads until a user agrees; 1 and 2 install at once; 3 and 4 at the scheduled time, half an hour either way from version 2004 on; 5 does nothing by itself.",
        "Policy CSP - Update; the Windows support team's blog; that 1 and 2 do not wait is decided", "fixtures/scenarios/agent/scheduled-install.toml";
    "active-hours", Documented,
        "With AllowAutoUpdate 2 the device restarts outside active hours, a quarter of an hour after the update is in at the earliest; with 1 not before AutoRestartDeadlinePeriodInDays; with 3 and 4 a quarter of an hour after.",
        "Policy CSP - Update; the order of precedence is decided", "fixtures/scenarios/agent/active-hours.toml";
    "deadline", Decided,
        "A deadline has passed at the later of discovery plus deadline and pending restart plus grace, from Windows 11 22H2 on; before, that of feature updates counts from the pending restart. Then the device restarts in active hours too.",
        "Microsoft, Enforce compliance deadlines, whose sentence and example differ", "fixtures/scenarios/agent/deadline.toml";
    "content-life", Observed,
        "Downloaded content that is not installed in 30 days is downloaded again (0x80246013).",
        "the Windows support team's blog", "fixtures/scenarios/agent/content-expires.toml";
    "retry", Decided,
        "What failed is tried again by the next scan, and stays under FailedUpdates until it succeeds; what could not be committed is offered again.",
        "Update CSP is silent", "fixtures/scenarios/agent/fault-commit-failed.toml";
    "blocked", Decided,
        "A blocked download is listed under FailedUpdates with State 8, a blocked installation with 128; HResult is 0 unless the reason has a code.",
        "windows-itpro-docs issue 6954 shows 8 and 0", "fixtures/scenarios/agent/fault-battery-low.toml";
    "rollback-runs", Decided,
        "A rollback takes as long as the installation; then the device restarts at once. A restart before that ends it too. The update is gone, and offered again when the pause is over.",
        "Microsoft, Manage Windows Update rings, for the restart; the length is decided", "fixtures/scenarios/agent/rollback-quality.toml";
    "commit", Decided,
        "A restart takes no time: what waited for it is committed, or fails to be, at the same instant.",
        "no text gives a length", "fixtures/scenarios/agent/fault-commit-failed.toml";
    "wsus-answers", Documented,
        "What the WSUS server or the proxy before it answers becomes the error of the scan: a status its WU_E_PT_HTTP_STATUS code, a time-out 0x80072EE2, no name 0x80072EE7, nothing there 0x80072EFD, a stopped pool 0x80244022.",
        "wuerror.h; the WSUS checklist article", "fixtures/scenarios/causes";
    "wsus-approvals", Documented,
        "A WSUS server delivers what is approved; what is not approved or declined is not offered. Approval of an update goes before that of its classification.",
        "Japanese WSUS support blog, 2017-12-11; that a software update point is the same is what the founding article says", "fixtures/scenarios/causes/update-not-approved/scenario.toml";
    "client-reset", Documented,
        "Making SoftwareDistribution anew forgets what was found, downloaded and hidden; what is installed stays so. A stale store fails scans with 0x80248011 (decided).",
        "the WSUS checklist article; Microsoft, Troubleshoot software update scan failures", "fixtures/scenarios/causes/client-state-stale/scenario.toml";
    "configmgr-policy", Decided,
        "A ConfigMgr client asks for policy two minutes after its clock starts, and every 60 minutes then. Without an answer it goes by the policy that it has, and stays with the update server that it knows.",
        "Microsoft, About client settings, for the 60 minutes", "fixtures/scenarios/causes/management-point-unreachable/scenario.toml";
    "configmgr-boundaries", Documented,
        "A client is in a subnet when its address under its own mask is the subnet's id. In no boundary group it gets no software update point and no distribution point; there is no fallback.",
        "Japanese ConfigMgr support blog, 2022-04-14; that there is no fallback is decided", "fixtures/scenarios/causes/sup-boundary-mask/scenario.toml";
    "configmgr-source", Documented,
        "The client writes the software update point into local Group Policy, which counts at once: WUServer, WUStatusServer, UpdateServiceUrlAlternate `http://localhost:8005`, UseWUServer. A domain policy that names another server wins (0x87D00692); a damaged registry.pol stops it (0x800703EE).",
        "the founding article on deployments that are not shown", "fixtures/scenarios/causes/domain-policy-wins/scenario.toml";
    "configmgr-scan", Decided,
        "The client scans when policy says something new, when a deployment begins, every seven days, and five hours after a scan that failed. It installs what its own scans have found.",
        "Microsoft, Track the software update deployment process; the times after a failure are decided", "fixtures/scenarios/causes/sup-timeout/scenario.toml";
    "configmgr-deployment", Documented,
        "An update that the client manages is downloaded when a deployment of it has begun, and installed at the deadline or up to two hours later by chance; one that is only available when its user asks for it. Without a deadline a required one is installed at once (decided).",
        "Microsoft, Manually deploy software updates; About client settings", "fixtures/scenarios/causes/not-in-collection/scenario.toml";
    "configmgr-windows", Documented,
        "Required updates start where what is left of a maintenance window is as long as their maximum run time; equal is enough (decided). Overlapping windows are one; windows for updates take the place of those for all deployments. Where none is ever long enough: InstallBlocked, 0x87D00667.",
        "Microsoft, How to use maintenance windows; the founding article has `longer`", "fixtures/scenarios/causes/no-maintenance-window/scenario.toml";
    "configmgr-run-time", Documented,
        "An installation that takes longer than the maximum run time is cancelled then: InstallFailed, 0x800704C7.",
        "the founding article on deployments that are never applied", "fixtures/scenarios/causes/max-run-time-exceeded/scenario.toml";
    "configmgr-content", Decided,
        "Content that no distribution point of the client's boundary groups has: DownloadBlocked, 0, unless the deployment allows Microsoft Update.",
        "the founding article names the log line; the state is by analogy with real devices' 8 and 0", "fixtures/scenarios/causes/no-distribution-point/scenario.toml";
    "configmgr-cache", Decided,
        "The content of an update needs room on the disk (0x87D01201); with `rule = \"cache-size\"` in the cache as well (0x87D01202).",
        "the founding article, and Japanese ConfigMgr support blog, 2022-05-11, which disagree", "fixtures/scenarios/causes/cache-too-small/scenario.toml";
    "configmgr-restart", Decided,
        "90 minutes after an update that the client manages is in, the device restarts; for a required one inside a maintenance window, where there are some.",
        "Microsoft, About client settings (Computer restart), for the 90 minutes", "csp-model/src/agent/life/managed.rs";
}

/// What a text says and the device does not do, and why.
pub static LEFT_OUT: &[(&str, &str, &str)] = &[
    (
        "Fallback to neighbour and default boundary groups, Active Directory sites, VPN boundaries",
        "Microsoft, Configure boundary groups",
        "a client is in the groups that its address is in; what a fallback would bring can be written as a group",
    ),
    (
        "Approval for removal, approval by computer group, WSUS deadlines",
        "Japanese WSUS support blog, 2017-12-11",
        "a device sees one group; what it would see is said in its file",
    ),
    (
        "Monthly maintenance windows, daylight saving time",
        "Microsoft, How to use maintenance windows",
        "windows come again after a fixed time; the device's zone is a fixed offset",
    ),
    (
        "No detection while a restart is requested",
        "WSUS planning guide, dd939923",
        "Windows 10 and later go on scanning, as MDM servers see LastSuccessfulScanTime move",
    ),
    (
        "WBXML 1.0, charsets of two-byte units, extension tokens",
        "WAP-192-WBXML",
        "SyncML has no use for them: refused by name",
    ),
    (
        "`MDM-Signature` or `MS-Signature`, RequireMessageSigning",
        "[MS-MDM] 2.1; DMClient CSP",
        "the two texts disagree on its name; the node is kept, nothing is signed",
    ),
    ("EnhancedAppLayerSecurity", "DMClient CSP", "the nodes are kept, bodies are not enveloped"),
    (
        "`DeviceToken`, ForceAadToken",
        "[MS-MDM] 2.1",
        "there is no directory that a simulated device could have a token of; `--bearer` and `--header` send what they are given",
    ),
    (
        "`MDM-GenericAlert`",
        "[MS-MDM] 2.1",
        "sessions that a critical Alert triggers are not triggered: a person or a schedule opens them",
    ),
    ("UserAgentOrigin", "[MS-MDM] 3.1.7.2", "described without an example of where it stands"),
    (
        "Alert `requestpending` while commands run",
        "DMClient CSP, EnableOmaDmKeepAliveMessage",
        "commands take no time; the Alert can be added to package 1",
    ),
    (
        "SessionID of two bytes with SyncApplicationVersion 2.0",
        "OMA DM protocol support",
        "captures of Windows 11 have decimal numbers",
    ),
    ("ACL, Correlator, Copy", "[MS-MDM] 2.2.7.2, 3.1.7.1", "Windows does not support them either"),
    (
        "202 for commands that go on after the answer",
        "OMA DM protocol support, \"Status codes\"",
        "no text names a command that gives it",
    ),
    (
        "214, 403, 408, 414, 425, 510",
        "OMA DM protocol support, \"Status codes\"",
        "no text names a case that a device without users, permissions and timers could come to",
    ),
    ("User Alerts 1100 to 1104", "OMA DM Protocol 1.2.1", "[MS-MDM] 2.2.7.2 does not list them: 406"),
    (
        "Package 0, a notification that triggers a session",
        "OMA DM Notification; WNS",
        "there is no push service; `--initiator server` opens such a session",
    ),
];
