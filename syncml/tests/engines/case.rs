//! Cases: a device, a server, commands, and what the transport does.

use std::fmt;
use std::sync::{Arc, LazyLock};

use csp_model::csp::dmacc::{AuthLevel, AuthType};
use csp_model::device::{AtomicFailure, MaxMsgSize, Profile};
use csp_model::strategies::{self, Given, Operation};
use csp_model::tree::Leaves;
use csp_model::{Device, DeviceFile};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use syncml::codec;
use syncml::message::{
    Alert, Body, Command, Container, ContainerKind, Data, Item, Items, Kind, Location, Message, Meta,
    Request, Text, Verb,
};
use syncml::session::auth::{Credentials, Lasts, Nonces, Prover, Scheme, Verifier};
use syncml::session::server::Settings;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) device: DeviceSide,
    pub(crate) server: ServerSide,
    pub(crate) commands: Vec<Command>,
    /// What happens to the first exchanges; what comes after them goes straight.
    pub(crate) fates: Vec<Fate>,
    /// Whether the commands are ones that a server would send.
    pub(crate) is_sensible: bool,
}

/// How a device is set up.
#[derive(Debug, Clone)]
pub(crate) struct DeviceSide {
    atomic: AtomicFailure,
    overflow: Overflow,
    proves: Option<(AuthType, Nonce)>,
    asks: Option<(AuthType, Nonce)>,
    pub(crate) max_msg_size: Option<usize>,
}

/// What a device does with an answer that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Overflow {
    Cut,
    Abort,
    Ignored,
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub(crate) struct ServerSide {
    asks: Option<(Scheme, Lasts, Nonce)>,
    proves: Option<(Scheme, Nonce)>,
    /// Whether the secrets are those that the device has.
    knows: Knows,
    max_msg_size: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knows {
    Both,
    /// Not what the device proves itself with.
    NotTheDevices,
    /// Not what it should prove itself with.
    NotItsOwn,
}

/// What one side takes for the nonce of the next digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nonce {
    Unknown,
    Shared,
    Stale,
}

/// What becomes of a message of the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Straight,
    /// It is lost, and the device sends its own again.
    AnswerLost,
    /// The device gets the one before instead, and sends its own again.
    OldAnswer,
    /// It is lost, and the device begins anew.
    Broken,
}

/// Whether both sides can prove what the other asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credible {
    Yes,
    No,
}

const NAME: &str = "Bruce2";
const SECRET: &str = "OhBehave";
const SERVER: &str = "cspsim";

/// A CSP whose leaves take any text, so that there is something large.
const NOTES: &str = "<MgmtTree xmlns:MSFT='http://schemas.microsoft.com/MobileDevice/DM'><VerDTD>1.2</VerDTD><Node>\
    <NodeName>Notes</NodeName><Path>./Vendor/MSFT</Path><DFProperties><AccessType><Get/></AccessType><DFFormat><node/>\
    </DFFormat><Occurrence><One/></Occurrence><Scope><Permanent/></Scope><DFType><DDFName/></DFType></DFProperties>\
    <Node><NodeName></NodeName><DFProperties><AccessType><Add/><Delete/><Get/><Replace/></AccessType><DFFormat><chr/>\
    </DFFormat><Occurrence><ZeroOrMore/></Occurrence><Scope><Dynamic/></Scope><DFType><MIME>text/plain</MIME></DFType>\
    </DFProperties></Node></Node></MgmtTree>";

const ATOMIC: [AtomicFailure; 3] =
    [AtomicFailure::RolledBack, AtomicFailure::OwnCodes, AtomicFailure::RollbackFailed];
const OVERFLOW: [Overflow; 3] = [Overflow::Cut, Overflow::Abort, Overflow::Ignored];

