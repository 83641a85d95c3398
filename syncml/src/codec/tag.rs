//! The names of SyncML's elements.

/// An element's name: one of the vocabulary's, or none of them.
///
/// Not an `enum`: each element takes a few of them, and all others are unknown to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u8);

macro_rules! tags {
    ($($length:literal: $($constant:ident = $number:literal $name:literal)*;)*) => {
        impl Tag {
            $($(pub(super) const $constant: Self = Self($number);)*)*

            /// The name `local`. By its length first: each comparison is then one of two machine words at most.
            #[inline]
            pub(super) fn of(local: &str) -> Self {
                match local.len() {
                    $($length => match local {
                        $($name => Self::$constant,)*
                        _ => Self::UNKNOWN,
                    },)*
                    _ => Self::UNKNOWN,
                }
            }
        }
    };
}

impl Tag {
    /// The end of the parent: there is no further element.
    pub(super) const END: Self = Self(0);
    /// A name that the vocabulary does not have, or one of another vocabulary.
    pub(super) const UNKNOWN: Self = Self(1);
}

tags! {
    3: ADD = 2 "Add" CMD = 3 "Cmd" EMI = 4 "EMI" GET = 5 "Get" MEM = 6 "Mem";
    4: ITEM = 7 "Item" DATA = 8 "Data" META = 9 "Meta" TYPE = 10 "Type" CHAL = 11 "Chal" COPY = 12 "Copy"
        CRED = 13 "Cred" EXEC = 14 "Exec" LAST = 15 "Last" MARK = 16 "Mark" NEXT = 17 "Next"
        SIZE = 18 "Size";
    5: CMD_ID = 19 "CmdID" ALERT = 20 "Alert" FINAL = 21 "Final" MSG_ID = 22 "MsgID";
    6: TARGET = 23 "Target" SOURCE = 24 "Source" LOC_URI = 25 "LocURI" FORMAT = 26 "Format"
        CMD_REF = 27 "CmdRef" MSG_REF = 28 "MsgRef" ANCHOR = 29 "Anchor" ATOMIC = 30 "Atomic"
        DELETE = 31 "Delete" FREE_ID = 32 "FreeID" NO_RESP = 33 "NoResp" STATUS = 34 "Status"
        SYNC_ML = 35 "SyncML" VER_DTD = 36 "VerDTD";
    7: FREE_MEM = 37 "FreeMem" LOC_NAME = 38 "LocName" REPLACE = 39 "Replace" RESP_URI = 40 "RespURI"
        RESULTS = 41 "Results" SYNC_HDR = 42 "SyncHdr" VERSION = 43 "Version";
    8: MORE_DATA = 44 "MoreData" SEQUENCE = 45 "Sequence" SYNC_BODY = 46 "SyncBody"
        VER_PROTO = 47 "VerProto";
    9: NEXT_NONCE = 48 "NextNonce" SESSION_ID = 49 "SessionID" SHARED_MEM = 50 "SharedMem"
        SOURCE_REF = 51 "SourceRef" TARGET_REF = 52 "TargetRef";
    10: CORRELATOR = 53 "Correlator" FIELD_LEVEL = 54 "FieldLevel" MAX_MSG_SIZE = 55 "MaxMsgSize"
        MAX_OBJ_SIZE = 56 "MaxObjSize";
    12: SOURCE_PARENT = 57 "SourceParent" TARGET_PARENT = 58 "TargetParent";
}
