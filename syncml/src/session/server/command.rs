//! What a server asks for, in a line each.

use crate::message::{
    self, Alert, Container, ContainerKind, Data, Item, Items, Kind, Location, Meta, Request, Text, Verb,
};

/// A command for the device. Its CmdID comes when it is sent.
///
/// ```
/// use syncml::session::server::Command;
///
/// let approve = "./Vendor/MSFT/Update/ApprovedUpdates/ed1d17d7-eb94-4ea9-b8c1-6e4f3e6f7e4b";
/// let both = Command::atomic([
///     Command::add_node(approve),
///     Command::replace("./Vendor/MSFT/Policy/Config/Update/RequireUpdateApproval", "1").format("int"),
/// ]);
/// # let _ = both;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    command: message::Command,
}

impl Command {
    /// Reads the node `uri`, or what `?list=` and `?prop=` ask of it.
    #[must_use]
    pub fn get(uri: impl Into<Text>) -> Self {
        Self::request(Verb::Get, item(uri, None))
    }

    /// Adds the node `uri` with a value. The Format is the node's own unless [`format`](Self::format) says another.
    #[must_use]
    pub fn add(uri: impl Into<Text>, data: impl Into<Text>) -> Self {
        Self::request(Verb::Add, item(uri, Some(data.into())))
    }

    /// Adds the interior node `uri`.
    #[must_use]
    pub fn add_node(uri: impl Into<Text>) -> Self {
        Self::request(Verb::Add, item(uri, None)).format("node")
    }

    /// Gives the node `uri` another value.
    #[must_use]
    pub fn replace(uri: impl Into<Text>, data: impl Into<Text>) -> Self {
        Self::request(Verb::Replace, item(uri, Some(data.into())))
    }

    /// Takes away the node `uri` with everything below it.
    #[must_use]
    pub fn delete(uri: impl Into<Text>) -> Self {
        Self::request(Verb::Delete, item(uri, None))
    }

    /// Runs the node `uri`.
    #[must_use]
    pub fn exec(uri: impl Into<Text>) -> Self {
        Self::request(Verb::Exec, item(uri, None))
    }

    /// Runs the node `uri` with data.
    #[must_use]
    pub fn exec_with(uri: impl Into<Text>, data: impl Into<Text>) -> Self {
        Self::request(Verb::Exec, item(uri, Some(data.into())))
    }

    /// An Alert with its code alone.
    #[must_use]
    pub fn alert(code: impl Into<Text>) -> Self {
        Kind::Alert(Alert { code: Some(code.into()), ..Alert::default() }).into()
    }

    /// All of `commands` or none.
    #[must_use]
    pub fn atomic(commands: impl IntoIterator<Item = Self>) -> Self {
        Self::container(ContainerKind::Atomic, commands)
    }

    /// `commands` in their order.
    #[must_use]
    pub fn sequence(commands: impl IntoIterator<Item = Self>) -> Self {
        Self::container(ContainerKind::Sequence, commands)
    }

    /// The same with a Format for each of its Items. Nothing changes for what has none.
    #[must_use]
    pub fn format(self, format: impl Into<Text>) -> Self {
        let format = format.into();
        self.with_meta(|meta| meta.format = Some(format.clone()))
    }

    /// The same with a media type for each of its Items. Nothing changes for what has none.
    #[must_use]
    pub fn media_type(self, media_type: impl Into<Text>) -> Self {
        let media_type = media_type.into();
        self.with_meta(|meta| meta.media_type = Some(media_type.clone()))
    }

    fn request(verb: Verb, item: Item) -> Self {
        let items = Items::from_iter([item]);
        Kind::Request(Request { verb, meta: None, items, correlator: None }).into()
    }

    fn container(kind: ContainerKind, commands: impl IntoIterator<Item = Self>) -> Self {
        let commands = commands.into_iter().map(|member| member.command).collect();
        Kind::Container(Container { kind, meta: None, commands }).into()
    }

    fn with_meta(mut self, set: impl Fn(&mut Meta)) -> Self {
        match &mut self.command.kind {
            Kind::Request(Request { items, .. }) | Kind::Alert(Alert { items, .. }) => {
                items.iter_mut().for_each(|item| set(item.meta.get_or_insert_default()));
            }
            Kind::Container(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {}
        }
        self
    }

    /// What is sent, before it has its CmdID.
    pub(super) const fn as_message(&self) -> &message::Command {
        &self.command
    }
}

impl From<message::Command> for Command {
    /// Any command at all. Its CmdIDs are replaced when it is sent.
    fn from(command: message::Command) -> Self {
        Self { command }
    }
}

impl From<Kind> for Command {
    fn from(kind: Kind) -> Self {
        Self { command: message::Command::new(None, kind) }
    }
}

fn item(uri: impl Into<Text>, data: Option<Text>) -> Item {
    Item { target: Some(Location::new(uri)), data: data.map(Data::Text), ..Item::default() }
}
