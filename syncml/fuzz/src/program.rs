//! Messages of a server from a few bytes: each byte that is an operation is followed by its choices.
//!
//! Random changes to XML are nearly always refused before a session sees them. Here every change is another
//! conversation. Deliberately absent: what only XML can say wrongly.

use syncml::message::{
    Alert, Command, Container, ContainerKind, Data, Header, Item, Kind, Location, Message, Meta, MoreMeta,
    Request, Text, Verb,
};

/// Addresses of every built-in CSP, in forms that servers write.
#[rustfmt::skip]
const ADDRESSES: [&str; 64] = [
    ".", "./Nope", "no address", "./Vendor/MSFT", "./Vendor/MSFT?list=Struct", "./Vendor/MSFT?list=StructData", "./SyncML/DMAcc?list=StructData", " ./DevInfo/Man ",
    "./DevInfo", "./DevInfo/Man?prop=Format", "./DevDetail/SwV", "./DevDetail/Ext/Microsoft/DeviceName", "./DevDetail/Ext/Microsoft/LocalTime", "./DevDetail/LrgObj", "./Vendor/MSFT/DeviceManageability/Capabilities/CSPVersions", "./SyncML/DMAcc/*",
    "./Vendor/MSFT/Update", "./Vendor/MSFT/Update?list=StructData", "./Vendor/MSFT/Update/InstallableUpdates?list=StructData", "./Vendor/MSFT/Update/ApprovedUpdates", "./Vendor/MSFT/Update/ApprovedUpdates/5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01", "./Vendor/MSFT/Update/ApprovedUpdates/%7B5CC9AC6B-7D5C-4BB6-A9A6-6E3E5B6A6A01%7D", "./Vendor/MSFT/Update/ApprovedUpdates/5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01/ApprovedTime", "./Vendor/MSFT/Update/ApprovedUpdates/e6cf1350-c01b-414d-a61f-263d14d133b4",
    "./Vendor/MSFT/Update/ApprovedUpdates/not-a-guid", "./Vendor/MSFT/Update/FailedUpdates", "./Vendor/MSFT/Update/PendingRebootUpdates", "./Vendor/MSFT/Update/Rollback/QualityUpdate", "./Vendor/MSFT/Update/Rollback/FeatureUpdate", "./Vendor/MSFT/Update/Rollback/QualityUpdateStatus", "./Vendor/MSFT/Update/DeferUpgrade", "./Vendor/MSFT/Update/LastSuccessfulScanTime",
    "./Vendor/MSFT/Policy/Config/Update", "./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart", "./Vendor/MSFT/Policy/Config/Update/ActiveHoursEnd", "./Vendor/MSFT/Policy/Config/Update/PauseQualityUpdates", "./Vendor/MSFT/Policy/Config/Update/PauseQualityUpdatesStartTime", "./Vendor/MSFT/Policy/Config/Update/UpdateServiceUrl", "./Vendor/MSFT/Policy/Result/Update/ActiveHoursStart", "./vendor/msft/policy/result?list=StructData",
    "./Vendor/MSFT/DMClient/Provider/cspsim", "./Vendor/MSFT/DMClient/Provider/cspsim/SyncApplicationVersion", "./Vendor/MSFT/DMClient/Provider/cspsim/ManagementServiceAddress", "./Vendor/MSFT/DMClient/Provider/cspsim/ManagementServerAddressList", "./Vendor/MSFT/DMClient/Provider/cspsim/Poll/PollOnLogin", "./Vendor/MSFT/DMClient/Provider/cspsim/Unenroll", "./Vendor/MSFT/DMClient/Unenroll", "./Vendor/MSFT/DMClient/Provider/x/EntDMID",
    "./Vendor/MSFT/Reboot/RebootNow", "./Vendor/MSFT/Reboot/Schedule/Single", "./Vendor/MSFT/Reboot/Schedule/DailyRecurrent", "./Vendor/MSFT/Reboot/Schedule/WeeklyRecurrent", "./Vendor/MSFT/Reboot/Schedule?list=StructData", "./User/Vendor/MSFT/DMClient?list=StructData", "./User/Vendor/MSFT/NodeCache/MS%20DM%20Server/Nodes/1/NodeURI", "./User/Vendor/MSFT/NodeCache?list=StructData",
    "./Vendor/MSFT/NodeCache/MS%20DM%20Server", "./Vendor/MSFT/NodeCache/MS%20DM%20Server?list=StructData", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/CacheVersion", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/ChangedNodesData", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/Nodes/1/NodeURI", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/Nodes/1/ExpectedValue", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/Nodes/1/AutoSetExpectedValue", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/Nodes/a%2Fb/NodeURI",
];

#[rustfmt::skip]
const VALUES: [&str; 16] = [
    "", "0", "1", "7", "-1", "true", "x", "3.0", "2024-05-01T03:00:00Z", "https://mdm.example.test/a", "./Vendor/MSFT/NodeCache/MS%20DM%20Server/ChangedNodes", "./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart", "\n ./DevInfo/Man\n", "<a>&</a>", "é\u{1F600}\r\n", "99999999999999999999",
];

const FORMATS: [Option<&str>; 8] =
    [None, Some("int"), Some("chr"), Some("node"), Some("bool"), Some("b64"), Some("null"), Some("nonsense")];