/// A profile for every two switches.
static PROFILES: LazyLock<Vec<(AtomicFailure, Overflow, Arc<Profile>)>> = LazyLock::new(|| {
    let all = ATOMIC.into_iter().flat_map(|atomic| OVERFLOW.map(|overflow| (atomic, overflow)));
    let profile = |(atomic_failure, overflow)| {
        let file = DeviceFile {
            atomic_failure,
            large_objects: overflow == Overflow::Cut,
            max_msg_size: if overflow == Overflow::Ignored { MaxMsgSize::Ignored } else { MaxMsgSize::Abort },
            ddf: vec![NOTES.to_owned()],
            ..DeviceFile::from_toml(DeviceFile::BUILTIN).expect("the built-in device")
        };
        (atomic_failure, overflow, Arc::new(Profile::new(file).expect("a profile")))
    };
    all.map(profile).collect()
});

/// Operations that the device can do at first, and some that it cannot.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let device = Device::new(Arc::clone(&PROFILES[0].2));
    let mut runner = TestRunner::deterministic();
    let right = vec(strategies::operation(&device), 600).new_tree(&mut runner).expect("operations").current();
    let wrong = vec(strategies::violation(&device), 200).new_tree(&mut runner).expect("operations").current();
    let all = right.into_iter().chain(wrong.into_iter().map(|(_, operation)| operation));
    // An account that changes is another than the case has; one that ends takes the session with it.
    let is_of_account = |operation: &Operation| {
        let uri = operation.uri().to_string();
        let is_changed = uri.contains("DMAcc") || uri.contains("DMClient");
        !operation.only_reads() && is_changed
    };
    all.filter(|operation| !is_of_account(operation)).collect()
});

/// The commands as they are written.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}\n{:?}\n{:?}", self.device, self.server, self.fates)?;
        for command in &self.commands {
            let body = Body { commands: vec![command.clone()], ..Body::default() };
            let bytes = codec::encode(&Message { body, bare_body: true, ..Message::default() });
            writeln!(f, "{}", String::from_utf8_lossy(&bytes))?;
        }
        Ok(())
    }
}

impl Case {
    pub(crate) fn device(&self) -> Device {
        let side = &self.device;
        let is_it = |(atomic, overflow, _): &&(AtomicFailure, Overflow, Arc<Profile>)| {
            *atomic == side.atomic && *overflow == side.overflow
        };
        let (_, _, profile) = PROFILES.iter().find(is_it).expect("every two switches have one");
        let mut device = Device::new(Arc::clone(profile));
        let uid = device.account(None).expect("an account").uid;
        for (level, auth) in [(AuthLevel::AppSrv, side.proves), (AuthLevel::Client, side.asks)] {
            let Some((kind, nonce)) = auth else { continue };
            let name = if level == AuthLevel::Client { SERVER } else { NAME };
            device.set_credentials(&uid, level, kind, name, SECRET);
            if let Some(nonce) = nonce.bytes(1) {
                device.set_nonce(&uid, level, &nonce);
            }
        }
        device
    }

    pub(crate) fn settings(&self) -> Settings {
        let asked = self.server.asks.and_then(|(_, _, nonce)| nonce.bytes(2));
        let proven = self.server.proves.and_then(|(_, nonce)| nonce.bytes(2));
        Settings {
            verifier: self.verifier(asked, 0),
            prover: self.prover(proven),
            max_msg_size: self.server.max_msg_size,
            ..Settings::new("https://mdm.example.test/omadm")
        }
    }

    /// `session` tells the nonces of one session from those of the next.
    pub(crate) fn verifier(&self, nonce: Option<Vec<u8>>, session: u64) -> Verifier {
        let Some((scheme, lasts, _)) = self.server.asks else { return Verifier::asks_nothing() };
        let secret = if self.server.knows == Knows::NotTheDevices { "oops" } else { SECRET };
        Verifier::new(Credentials::new(NAME, secret), scheme, nonce, Nonces::new(session), lasts)
    }

    pub(crate) fn prover(&self, nonce: Option<Vec<u8>>) -> Prover {
        let Some((scheme, _)) = self.server.proves else { return Prover::without_credentials() };
        let secret = if self.server.knows == Knows::NotItsOwn { "oops" } else { SECRET };
        Prover::new(Some(Credentials::new(SERVER, secret)), Some(scheme), nonce)
    }

