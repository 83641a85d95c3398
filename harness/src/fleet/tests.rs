//! The fleet over a disk that does what a test says: waits, and fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use bytes::Bytes;
use chrono::TimeDelta;
use csp_model::{Device, LocUri};
use parking_lot::Mutex;

use super::*;
use crate::event::DeviceEvent;
use crate::transcript::{Body, Call, Entry, Event as TranscriptEvent, Origin, Outcome, ScanBy};

/// Where the messages of these tests come from.
const POSTED: Origin = Origin::Posted { media_type: None, mac: None };

const APPROVALS: &str = "./Vendor/MSFT/Update/ApprovedUpdates";

/// What a disk has, and what happens to the next commits; those beyond succeed.
#[derive(Debug, Default, Clone)]
struct Disk {
    devices: Arc<Mutex<BTreeMap<String, Device>>>,
    fates: Arc<Mutex<VecDeque<Fate>>>,
}

/// What happens to a commit.
#[derive(Debug)]
enum Fate {
    Succeeds,
    Fails,
    /// It says that it has begun, and waits for its end.
    Waits(Sender<()>, Receiver<Result<(), &'static str>>),
}

impl Storage for Disk {
    type Error = &'static str;

    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), &'static str> {
        let fate = self.fates.lock().pop_front();
        match fate {
            None | Some(Fate::Succeeds) => {}
            Some(Fate::Fails) => return Err("the disk is full"),
            Some(Fate::Waits(begun, end)) => {
                begun.send(()).unwrap();
                end.recv().unwrap()?;
            }
        }
        let mut devices = self.devices.lock();
        for change in changes {
            assert_eq!(devices.get(change.name), change.before, "what is taken for the disk's is not");
            match change.after {
                Some(device) => devices.insert(change.name.to_owned(), device.clone()),
                None => devices.remove(change.name),
            };
        }
        Ok(())
    }
}

impl Disk {
    fn fleet(&self, settings: Settings) -> Fleet {
        let kept = self.devices.lock().clone().into_iter().map(|(name, device)| (name.into(), device));
        Fleet::kept(settings, None, Arc::default(), kept.collect(), self.clone()).unwrap()
    }

    /// A fleet of one device, `lab`.
    async fn lab(&self) -> (Fleet, Arc<Host>) {
        let fleet = self.fleet(Settings { pace: Pace::Frozen, ..Settings::default() });
        fleet.add(vec![("lab".into(), Device::builtin())]).await.unwrap();
        let host = fleet.host("lab").unwrap();
        (fleet, host)
    }

    fn fails(&self) {
        self.fates.lock().push_back(Fate::Fails);
    }

    /// The next commit waits; what it begins with and what ends it.
    fn waits(&self) -> (Receiver<()>, Sender<Result<(), &'static str>>) {
        let (begun, is_begun) = mpsc::channel();
        let (ends, end) = mpsc::channel();
        self.fates.lock().push_back(Fate::Waits(begun, end));
        (is_begun, ends)
    }

    fn has(&self, number: u32) -> bool {
        self.devices.lock().get("lab").is_some_and(|device| is_approved(device, number))
    }
}

fn uri(number: u32) -> String {
    format!("{APPROVALS}/00000000-0000-0000-0000-{number:012}")
}

fn is_approved(device: &Device, number: u32) -> bool {
    device.get(&LocUri::parse(&uri(number)).unwrap()).is_ok()
}

fn message(verb: &str, uri: &str) -> Bytes {
    format!("<SyncBody><{verb}><CmdID>1</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></{verb}></SyncBody>")
        .into()
}

async fn post(host: &Arc<Host>, verb: &str, uri: &str) -> Result<String, Refused> {
    host.answer(POSTED, message(verb, uri)).await.map(|heard| String::from_utf8(heard.answer.into()).unwrap())
}

async fn approve(host: &Arc<Host>, number: u32) -> Result<(), Refused> {
    let answer = post(host, "Add", &uri(number)).await?;
    assert!(answer.contains("<Cmd>Add</Cmd><Data>200</Data>"), "{answer}");
    Ok(())
}

