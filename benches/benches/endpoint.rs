//! What the endpoint costs beside a bare axum handler that does the same, over loopback; and what devices at rest cost.
//!
//! Servers run in processes of their own; those that are compared are up at the same time and take turns.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use benches::load::{self, Seen, Server};
use benches::{Table, median, messages};
use cspsim::Device;

/// Connections at once: enough to keep both cores at work.
const POSTERS: usize = 8;
const MEDIA_TYPE: &str = "application/vnd.syncml.dm+xml";
const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::var(load::ROLE).as_deref() {
        Ok("cspsim") => {
            // Returns when it is killed.
            let _ = cspsim::cli::main();
            Ok(())
        }
        Ok(role) => bare(role),
        Err(_) => measure(),
    }
}

fn measure() -> Result<(), Box<dyn Error>> {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (rounds, duration) = if quick { (5, 300) } else { (15, 1_000) };
    let duration = Duration::from_millis(duration);
    let body = messages::eight_gets();
    let servers =
        [Server::start("cspsim", SERVE)?, Server::start("answer", &[])?, Server::start("echo", &[])?];
    let mut seen: [Vec<Seen>; 3] = Default::default();
    for _ in 0..rounds {
        for (server, seen) in servers.iter().zip(&mut seen) {
            seen.push(load::post(server.address, POSTERS, duration, |_, _| ("/".to_owned(), body.clone()))?);
        }
    }
    let [serve, answer, echo] = seen;
    let pairs = |of: fn(&Seen) -> f64, floor: &[Seen]| {
        median(serve.iter().zip(floor).map(|(serve, floor)| of(serve) / of(floor)))
    };
    let mut table = Table::default();
    table.at_least(
        "endpoint/8-gets: answers a second / bare axum handler",
        pairs(|seen| seen.per_second, &answer),
        0.9,
        "",
    );
    table.row("endpoint/8-gets: p99 / bare axum handler", pairs(|seen| seen.p99, &answer), 2.0, "");
    table.ratio(
        "endpoint/8-gets: answers a second / handler that echoes",
        pairs(|seen| seen.per_second, &echo),
    );
    for (name, seen) in [("serve", &serve), ("bare handler", &answer), ("echo", &echo)] {
        table.note(
            &format!("endpoint/8-gets: {name}"),
            median(seen.iter().map(|seen| seen.per_second)),
            "/s",
        );
        table.note(
            &format!("endpoint/8-gets: {name}, p99"),
            median(seen.iter().map(|seen| seen.p99 * 1e3)),
            "µs",
        );
    }
    drop(servers);
    at_rest(&mut table)?;
    println!("{table}");
    Ok(())
}

/// A thousand devices that nobody talks to, beside one.
fn at_rest(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let server = Server::start("cspsim", &[SERVE, &["--max-devices", "1001"]].concat())?;
    let body = messages::eight_gets();
    let warm = |server: &Server| load::call(server.address, "POST", "/", MEDIA_TYPE, &body);
    warm(&server)?;
    let one = server.resident_kib()?;
    let many = r#"{"from":"default","count":1000,"name":"lab-{:05}"}"#;
    load::call(server.address, "POST", "/_cspsim/devices", "application/json", many)?;
    warm(&server)?;
    let kib = server.resident_kib()?.saturating_sub(one);
    #[expect(clippy::cast_precision_loss, reason = "memory is smaller than that")]
    table.row("endpoint: 1,000 devices at rest, beyond one", kib as f64 / 1024.0, 20.0, "MiB");
    Ok(())
}

/// The floors: a handler of a line.
fn bare(role: &str) -> Result<(), Box<dyn Error>> {
    let app = match role {
        "echo" => Router::new().route("/", post(async |body: Bytes| ([(CONTENT_TYPE, MEDIA_TYPE)], body))),
        _ => {
            let device = Arc::new(Mutex::new(Device::builtin()));
            let answer = async move |body: Bytes| {
                let mut device = device.lock().expect("nobody panics");
                let answer = cspsim::answer(&mut device, &body).expect("the request is a message");
                ([(CONTENT_TYPE, MEDIA_TYPE)], answer)
            };
            Router::new().route("/", post(answer))
        }
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP stream"));
        Ok(axum::serve(listener, app).await?)
    })
}