    pub(crate) fn credible(&self) -> Credible {
        let knows = self.server.knows;
        let device = match (self.server.asks, self.device.proves) {
            // HMAC that nobody asks for ends a session (OMA DM Security 1.2.1).
            (None, Some((AuthType::Hmac, nonce))) => nonce == Nonce::Unknown,
            (None, _) => true,
            (Some(_), proves) => proves.is_some() && knows != Knows::NotTheDevices,
        };
        let server = match self.device.asks {
            None => true,
            Some(_) => self.server.proves.is_some() && knows != Knows::NotItsOwn,
        };
        if device && server { Credible::Yes } else { Credible::No }
    }

    /// Whether the device may end the session over an answer that is too large.
    pub(crate) fn may_abort(&self) -> bool {
        self.device.overflow == Overflow::Abort && self.server.max_msg_size.is_some()
    }

    /// Whether a session may need more messages than it can have.
    pub(crate) fn is_long(&self) -> bool {
        self.device.max_msg_size.is_some() || self.answers_within().is_some()
    }

    /// The largest answer that the device may give.
    pub(crate) fn answers_within(&self) -> Option<usize> {
        self.server.max_msg_size.filter(|_| self.device.overflow == Overflow::Cut && self.is_sensible)
    }
}

impl Nonce {
    /// What `side` takes for it.
    fn bytes(self, side: u8) -> Option<Vec<u8>> {
        match self {
            Self::Unknown => None,
            Self::Shared => Some(b"shared".to_vec()),
            Self::Stale => Some(vec![side; 4]),
        }
    }
}

/// A case whose commands make sense, right or wrong.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    (sides(), vec(command(2), 0..7), fates()).prop_map(|((device, server), commands, fates)| Case {
        device,
        server,
        commands,
        fates,
        is_sensible: true,
    })
}

/// A case with any commands at all.
pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    let commands = (syncml::message::strategies::body(), vec(command(1), 0..2));
    (sides(), commands, fates()).prop_map(|((device, server), (body, commands), fates)| Case {
        device,
        server,
        commands: [body.commands, commands].concat(),
        fates,
        is_sensible: false,
    })
}

fn sides() -> impl Strategy<Value = (DeviceSide, ServerSide)> {
    let kind = || select(vec![AuthType::Basic, AuthType::Digest, AuthType::Hmac]);
    let nonce = || select(vec![Nonce::Unknown, Nonce::Shared, Nonce::Stale]);
    // Package 1 with a challenge in it must fit, and its Statuses with Alert 1222.
    let size = || of(1_800_usize..4_000);
    let switches = (select(ATOMIC.to_vec()), select(OVERFLOW.to_vec()));
    let auths = (of((kind(), nonce())), of((kind(), nonce())));
    let device = (switches, auths, size()).prop_map(|((atomic, overflow), (proves, asks), max_msg_size)| {
        DeviceSide { atomic, overflow, proves, asks, max_msg_size }
    });
    let scheme = || select(Scheme::ALL.to_vec());
    let lasts = select(vec![Lasts::Session, Lasts::Message]);
    let knows = prop_oneof![
        6 => Just(Knows::Both),
        1 => Just(Knows::NotTheDevices),
        1 => Just(Knows::NotItsOwn),
    ];
    let server = (of((scheme(), lasts, nonce())), of((scheme(), nonce())), knows, size())
        .prop_map(|(asks, proves, knows, max_msg_size)| ServerSide { asks, proves, knows, max_msg_size });
    (device, server, any::<u8>()).prop_map(|(device, mut server, luck)| {
        // Most often the server has what the device asks for.
        if device.asks.is_some() && server.proves.is_none() && luck > 60 {
            server.proves = Some((Scheme::Basic, Nonce::Unknown));
        }
        if device.proves.is_none() && luck > 60 {
            server.asks = None;
        }
        // One who proves every message by HMAC does not go on with one who does not look.
        server.proves = server.proves.filter(|(scheme, _)| device.asks.is_some() || *scheme != Scheme::Hmac);
        (device, server)
    })
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        4 => Just(Fate::Straight),
        2 => Just(Fate::AnswerLost),
        2 => Just(Fate::OldAnswer),
        1 => Just(Fate::Broken),
    ];
    vec(fate, 0..10)
}

