//! A program that is killed while servers post to it has lost nothing that it had answered, and no Atomic is there by
//! half. `cargo test -p cspsim --test kill -- --nocapture` shows how many there were.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use serving::{APPROVALS, Client, Folder, Serving, add, atomic, children, node};

const ROUNDS: u32 = 50;
const DEVICES: [&str; 3] = ["default", "lab-1", "lab-2"];
/// Two a device, so that commits are shared by devices and by posters.
const POSTERS: usize = 6;
const POLICY: &str = "./Vendor/MSFT/Policy/Config/Update/UpdateServiceUrl";
/// The approvals of one Atomic.
const APPROVED: [u8; 3] = [1, 2, 3];

/// What is known of one device; Atomics go by their numbers.
#[derive(Debug, Default)]
struct Known {
    answered: BTreeSet<u32>,
    /// Posted before the program was killed, and not answered.
    unanswered: BTreeSet<u32>,
    /// The last Atomic that each poster was answered in this round, or did not set out to be.
    last: BTreeMap<usize, u32>,
}

/// What is known of devices that come and go.
#[derive(Debug, Default)]
struct Guests {
    there: BTreeSet<String>,
    unsure: Option<String>,
}

#[derive(Debug, Default)]
struct Counts {
    rounds: u32,
    answered: usize,
    unanswered_and_there: usize,
    unanswered_and_absent: usize,
    guests: usize,
}

