//! The names of SyncML's elements, and their tokens in WBXML.

/// An element's name: one of the vocabulary's, or none of them.
///
/// Its number is the code page and the token that WBXML has for it (OMA SyncML Representation Protocol 1.2, section 8;
/// OMA SyncML Meta-Information 1.2, section 6). Not an `enum`: each element takes a few of them, and all others are
/// unknown to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u8);

/// How XML spells the tags of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    /// The name.
    pub(super) name: &'static str,
    /// The start tag.
    pub(super) start: &'static str,
    /// The start tag of an element that declares the namespace of meta-information.
    pub(super) meta: &'static str,
    /// The end tag.
    pub(super) end: &'static str,
    /// The tag of an element without content.
    pub(super) empty: &'static str,
    /// That tag with the declaration.
    pub(super) empty_meta: &'static str,
}

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

        static SPELLINGS: [Spelling; 128] = {
            let mut spellings = [Spelling { name: "", start: "", meta: "", end: "", empty: "", empty_meta: "" }; 128];
            $($(spellings[$number] = Spelling {
                name: $name,
                start: concat!("<", $name, ">"),
                meta: concat!("<", $name, " xmlns=\"syncml:metinf\">"),
                end: concat!("</", $name, ">"),
                empty: concat!("<", $name, "/>"),
                empty_meta: concat!("<", $name, " xmlns=\"syncml:metinf\"/>"),
            };)*)*
            spellings
        };
    };
}

impl Tag {
    /// The end of the parent: there is no further element.
    pub(super) const END: Self = Self(0);
    /// A name that the vocabulary does not have, or one of another vocabulary.
    pub(super) const UNKNOWN: Self = Self(1);

    /// What the two code pages call `token`, which has six bits.
    #[inline]
    pub(super) fn of_token(page: u8, token: u8) -> Self {
        let number = (page << 6) | (token & 0x3f);
        if page < 2 && !Self(number).name().is_empty() { Self(number) } else { Self::UNKNOWN }
    }

    /// The code page: 0 is SyncML, 1 is meta-information.
    #[inline]
    pub(super) const fn page(self) -> u8 {
        self.0 >> 6
    }

    /// The token in its code page.
    #[inline]
    pub(super) const fn token(self) -> u8 {
        self.0 & 0x3f
    }

    /// The name; empty when there is none.
    #[inline]
    pub(super) const fn name(self) -> &'static str {
        self.spelling().name
    }

    /// How XML spells it.
    #[inline]
    pub(super) const fn spelling(self) -> &'static Spelling {
        &SPELLINGS[(self.0 & 0x7f) as usize]
    }
}

tags! {
    3: ADD = 0x05 "Add" CMD = 0x0a "Cmd" EMI = 0x46 "EMI" GET = 0x13 "Get" MAP = 0x18 "Map" MEM = 0x4d "Mem"
        PUT = 0x1f "Put";
    4: ITEM = 0x14 "Item" DATA = 0x0f "Data" META = 0x1a "Meta" TYPE = 0x53 "Type" CHAL = 0x09 "Chal"
        COPY = 0x0d "Copy" CRED = 0x0e "Cred" EXEC = 0x11 "Exec" LAST = 0x4a "Last" MARK = 0x4b "Mark"
        NEXT = 0x4f "Next" SIZE = 0x52 "Size" LANG = 0x15 "Lang" MOVE = 0x3b "Move" SYNC = 0x2a "Sync";
    5: CMD_ID = 0x0b "CmdID" ALERT = 0x06 "Alert" FINAL = 0x12 "Final" MSG_ID = 0x1b "MsgID" FIELD = 0x35 "Field";
    6: TARGET = 0x2e "Target" SOURCE = 0x27 "Source" LOC_URI = 0x17 "LocURI" FORMAT = 0x47 "Format"
        CMD_REF = 0x0c "CmdRef" MSG_REF = 0x1c "MsgRef" ANCHOR = 0x45 "Anchor" ATOMIC = 0x08 "Atomic"
        DELETE = 0x10 "Delete" FREE_ID = 0x48 "FreeID" NO_RESP = 0x1d "NoResp" STATUS = 0x29 "Status"
        SYNC_ML = 0x2d "SyncML" VER_DTD = 0x31 "VerDTD" FILTER = 0x36 "Filter" MET_INF = 0x4e "MetInf"
        RECORD = 0x37 "Record" SEARCH = 0x23 "Search" SFT_DEL = 0x26 "SftDel";
    7: FREE_MEM = 0x49 "FreeMem" LOC_NAME = 0x16 "LocName" REPLACE = 0x20 "Replace" RESP_URI = 0x21 "RespURI"
        RESULTS = 0x22 "Results" SYNC_HDR = 0x2c "SyncHdr" VERSION = 0x54 "Version" ARCHIVE = 0x07 "Archive"
        MAP_ITEM = 0x19 "MapItem";
    8: MORE_DATA = 0x34 "MoreData" SEQUENCE = 0x24 "Sequence" SYNC_BODY = 0x2b "SyncBody"
        VER_PROTO = 0x32 "VerProto";
    9: NEXT_NONCE = 0x50 "NextNonce" SESSION_ID = 0x25 "SessionID" SHARED_MEM = 0x51 "SharedMem"
        SOURCE_REF = 0x28 "SourceRef" TARGET_REF = 0x2f "TargetRef" NO_RESULTS = 0x1e "NoResults";
    10: CORRELATOR = 0x3c "Correlator" FIELD_LEVEL = 0x56 "FieldLevel" MAX_MSG_SIZE = 0x4c "MaxMsgSize"
        MAX_OBJ_SIZE = 0x55 "MaxObjSize" FILTER_TYPE = 0x38 "FilterType";
    12: SOURCE_PARENT = 0x39 "SourceParent" TARGET_PARENT = 0x3a "TargetParent";
    15: NUMBER_OF_CHANGES = 0x33 "NumberOfChanges";
}