/// A command, with containers at most `depth` deep.
fn command(depth: u32) -> BoxedStrategy<Command> {
    let known = |operation: Operation| request(vec![operation]);
    let single = select(OPERATIONS.clone()).prop_map(known);
    let several = (0_usize..6, vec(select(OPERATIONS.clone()), 2..12)).prop_map(|(verb, operations)| {
        let of_verb = operations.iter().filter(|one| number_of(one) == verb).cloned().collect::<Vec<_>>();
        request(if of_verb.is_empty() { operations[..1].to_vec() } else { of_verb })
    });
    let alert = select(vec!["1224", "1100"]).prop_map(|code| {
        Command::new(None, Kind::Alert(Alert { code: Some(Text::from_static(code)), ..Alert::default() }))
    });
    let leaf = prop_oneof![6 => single, 2 => several, 4 => note(), 1 => alert];
    if depth == 0 {
        return leaf.boxed();
    }
    let kind = select(vec![ContainerKind::Atomic, ContainerKind::Sequence]);
    let container = (kind, vec(command(depth - 1), 0..5)).prop_map(|(kind, commands)| {
        Command::new(None, Kind::Container(Container { kind, meta: None, commands }))
    });
    prop_oneof![3 => leaf, 1 => container].boxed()
}

/// Something with a text of any length.
fn note() -> impl Strategy<Value = Command> {
    let name = select(vec!["a", "b"]);
    let verb = select(vec![Verb::Add, Verb::Add, Verb::Replace, Verb::Get, Verb::Get, Verb::Delete]);
    let pieces = || select(vec!["a", "\u{e9}", "\u{1f600}", "<&>", "\r\n", "  ", "0123456789"]);
    let text = prop_oneof![2 => vec(pieces(), 0..4), 1 => vec(pieces(), 200..500)];
    (name, verb, text).prop_map(|(name, verb, text)| {
        let data = matches!(verb, Verb::Add | Verb::Replace).then(|| text.concat());
        let uri = format!("./Vendor/MSFT/Notes/{name}");
        with_items(verb, vec![item(uri, None, data)])
    })
}

fn number_of(operation: &Operation) -> usize {
    match operation {
        Operation::Get(_) => 0,
        Operation::List(..) => 1,
        Operation::Add(..) => 2,
        Operation::Replace(..) => 3,
        Operation::Delete(..) => 4,
        Operation::Exec(_) => 5,
    }
}

/// A request of operations of one verb.
fn request(operations: Vec<Operation>) -> Command {
    let given = |uri: String, given: Given| item(uri, given.format, given.data);
    let mut verb = Verb::Get;
    let items = operations.into_iter().map(|operation| {
        let uri = operation.uri().to_string();
        verb = match &operation {
            Operation::Get(_) | Operation::List(..) => Verb::Get,
            Operation::Add(..) => Verb::Add,
            Operation::Replace(..) => Verb::Replace,
            Operation::Delete(..) => Verb::Delete,
            Operation::Exec(_) => Verb::Exec,
        };
        match operation {
            Operation::Get(_) | Operation::Delete(..) | Operation::Exec(_) => item(uri, None, None),
            Operation::List(_, Leaves::WithData) => item(format!("{uri}?list=StructData"), None, None),
            Operation::List(_, Leaves::Bare) => item(format!("{uri}?list=Struct"), None, None),
            Operation::Add(_, values) | Operation::Replace(_, values) => given(uri, values),
        }
    });
    let items = items.collect();
    with_items(verb, items)
}

fn with_items(verb: Verb, items: Vec<Item>) -> Command {
    Command::new(
        None,
        Kind::Request(Request { verb, meta: None, items: Items::from_vec(items), correlator: None }),
    )
}

fn item(uri: String, format: Option<String>, data: Option<String>) -> Item {
    Item {
        target: Some(Location::new(uri)),
        meta: format.map(|format| Meta { format: Some(format.into()), ..Meta::default() }),
        data: data.map(|data| Data::Text(data.into())),
        ..Item::default()
    }
}