/// What came of one poster.
struct Posted {
    answered: Vec<u32>,
    unanswered: Option<u32>,
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what one wants to see")]
fn what_was_answered_survives_a_kill() {
    let folder = Folder::new("kill");
    let state = folder.file("state.db");
    let serving = Serving::start(&state);
    for device in &DEVICES[1..] {
        create(&mut serving.client(), device).unwrap();
    }
    assert_eq!(serving.kill(), "");
    let mut known: BTreeMap<_, _> = DEVICES.iter().map(|device| (*device, Known::default())).collect();
    let mut guests = Guests::default();
    let mut counts = Counts::default();
    let mut dice = Dice(0x00c5_75e5);
    for round in 0..ROUNDS {
        let serving = Serving::start(&state);
        let mut client = serving.client();
        known.iter_mut().for_each(|(device, known)| known.check(&mut client, device, &mut counts));
        guests.check(&mut client);
        // The file grows, but not without end; what was there before a reset must not come back either.
        if round % 12 == 11 {
            for (device, known) in &mut known {
                let reset = client.ask("POST", &format!("/_cspsim/devices/{device}/reset"), "").unwrap();
                assert_eq!(reset.status, 204, "{}", reset.body);
                *known = Known::default();
            }
        }
        // Some answers must have come, however slow the machine is; then it is killed at any moment.
        let answers = 1 + dice.below(60);
        let moment = Duration::from_micros(dice.below(20_000).into());
        post_until_killed(serving, round, answers, moment, &mut known, &mut guests, &mut counts);
        counts.rounds += 1;
    }
    let serving = Serving::start(&state);
    let mut client = serving.client();
    known.iter_mut().for_each(|(device, known)| known.check(&mut client, device, &mut counts));
    guests.check(&mut client);
    println!("{counts:?}");
}

fn post_until_killed(
    serving: Serving,
    round: u32,
    answers: u32,
    moment: Duration,
    known: &mut BTreeMap<&'static str, Known>,
    guests: &mut Guests,
    counts: &mut Counts,
) {
    let (answered, answer) = mpsc::channel();
    thread::scope(|scope| {
        let posters: Vec<_> = (0..POSTERS)
            .map(|poster| {
                let (client, answered) = (serving.client(), answered.clone());
                scope.spawn(move || post(client, round, poster, &answered))
            })
            .collect();
        let client = serving.client();
        let come_and_go = scope.spawn(move || guests.come_and_go(client, round));
        drop(answered);
        for _ in 0..answers {
            answer.recv().expect("it answers until it is killed");
        }
        thread::sleep(moment);
        assert_eq!(serving.kill(), "");
        for (poster, posted) in posters.into_iter().enumerate() {
            let posted = posted.join().unwrap();
            counts.answered += posted.answered.len();
            let known = known.get_mut(DEVICES[poster % DEVICES.len()]).unwrap();
            if let Some(last) = posted.answered.last().or(posted.unanswered.as_ref()) {
                known.last.insert(poster, *last);
            }
            known.answered.extend(posted.answered);
            known.unanswered.extend(posted.unanswered);
        }
        counts.guests += come_and_go.join().unwrap();
    });
}

/// Posts Atomics, one after the other, until the program is killed.
fn post(mut client: Client, round: u32, poster: usize, answered: &Sender<()>) -> Posted {
    let mut posted = Posted { answered: Vec::new(), unanswered: None };
    let path = format!("/devices/{}", DEVICES[poster % DEVICES.len()]);
    for nth in 0.. {
        let number = number(round, poster, nth);
        let [first, second, third] = APPROVED.map(|part| add(part.into(), &guid(number, part)));
        let policy = format!(
            "<Replace><CmdID>9</CmdID><Item><Target><LocURI>{POLICY}</LocURI></Target><Data>{}</Data></Item></Replace>",
            url(number)
        );
        match client.ask("POST", &path, &atomic(&[first, second, policy, third].concat())) {
            Ok(answer) => {
                assert_eq!(answer.status, 200, "{}", answer.body);
                assert!(answer.body.contains("<Cmd>Atomic</Cmd><Data>200</Data>"), "{}", answer.body);
                posted.answered.push(number);
                // Who counts them has enough at some time.
                let _ = answered.send(());
            }
            Err(_) => {
                posted.unanswered = Some(number);
                break;
            }
        }
    }
    posted
}

impl Known {
    /// Holds what a device has against what is known of it. What is there afterwards is known to be.
    fn check(&mut self, client: &mut Client, device: &str, counts: &mut Counts) {
        let mut found = BTreeMap::<u32, BTreeSet<u8>>::new();
        for (number, part) in children(&client.get(&node(device, APPROVALS))).filter_map(atomic_of) {
            found.entry(number).or_default().insert(part);
        }
        for (number, parts) in &found {
            assert!(
                parts.iter().eq(&APPROVED),
                "{device}: of the Atomic {number:x} only {parts:?} are there"
            );
        }
        let found: BTreeSet<u32> = found.into_keys().collect();
        let lost: Vec<_> = self.answered.difference(&found).collect();
        assert!(lost.is_empty(), "{device}: answered and lost: {lost:x?}");
        let possible = &self.answered | &self.unanswered;
        let more: Vec<_> = found.difference(&possible).collect();
        assert!(more.is_empty(), "{device}: never posted, or gone with a reset: {more:x?}");
        self.check_policy(client, device, &found);
        counts.unanswered_and_there += self.unanswered.intersection(&found).count();
        counts.unanswered_and_absent += self.unanswered.difference(&found).count();
        let says = client.ask("POST", &format!("/devices/{device}"), GET).unwrap();
        assert!(says.status == 200 && says.body.contains("<Data>Contoso</Data>"), "{device}: {}", says.body);
        *self = Self { answered: found, ..Self::default() };
    }

