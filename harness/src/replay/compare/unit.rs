//! What a body says, in pieces that can be told apart: a Status, an Item of a command or of Results, an Alert.
//!
//! How Items are spread over commands is a matter of shape, so each is a piece of its own. A piece is known by what it is
//! about and never by its CmdID. `pieces.rs` takes a body to pieces.

use std::collections::BTreeMap;

use syncml::message::{Command, Kind as Said, Message, Text};

use super::fields::Field;
use super::pieces::{address, items_of};
use super::{Alone, Difference, Weight, of_field};

/// The commands of the message that is answered, by CmdID: what each is, and what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked(BTreeMap<String, (String, Option<String>)>);

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// What it is known by.
    pub(super) key: Key,
    pub(super) fields: Vec<Field>,
    /// The CmdID of its command.
    pub(super) cmd_id: Option<String>,
    /// The address, as written.
    pub(super) uri: Option<String>,
    /// What a Status or Results is about, by the command that it answers.
    pub(super) of: Option<(String, Option<String>)>,
}

/// What a piece is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The containers around it.
    pub(super) within: String,
    pub(super) what: What,
    /// What it answers, or the type of an Alert.
    pub(super) reference: String,
    /// What it is about: an address in one spelling.
    pub(super) about: String,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Status,
    Results,
    Alert,
    /// A verb that only reads.
    Get,
    /// A verb that does something: its name.
    Does(String),
    Container(String),
    Unknown(String),
}

/// What a piece is to the order of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It tells, wherever it stands.
    Reports,
    /// It reads what was done before it.
    Reads,
    /// It does something: what comes after sees that.
    Acts,
}

impl Asked {
    /// The commands of a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let mut asked = Self::default();
        asked.add(&message.body.commands);
        asked
    }

    fn add(&mut self, commands: &[Command]) {
        for command in commands {
            if let Some(id) = &command.cmd_id {
                let about = items_of(command).first().and_then(address);
                self.0.insert(id.trim().to_owned(), (command.name().as_str().to_owned(), about));
            }
            if let Said::Container(container) = &command.kind {
                self.add(&container.commands);
            }
        }
    }

    pub(super) fn get(&self, id: Option<&Text>) -> Option<&(String, Option<String>)> {
        self.0.get(id?.trim())
    }
}

impl Unit {
    /// What it is about, for who leaves nodes out.
    pub(super) fn about(&self) -> Option<&str> {
        self.uri.as_deref().or_else(|| self.of.as_ref().and_then(|(_, uri)| uri.as_deref()))
    }

    pub(super) fn uri(&self) -> Option<String> {
        self.about().map(str::to_owned)
    }

    /// Whether it is the Status of the SyncHdr.
    pub(super) fn is_of_sync_hdr(&self) -> bool {
        self.key.what == What::Status && self.key.reference == SYNC_HDR
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        let kind = self.key.what.name();
        let named = match (&self.key.what, &self.of) {
            (What::Status | What::Results, Some((command, _))) => {
                format!("{kind} of {command} {}", self.key.reference)
            }
            (What::Status, None) if self.key.reference == SYNC_HDR => format!("{kind} of SyncHdr"),
            (What::Status | What::Results, None) => format!("{kind} of command {}", self.key.reference),
            (What::Alert, _) => format!("{kind} {}", self.key.reference),
            (What::Get | What::Does(_) | What::Container(_) | What::Unknown(_), _) => kind.to_owned(),
        };
        match self.key.within.is_empty() {
            true => named,
            false => format!("{named} in {}", self.key.within),
        }
    }

    /// The difference that it is there in one alone.
    pub(super) fn alone(&self, weight: Weight, side: Alone) -> Difference {
        let shown = self.shown();
        let (expected, got) = match side {
            Alone::Expected => (Some(shown.as_str()), None),
            Alone::Got => (None, Some(shown.as_str())),
        };
        Difference { command: self.name(), loc_uri: self.uri(), ..of_field(weight, "", expected, got) }
    }

    /// How much it means that it is not there any more.
    pub(super) const fn weight_missing(&self) -> Weight {
        match self.key.what {
            What::Status => Weight::BreaksProtocol,
            What::Results
            | What::Alert
            | What::Get
            | What::Does(_)
            | What::Container(_)
            | What::Unknown(_) => Weight::DifferentMeaning,
        }
    }

    /// How much it means that it is there as well. What answers nothing that was asked is not allowed.
    pub(super) fn weight_added(&self, asked: &Asked) -> Weight {
        let answers = match self.key.what {
            What::Status | What::Results => Some(&self.key.reference),
            What::Alert | What::Get | What::Does(_) | What::Container(_) | What::Unknown(_) => None,
        };
        match answers {
            Some(id) if id != SYNC_HDR && !asked.0.is_empty() && !asked.0.contains_key(id) => {
                Weight::BreaksProtocol
            }
            Some(_) | None => Weight::DifferentMeaning,
        }
    }

    /// Whether it answers a command that is there.
    pub(super) fn answers_one_of(&self, asked: &Asked) -> bool {
        match self.key.what {
            What::Status | What::Results => {
                self.is_of_sync_hdr() || asked.0.contains_key(&self.key.reference)
            }
            What::Alert | What::Get | What::Does(_) | What::Container(_) | What::Unknown(_) => false,
        }
    }

    /// What it says in a few words.
    fn shown(&self) -> String {
        let said = self.fields.iter().find(|field| field.name == "Data");
        said.map_or_else(|| self.key.what.name().to_owned(), |field| field.value.clone())
    }
}

/// The CmdRef of the SyncHdr.
pub(super) const SYNC_HDR: &str = "0";

impl What {
    fn name(&self) -> &str {
        match self {
            Self::Status => "Status",
            Self::Results => "Results",
            Self::Alert => "Alert",
            Self::Get => "Get",
            Self::Does(name) | Self::Container(name) | Self::Unknown(name) => name,
        }
    }

    /// What it is to the order of a body.
    pub(super) const fn role(&self) -> Role {
        match self {
            Self::Status | Self::Results | Self::Alert | Self::Unknown(_) => Role::Reports,
            Self::Get => Role::Reads,
            Self::Does(_) | Self::Container(_) => Role::Acts,
        }
    }
}
