//! Exchanges that go wrong as planned: what the server sees of it, and what the device.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use csp_model::device::{ConnectionFault, ProtocolFault};
use parking_lot::Mutex;

use super::{TestClock, request};
use crate::transport::faults::{Faulty, Plan};
use crate::transport::loopback::Loopback;
use crate::transport::recorder::Recorder;
use crate::transport::retry::{Retry, Retrying};
use crate::transport::{Request, Response, Transport, TransportError};

/// A server that numbers its answers, and what it has seen: the numbers of messages.
fn server() -> (impl Transport, Arc<Mutex<Vec<u32>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let server = Loopback::new({
        let seen = Arc::clone(&seen);
        move |request: Request| {
            let mut seen = seen.lock();
            seen.push(request.number);
            let body = Bytes::from(format!("answer {}", seen.len()));
            std::future::ready(Ok(Response {
                status: 200,
                media_type: None,
                body,
                mac: None,
                redirects: Vec::new(),
            }))
        }
    });
    (server, seen)
}

fn faults(plan: &[&str]) -> Vec<ConnectionFault> {
    plan.iter().map(|fault| fault.parse().unwrap()).collect()
}

fn message(number: u32) -> Request {
    Request { number, ..request("http://server/?secret") }
}

/// What became of a session of messages: the device's side of each, the messages that the server saw, and what was
/// waited.
struct Outcome {
    answers: Vec<Result<String, String>>,
    seen: Vec<u32>,
    waited: Vec<Duration>,
}

async fn session(plan: &[&str], seed: u64, messages: u32) -> Outcome {
    let (server, seen) = server();
    let clock = TestClock::new();
    let mut faulty = Faulty::new(server, Plan::of_connection(&faults(plan), seed), &clock);
    let mut answers = Vec::new();
    for number in 1..=messages {
        let answer = faulty.exchange(message(number)).await;
        answers.push(
            answer
                .map(|answer| String::from_utf8(answer.body.to_vec()).unwrap())
                .map_err(|error| error.to_string()),
        );
    }
    let seen = seen.lock().clone();
    Outcome { answers, seen, waited: clock.waited() }
}

fn answers(texts: &[&str]) -> Vec<Result<String, String>> {
    texts.iter().map(|text| Ok((*text).to_owned())).collect()
}

fn lost(fault: &str) -> Result<String, String> {
    Err(format!("no answer from http://server/: the planned fault `{fault}`"))
}

#[tokio::test]
async fn nothing_planned_changes_nothing() {
    let outcome = session(&[], 0, 2).await;
    assert_eq!(outcome.answers, answers(&["answer 1", "answer 2"]));
    assert_eq!((outcome.seen, outcome.waited), (vec![1, 2], vec![]));
}

#[tokio::test]
async fn messages_are_lost() {
    for (fault, seen) in [("drop-before", vec![1, 3]), ("reset", vec![1, 3]), ("drop-after", vec![1, 2, 3])] {
        let outcome = session(&[&format!("{fault},message=2")], 0, 3).await;
        assert_eq!(outcome.answers[1], lost(fault));
        assert!(outcome.answers[0].is_ok() && outcome.answers[2].is_ok(), "{fault}");
        assert_eq!(outcome.seen, seen, "{fault}");
    }
}

#[tokio::test]
async fn answers_are_cut() {
    let outcome = session(&["truncate,message=1,bytes=3", "truncate,message=2,bytes=100"], 0, 3).await;
    assert_eq!(outcome.answers, answers(&["ans", "answer 2", "answer 3"]));
    let outcome = session(&["truncate,bytes=0"], 0, 1).await;
    assert_eq!(outcome.answers, answers(&[""]));
}

#[tokio::test]
async fn messages_come_twice() {
    let outcome = session(&["duplicate,message=1"], 0, 2).await;
    assert_eq!(outcome.answers, answers(&["answer 2", "answer 3"]));
    assert_eq!(outcome.seen, [1, 1, 2]);
}

#[tokio::test]
async fn answers_trickle() {
    let outcome = session(&["slow-body,bytes=2,message=1", "truncate,bytes=5"], 0, 2).await;
    assert_eq!(outcome.answers, answers(&["answe", "answe"]));
    assert_eq!(outcome.waited, [Duration::from_millis(2_500)]);
}