const TYPES: [Option<&str>; 4] = [
    None,
    Some("text/plain"),
    Some("application/x-nodemon-nonexistent"),
    Some("application/x-nodemon-sha256"),
];

const ALERTS: [&str; 8] = ["1200", "1201", "1222", "1222", "1224", "1226", "1223", "x"];

/// The smallest holds no answer, the largest all.
const SIZES: [&str; 4] = ["100", "700", "2000", "65536"];

/// The messages that `bytes` spell.
pub(crate) fn messages(bytes: &[u8]) -> Vec<Message> {
    let mut bytes = bytes.iter().copied();
    let mut messages = Vec::new();
    let mut message = Message::new(header(1), Vec::new());
    // The containers that are open, innermost last.
    let mut open: Vec<Command> = Vec::new();
    let mut number = 0;
    while let Some(operation) = bytes.next() {
        let choice = bytes.next().unwrap_or_default();
        number += 1;
        // A few commands have no CmdID, or that of another.
        let id = (operation & 0xc0 != 0xc0).then(|| Text::from((number % 50).to_string()));
        let kind = match operation % 16 {
            verb @ 0..=7 => {
                let verb = [
                    Verb::Add,
                    Verb::Get,
                    Verb::Replace,
                    Verb::Delete,
                    Verb::Exec,
                    Verb::Get,
                    Verb::Add,
                    Verb::Copy,
                ][usize::from(verb)];
                let carries = matches!(verb, Verb::Add | Verb::Replace);
                let item = item(
                    choice,
                    if carries { bytes.next() } else { None },
                    if carries { bytes.next() } else { None },
                );
                Kind::Request(Request {
                    verb,
                    meta: None,
                    items: [item].into_iter().collect(),
                    correlator: None,
                })
            }
            8 => Kind::Alert(Alert { code: Some(pick(&ALERTS, choice).into()), ..Alert::default() }),
            9 | 10 => {
                let kind = if operation % 16 == 9 { ContainerKind::Atomic } else { ContainerKind::Sequence };
                let container = Container { kind, meta: None, commands: Vec::new() };
                // Deeper ones would be refused by a decoder, and never come.
                if open.len() < 8 {
                    open.push(Command::new(id, Kind::Container(container)));
                }
                continue;
            }
            11 => {
                if let Some(inner) = open.pop() {
                    put(inner, &mut open, &mut message);
                }
                continue;
            }
            12 => {
                // One more Item in the command before.
                let last = open
                    .last_mut()
                    .map_or(&mut message.body.commands, |container| members(container))
                    .last_mut();
                if let Some(Command { kind: Kind::Request(request), .. }) = last {
                    request.items.push(item(choice, bytes.next(), bytes.next()));
                }
                continue;
            }
            13 => {
                let more =
                    MoreMeta { max_msg_size: Some(pick(&SIZES, choice).into()), ..MoreMeta::default() };
                let meta = Meta { more: Some(Box::new(more)), ..Meta::default() };
                message.header.iter_mut().for_each(|header| header.meta = Some(Box::new(meta.clone())));
                continue;
            }
            _ => {
                message.body.is_final = operation % 16 == 14;
                close(&mut open, &mut message);
                messages.push(std::mem::replace(
                    &mut message,
                    Message::new(header(messages.len() + 2), Vec::new()),
                ));
                continue;
            }
        };
        put(Command::new(id, kind), &mut open, &mut message);
    }
    close(&mut open, &mut message);
    messages.push(message);
    messages
}

fn close(open: &mut Vec<Command>, message: &mut Message) {
    while let Some(inner) = open.pop() {
        put(inner, open, message);
    }
}

fn put(command: Command, open: &mut [Command], message: &mut Message) {
    open.last_mut().map_or(&mut message.body.commands, members).push(command);
}

fn members(command: &mut Command) -> &mut Vec<Command> {
    match &mut command.kind {
        Kind::Container(container) => &mut container.commands,
        other => unreachable!("only containers are open: {other:?}"),
    }
}

fn header(number: usize) -> Header {
    Header {
        ver_dtd: Some("1.2".into()),
        ver_proto: Some("DM/1.2".into()),
        session_id: Some("1".into()),
        msg_id: Some(number.to_string().into()),
        target: Some(Location::new("device")),
        source: Some(Location::new("https://mdm.example.test")),
        ..Header::default()
    }
}

/// `value` picks the Data and whether there is any, `meta` the Format, the Type, and whether more is to come.
fn item(address: u8, value: Option<u8>, meta: Option<u8>) -> Item {
    let meta = meta.unwrap_or_default();
    let more_data = meta & 0xe0 == 0xe0;
    let format = pick(&FORMATS, meta).map(Text::from);
    let media_type = pick(&TYPES, meta >> 3).map(Text::from);
    let more = more_data.then(|| Box::new(MoreMeta { size: Some("9".into()), ..MoreMeta::default() }));
    let says = format.is_some() || media_type.is_some() || more.is_some();
    Item {
        target: Some(Location::new(pick(&ADDRESSES, address))),
        meta: says.then_some(Meta { format, media_type, more }),
        data: value.filter(|value| value & 0x80 == 0).map(|value| Data::Text(pick(&VALUES, value).into())),
        more_data,
        ..Item::default()
    }
}

fn pick<T: Copy>(table: &[T], choice: u8) -> T {
    table[usize::from(choice) % table.len()]
}