    /// The policy has the value of an Atomic that is there, and of none that another one of its poster came after.
    fn check_policy(&self, client: &mut Client, device: &str, found: &BTreeSet<u32>) {
        let set = client.ask("GET", &node(device, POLICY), "").unwrap();
        if found.is_empty() && set.status == 404 {
            return;
        }
        let value: serde_json::Value = serde_json::from_str(&set.body).unwrap();
        let number = value["value"].as_str().and_then(number_of);
        let number = number.unwrap_or_else(|| panic!("{device}: the policy has no value: {value}"));
        assert!(
            found.contains(&number),
            "{device}: the policy is of the Atomic {number:x}, which is not there"
        );
        for (poster, last) in self.last.iter().filter(|(_, last)| found.contains(last)) {
            let is_later =
                if *poster == poster_of(number) { number >= *last } else { number >> 20 >= last >> 20 };
            assert!(is_later, "{device}: the policy is of {number:x}, after which {last:x} came");
        }
    }
}

impl Guests {
    /// Makes devices and takes them away until the program is killed. Says how many answers came.
    fn come_and_go(&mut self, mut client: Client, round: u32) -> usize {
        for nth in 0.. {
            let (guest, before) = (format!("guest-{round}-{nth}"), format!("guest-{round}-{}", nth / 2));
            self.unsure = Some(guest.clone());
            if create(&mut client, &guest).is_err() {
                return nth;
            }
            self.there.insert(guest);
            self.unsure = Some(before.clone());
            // Half of them stay until the end of the round.
            if nth % 2 == 1 {
                match client.ask("DELETE", &format!("/_cspsim/devices/{before}"), "") {
                    Ok(gone) => assert_eq!(gone.status, 204, "{}", gone.body),
                    Err(_) => return nth,
                }
                self.there.remove(&before);
            }
            self.unsure = None;
        }
        unreachable!("the numbers do not end");
    }

    /// Holds the devices that there are against what is known, and sends the guests away.
    fn check(&mut self, client: &mut Client) {
        let devices = client.get("/_cspsim/devices");
        let names =
            devices.as_array().unwrap().iter().map(|device| device["name"].as_str().unwrap().to_owned());
        let found: BTreeSet<_> = names.filter(|name| !DEVICES.contains(&&**name)).collect();
        let sure = |names: &BTreeSet<String>| {
            let sure = names.iter().filter(|name| Some(*name) != self.unsure.as_ref());
            sure.cloned().collect::<Vec<_>>()
        };
        assert_eq!(sure(&found), sure(&self.there), "devices that came and went");
        for guest in &found {
            let gone = client.ask("DELETE", &format!("/_cspsim/devices/{guest}"), "").unwrap();
            assert_eq!(gone.status, 204, "{}", gone.body);
        }
        *self = Self::default();
    }
}

const GET: &str = "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get></SyncBody>";

fn create(client: &mut Client, name: &str) -> std::io::Result<()> {
    let asked = format!(r#"{{"from":"default","name":"{name}"}}"#);
    let made = client.ask("POST", "/_cspsim/devices", &asked)?;
    assert_eq!(made.status, 201, "{}", made.body);
    Ok(())
}

/// What an Atomic goes by: those of later rounds, and later ones of a poster, are greater.
fn number(round: u32, poster: usize, nth: u32) -> u32 {
    assert!(nth < 1 << 16, "more in a round than numbers have room for");
    (round << 20) + (u32::try_from(poster).unwrap() << 16) + nth
}

fn poster_of(number: u32) -> usize {
    usize::try_from(number >> 16 & 0xf).unwrap()
}

/// The GUID of a part of an Atomic: it says which.
fn guid(number: u32, part: u8) -> String {
    format!("{number:08x}-0000-4000-8000-{part:012x}")
}

/// What [`guid`] was made of. The device has approvals of its own as well.
fn atomic_of(guid: &str) -> Option<(u32, u8)> {
    let (number, part) = guid.split_once("-0000-4000-8000-")?;
    Some((u32::from_str_radix(number, 16).ok()?, u8::from_str_radix(part, 16).ok()?))
}

fn url(number: u32) -> String {
    format!("http://wsus.example/{number:08x}")
}

fn number_of(url: &str) -> Option<u32> {
    u32::from_str_radix(url.strip_prefix("http://wsus.example/")?, 16).ok()
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u32);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % end
    }
}