#[tokio::test]
async fn messages_wait() {
    let outcome = session(&["delay,by=50ms,count=2"], 0, 3).await;
    assert_eq!(outcome.waited, [Duration::from_millis(50); 2]);
    let uniform = session(&["delay,by=5ms,to=7ms"], 7, 1_000).await.waited;
    let of = |length| uniform.iter().filter(|waited| **waited == Duration::from_millis(length)).count();
    // Each is as likely: far from the 333 that are expected is out of the question.
    assert!([5, 6, 7].into_iter().all(|length| of(length) > 250), "{} {} {}", of(5), of(6), of(7));
    assert_eq!(of(5) + of(6) + of(7), 1_000);
    let exponential = session(&["delay,mean=100ms"], 7, 1_000).await.waited;
    let mean = exponential.iter().sum::<Duration>() / 1_000;
    assert!((Duration::from_millis(85)..Duration::from_millis(115)).contains(&mean), "{mean:?}");
    let short = exponential.iter().filter(|waited| **waited < Duration::from_millis(69)).count();
    assert!((430..570).contains(&short), "half of them are below ln 2 of the mean, not {short}");
}

#[tokio::test]
async fn the_same_seed_is_the_same_luck() {
    let plan = ["drop-before,probability=0.3", "delay,by=1ms,to=1h", "truncate,bytes=3,probability=0.5"];
    let (one, again, other) =
        (session(&plan, 1, 100).await, session(&plan, 1, 100).await, session(&plan, 2, 100).await);
    assert_eq!((&one.answers, &one.seen, &one.waited), (&again.answers, &again.seen, &again.waited));
    assert_ne!(one.answers, other.answers);
    assert_ne!(one.waited, other.waited);
    let lost = one.answers.iter().filter(|answer| answer.is_err()).count();
    assert!((10..50).contains(&lost), "{lost}");
    // A fault that comes behind leaves the others their luck.
    let more = session(&[&plan[..], &["slow-body,bytes=1,probability=0"]].concat(), 1, 100).await;
    assert_eq!((one.answers, one.waited), (more.answers, more.waited));
}

#[tokio::test]
async fn never_and_always() {
    let outcome = session(&["reset,probability=0"], 3, 100).await;
    assert!(outcome.answers.iter().all(Result::is_ok));
    let outcome = session(&["reset,probability=1", "delay,by=1s"], 3, 100).await;
    assert!(outcome.answers.iter().all(Result::is_err));
    assert!(outcome.waited.is_empty(), "what is lost need not wait");
}

#[test]
fn faults_of_the_protocol_are_the_session_s() {
    let faults = faults(&["reset", "lost-status,message=2", "abort,count=1", "delay,by=1s"]);
    let mut plan = Plan::of_protocol(&faults, 0);
    let mut struck = |message| plan.strike(message).into_iter().map(|strike| strike.kind).collect::<Vec<_>>();
    assert_eq!(struck(1), [ProtocolFault::Abort]);
    assert_eq!(struck(2), [ProtocolFault::LostStatus]);
    assert_eq!(struck(3), []);
}

#[tokio::test]
async fn what_is_lost_is_sent_again_and_told() {
    let (server, seen) = server();
    let clock = TestClock::new();
    let plan = Plan::of_connection(&faults(&["drop-after,count=2"]), 0);
    let told = Arc::new(Mutex::new(Vec::new()));
    let every_try = {
        let told = Arc::clone(&told);
        move |request: &Request, outcome: Result<&Response, &TransportError>| {
            let outcome = outcome.map(|response| response.body.clone()).map_err(TransportError::kind);
            told.lock().push((request.number, outcome));
        }
    };
    let recorded = Recorder::new(Faulty::new(server, plan, &clock), every_try);
    let retry = Retry { initial: Duration::from_secs(1), longest: Duration::from_secs(9), retries: 3 };
    let answer = Retrying::new(recorded, retry, &clock).exchange(message(4)).await.unwrap();
    assert_eq!(answer.body, "answer 3");
    assert_eq!(*seen.lock(), [4, 4, 4]);
    assert_eq!(clock.waited(), [Duration::from_secs(1), Duration::from_secs(2)]);
    let lost = || (4, Err("planned-fault"));
    assert_eq!(*told.lock(), [lost(), lost(), (4, Ok("answer 3".into()))]);
}