fn in_the_background(host: &Arc<Host>, number: u32) -> tokio::task::JoinHandle<Result<(), Refused>> {
    let host = Arc::clone(host);
    tokio::spawn(async move { approve(&host, number).await })
}

fn full() -> Refused {
    Refused::NotSaved(NotSaved("the disk is full".into()))
}

/// Waits until the device in memory has the approval.
async fn applied(host: &Arc<Host>, number: u32) {
    while host.peek(|device| is_approved(device, number)) == Some(false) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_answered_is_on_disk() {
    let disk = Disk::default();
    let (_fleet, host) = disk.lab().await;
    for number in 0..20 {
        approve(&host, number).await.unwrap();
        assert!(disk.has(number));
    }
}

#[tokio::test]
async fn what_cannot_be_saved_is_undone() {
    let disk = Disk::default();
    let (_fleet, host) = disk.lab().await;
    disk.fails();
    assert_eq!(approve(&host, 1).await, Err(full()));
    assert!(!host.look(|device| is_approved(device, 1)).await.unwrap());
    approve(&host, 2).await.unwrap();
    assert!(disk.has(2) && !disk.has(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_a_commit_was_under_way_is_undone_with_it() {
    let disk = Disk::default();
    let (_fleet, host) = disk.lab().await;
    let (begun, ends) = disk.waits();
    let first = in_the_background(&host, 1);
    tokio::task::block_in_place(|| begun.recv().unwrap());
    let second = in_the_background(&host, 2);
    applied(&host, 2).await;
    ends.send(Err("the disk is full")).unwrap();
    assert_eq!(first.await.unwrap(), Err(full()));
    assert_eq!(second.await.unwrap(), Err(full()));
    assert!(post(&host, "Get", &uri(1)).await.unwrap().contains("<Data>404</Data>"));
    assert_eq!(host.peek(|device| is_approved(device, 1) || is_approved(device, 2)), Some(false));
    approve(&host, 3).await.unwrap();
    assert!(disk.has(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_shows_what_is_not_on_disk_waits_for_it() {
    for fate in [Ok(()), Err("the disk is full")] {
        let disk = Disk::default();
        let (_fleet, host) = disk.lab().await;
        let (begun, ends) = disk.waits();
        let change = in_the_background(&host, 1);
        tokio::task::block_in_place(|| begun.recv().unwrap());
        let reader = Arc::clone(&host);
        let read = tokio::spawn(async move { post(&reader, "Get", &uri(1)).await });
        let looker = Arc::clone(&host);
        let look = tokio::spawn(async move { looker.look(|device| is_approved(device, 1)).await });
        // Both have seen it when they wait: what they hold is dropped with the commit.
        while host.riding() < 3 {
            tokio::task::yield_now().await;
        }
        assert!(!read.is_finished() && !look.is_finished());
        ends.send(fate).unwrap();
        let (change, read, look) = (change.await.unwrap(), read.await.unwrap(), look.await.unwrap());
        match fate {
            Ok(()) => {
                assert_eq!((change, look), (Ok(()), Ok(true)));
                assert!(read.unwrap().contains("<Data>200</Data>"));
            }
            Err(_) => assert_eq!((change, read, look), (Err(full()), Err(full()), Err(full()))),
        }
    }
}

#[tokio::test]
async fn an_answer_that_changes_nothing_needs_no_commit() {
    let disk = Disk::default();
    let (fleet, host) = disk.lab().await;
    let before = fleet.counts().unwrap();
    disk.fails();
    post(&host, "Get", "./DevInfo").await.unwrap();
    host.look(Device::clock).await.unwrap();
    assert_eq!(fleet.counts().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_posters_share_a_commit() {
    let disk = Disk::default();
    let (fleet, host) = disk.lab().await;
    let before = fleet.counts().unwrap();
    let (begun, ends) = disk.waits();
    let first = in_the_background(&host, 0);
    tokio::task::block_in_place(|| begun.recv().unwrap());
    let rest: Vec<_> = (1..64).map(|number| in_the_background(&host, number)).collect();
    for number in 1..64 {
        applied(&host, number).await;
    }
    ends.send(Ok(())).unwrap();
    for poster in std::iter::once(first).chain(rest) {
        poster.await.unwrap().unwrap();
    }
    let after = fleet.counts().unwrap();
    assert_eq!((after.commits - before.commits, after.answers - before.answers), (2, 64));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_is_not_waited_for() {
    let disk = Disk::default();
    let (_fleet, host) = disk.lab().await;
    let (begun, ends) = disk.waits();
    let gone = in_the_background(&host, 1);
    tokio::task::block_in_place(|| begun.recv().unwrap());
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    ends.send(Ok(())).unwrap();
    approve(&host, 2).await.unwrap();
    assert!(disk.has(1) && disk.has(2));
    assert_eq!(host.transcript().1.len(), 2, "what was asked and answered stays in the transcript");
}

#[tokio::test]
async fn devices_come_and_go_whole() {
    let disk = Disk::default();
    let fleet = disk.fleet(Settings { most_devices: 4, ..Settings::default() });
    let named = |names: &[&str]| names.iter().map(|name| (Arc::from(*name), Device::builtin())).collect();
    let not_saved = FleetError::NotSaved(NotSaved("the disk is full".into()));

    disk.fails();
    assert_eq!(fleet.add(named(&["a", "b"])).await, Err(not_saved.clone()));
    assert_eq!(fleet.len(), 0);
    fleet.add(named(&["a", "b"])).await.unwrap();
    assert_eq!(fleet.add(named(&["c", "a"])).await, Err(FleetError::Exists("a".into())));
    assert_eq!(fleet.add(named(&["c", "c"])).await, Err(FleetError::Exists("c".into())));
    assert_eq!(fleet.add(named(&["c", "d", "e"])).await, Err(FleetError::Full { asked: 5, most: 4 }));

    disk.fails();
    assert_eq!(fleet.remove("a").await, Err(not_saved));
    approve(&fleet.host("a").unwrap(), 1).await.unwrap();
    let gone = fleet.host("b").unwrap();
    fleet.remove("b").await.unwrap();
    assert_eq!(fleet.remove("b").await, Err(FleetError::Absent("b".into())));
    assert_eq!(approve(&gone, 1).await, Err(Refused::Gone));
    assert!(fleet.host("b").is_none());
    fleet.add(named(&["b"])).await.unwrap();
    assert_eq!(disk.devices.lock().keys().collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_commit_that_panics_hears_of_it() {
    let disk = Disk::default();
    let (fleet, host) = disk.lab().await;
    let (begun, ends) = disk.waits();
    let first = in_the_background(&host, 1);
    tokio::task::block_in_place(|| begun.recv().unwrap());
    // The disk waits for an end that cannot come any more, and panics.
    drop(ends);
    let closed = Err(Refused::NotSaved(NotSaved::closed()));
    assert_eq!(first.await.unwrap(), closed);
    assert_eq!(approve(&host, 2).await, closed);
    assert!(!host.look(|device| (1..3).any(|number| is_approved(device, number))).await.unwrap());
    fleet.stop().await.unwrap();
}

#[tokio::test]
async fn another_device_in_its_place_can_be_undone() {
    let disk = Disk::default();
    let (_fleet, host) = disk.lab().await;
    approve(&host, 1).await.unwrap();
    disk.fails();
    assert_eq!(host.reset().await, Err(full()));
    assert_eq!(host.peek(|device| is_approved(device, 1)), Some(true));
    host.reset().await.unwrap();
    assert!(!disk.has(1));
}

#[tokio::test]
async fn the_clock_stays_on_disk_when_it_stops() {
    let disk = Disk::default();
    let fleet = disk.fleet(Settings { pace: Pace::Times(Pace::FASTEST), ..Settings::default() });
    fleet.add(vec![("lab".into(), Device::builtin())]).await.unwrap();
    let host = fleet.host("lab").unwrap();
    let mut seen = host.look(Device::clock).await.unwrap();
    while seen == Device::builtin().clock() {
        seen = host.look(Device::clock).await.unwrap();
    }
    fleet.stop().await.unwrap();
    assert!(disk.devices.lock()["lab"].clock() >= seen);
    assert_eq!(approve(&host, 1).await, Err(Refused::NotSaved(NotSaved::closed())));
    assert_eq!(approve(&host, 2).await, Err(Refused::NotSaved(NotSaved::closed())));
}

/// Whatever fails and in whatever order things come: what was answered is on disk, what was refused is nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn memory_and_disk_agree_after_any_failures() {
    for seed in 0..200_u32 {
        let disk = Disk::default();
        let (_fleet, host) = disk.lab().await;
        // Every fourth commit or so fails, otherwise with each seed.
        let noise = seed.wrapping_mul(2_654_435_761);
        let fate = |nth: u32| if (noise >> nth) & 3 == 0 { Fate::Fails } else { Fate::Succeeds };
        disk.fates.lock().extend((0..24).map(fate));
        let posters: Vec<_> = (0..24).map(|number| in_the_background(&host, number)).collect();
        let mut answered = Vec::new();
        for (number, poster) in (0..).zip(posters) {
            answered.push((number, poster.await.unwrap()));
        }
        for (number, answer) in answered {
            let kept = host.look(|device| is_approved(device, number)).await.unwrap();
            assert_eq!((kept, disk.has(number)), (answer.is_ok(), answer.is_ok()), "seed {seed}, {number}");
        }
    }
}

fn a_day(device: &Device) -> Result<Call, Unable> {
    Ok(Call::Advance { to: device.clock() + TimeDelta::days(1) })
}

#[tokio::test]
async fn what_a_device_does_is_told_once_it_is_saved() {
    let disk = Disk::default();
    let (_fleet, host) = disk.lab().await;
    let before = host.look(Device::clone).await.unwrap();
    disk.fails();
    assert_eq!(host.call(a_day).await.unwrap_err(), NotDone::Refused(full()));
    assert_eq!(host.events(0).await.unwrap(), []);
    assert_eq!(host.look(Device::clone).await.unwrap(), before);
    assert_eq!(host.transcript().1, []);

    let done = host.call(a_day).await.unwrap();
    assert!(!done.events.is_empty());
    assert_eq!(disk.devices.lock()["lab"], done.device);
    let recorded = host.events(0).await.unwrap();
    assert!(recorded.iter().map(|recorded| &recorded.event).eq(&*done.events));
    assert!(recorded.iter().map(|recorded| recorded.seq).eq(1..=recorded.len() as u64));
    assert_eq!(host.events(recorded.len() as u64).await.unwrap(), []);
    assert_eq!(host.transcript().1[0].events, done.events);
}

#[tokio::test]
async fn what_cannot_be_done_changes_nothing() {
    let (_fleet, host) = Disk::default().lab().await;
    host.call(|_| Ok(Call::Scan { by: ScanBy::User })).await.unwrap();
    let before = host.look(Device::clone).await.unwrap();
    let detect_now = host.call(|_| Ok(Call::Scan { by: ScanBy::DetectNow })).await.unwrap_err();
    assert!(matches!(detect_now, NotDone::Unable(Unable::Throttled(_))), "{detect_now}");
    let pause = host.call(|_| Ok(Call::Pause { days: 0 })).await.unwrap_err();
    assert!(matches!(pause, NotDone::Unable(Unable::NotAPause(_))), "{pause}");
    assert_eq!(host.look(Device::clone).await.unwrap(), before);
    assert_eq!(host.transcript().1.len(), 1);
}

const REBOOT: &str = "<Exec><CmdID>2</CmdID><Item><Target><LocURI>./Vendor/MSFT/Reboot/RebootNow</LocURI></Target></Item></Exec>";

fn in_session(number: u32, body: &str) -> Bytes {
    format!(
        "<SyncML><SyncHdr><SessionID>7</SessionID><MsgID>{number}</MsgID><Source><LocURI>mdm</LocURI></Source></SyncHdr>\
         <SyncBody>{body}</SyncBody></SyncML>"
    )
    .into()
}

fn restarts(entries: &[Entry]) -> Vec<usize> {
    let count = |entry: &Entry| entry.events.iter().filter(|event| event.kind == "restarted").count();
    entries.iter().map(count).collect()
}

#[tokio::test]
async fn a_server_s_restart_comes_at_the_end_of_its_package() {
    let (_fleet, host) = Disk::default().lab().await;
    for (number, body) in [(1, REBOOT), (2, "<Final/>"), (3, "<Final/>")] {
        host.answer(POSTED, in_session(number, body)).await.unwrap();
    }
    host.answer(POSTED, format!("<SyncBody>{REBOOT}</SyncBody>").into()).await.unwrap();
    assert_eq!(restarts(&host.transcript().1), [0, 1, 0, 1]);
}

#[tokio::test]
async fn a_restart_in_a_session_of_the_device_comes_at_its_end() {
    for ends_well in [true, false] {
        let (_fleet, host) = Disk::default().lab().await;
        let opened = host.answer(Origin::Opened(Arc::default()), Bytes::new()).await.unwrap();
        let session = opened.session.expect("a session").id;
        let answer = |number: u32, body: &str| {
            let text = format!(
                "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{session}\
                 </SessionID><MsgID>{number}</MsgID><Target><LocURI>dev</LocURI></Target><Source><LocURI>mdm</LocURI></Source>\
                 </SyncHdr><SyncBody><Status><CmdID>1</CmdID><MsgRef>{number}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>\
                 <Data>200</Data></Status>{body}<Final/></SyncBody></SyncML>"
            );
            host.answer(POSTED, text.into())
        };
        answer(1, REBOOT).await.unwrap();
        assert_eq!(restarts(&host.transcript().1), [0, 0]);
        if ends_well {
            let heard = answer(2, "").await.unwrap();
            assert!(heard.session.expect("a session").ending.is_some());
        } else {
            host.give_up(&session).await.unwrap();
        }
        assert_eq!(restarts(&host.transcript().1), [0, 0, 1]);
    }
}

/// Messages and calls while the clock runs; what is left of them in a small journal leads to the device as it is.
#[tokio::test]
async fn a_transcript_can_be_lived_again() {
    let pace = Pace::Times(Pace::FASTEST);
    let journal = JournalLimits { exchanges: 5, chunk: 4, ..JournalLimits::default() };
    let fleet = Disk::default().fleet(Settings { pace, journal, ..Settings::default() });
    fleet.add(vec![("lab".into(), Device::builtin())]).await.unwrap();
    let host = fleet.host("lab").unwrap();
    for number in 0..12 {
        approve(&host, number).await.unwrap();
        if number == 6 {
            host.call(|_| Ok(Call::Restart)).await.unwrap();
            host.call(|device| Ok(Call::Advance { to: device.clock() + TimeDelta::days(3) })).await.unwrap();
        }
        if number == 9 {
            host.answer(POSTED, in_session(1, &format!("{REBOOT}<Final/>"))).await.unwrap();
        }
    }
    let (device, entries) = host.transcript();
    let mut live = Live::new(device, Pace::Frozen);
    for entry in entries {
        let mut events = live.live_until(entry.at);
        match entry.event {
            TranscriptEvent::Exchange(exchange) => {
                let (Body::Bytes(request), Outcome::Answered { body, .. }) =
                    (exchange.request, exchange.outcome)
                else {
                    panic!("every message was answered")
                };
                let message = syncml::codec::decode(&request, &Limits::default()).unwrap();
                let said = live.receive((&message).into(), entry.at, 64);
                assert_eq!(Body::Bytes(said.answer), body);
                events.extend(said.events);
            }
            TranscriptEvent::Control(call) => events.extend(live.perform(&call).unwrap()),
            TranscriptEvent::Device(_) => panic!("no other device begins"),
        }
        assert_eq!(DeviceEvent::all(&events, live.device.profile()), entry.events);
    }
    let now = host.look(Device::clone).await.unwrap();
    let _ = live.live_until(now.clock());
    assert_eq!(live.device, now);
}

#[tokio::test]
async fn what_was_wrong_is_told_without_secrets() {
    let (_fleet, host) = Disk::default().lab().await;
    let message = "<SyncML><SyncHdr><Cred><Data>&Hunter2;</Data></Cred></SyncHdr></SyncML>";
    let Err(Refused::Malformed(error)) = host.answer(POSTED, message.into()).await else {
        panic!("there is no such entity")
    };
    assert!(error.to_string().contains("Hunter2"), "who sent it is told: {error}");
    let [violation] = &host.violations(0)[..] else { panic!("one violation") };
    assert!(!violation.violation.text.contains("Hunter2"), "{violation:?}");
}
