//! A load from the outside: a server process, and posters over keep-alive connections, each waiting for its answer before
//! it posts again.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::resume_unwind;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The variable that tells a bench's own program to be the server.
pub const ROLE: &str = "CSPSIM_BENCH_ROLE";

/// A server in a process of its own, which ends with the value.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this very program as `role`, with `arguments`. It says where it listens in the first line of its output.
    ///
    /// # Errors
    /// When it cannot be started, or says something else.
    pub fn start(role: &str, arguments: &[&str]) -> io::Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args(arguments)
            .env(ROLE, role)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim_end().rsplit("http://").next().and_then(|address| address.parse().ok());
        let address = address.ok_or_else(|| io::Error::other(format!("the server said {line:?}")))?;
        Ok(Self { process, address })
    }

    /// Kilobytes of memory that the process has.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn resident_kib(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save that anybody wants, and may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What posters have seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Answers a second.
    pub per_second: f64,
    /// Milliseconds that half of the answers took at most.
    pub p50: f64,
    /// Milliseconds that 99 of 100 answers took at most.
    pub p99: f64,
}

/// Posts for `duration` over `posters` connections; `request` gives the path and body of a poster's next message.
///
/// # Errors
/// When a connection breaks, or an answer is not 200.
pub fn post<F>(address: SocketAddr, posters: usize, duration: Duration, request: F) -> io::Result<Seen>
where
    F: Fn(usize, u64) -> (String, String) + Sync,
{
    post_as(address, "application/vnd.syncml.dm+xml", posters, duration, request)
}

/// The same with bodies of another media type.
///
/// # Errors
/// When a connection breaks, or an answer is not 200.
pub fn post_as<F>(
    address: SocketAddr,
    media_type: &str,
    posters: usize,
    duration: Duration,
    request: F,
) -> io::Result<Seen>
where
    F: Fn(usize, u64) -> (String, String) + Sync,
{
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let times = thread::scope(|scope| {
        let request = &request;
        let stop = &stop;
        let threads: Vec<_> = (0..posters)
            .map(|poster| {
                scope.spawn(move || one_poster(address, media_type, stop, |nth| request(poster, nth)))
            })
            .collect();
        thread::sleep(duration);
        stop.store(true, Ordering::Relaxed);
        let seen = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|why| resume_unwind(why)));
        seen.collect::<io::Result<Vec<_>>>()
    })?;
    let elapsed = start.elapsed().as_secs_f64();
    let mut times = times.concat();
    times.sort_unstable();
    let at = |part: usize| {
        let index = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    #[expect(clippy::cast_precision_loss, reason = "a bench does not last for years")]
    let per_second = times.len() as f64 / elapsed;
    Ok(Seen { per_second, p50: at(50), p99: at(99) })
}

/// Sends one request and gives the body of its answer.
///
/// # Errors
/// When the connection breaks, or the answer is no success.
pub fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    media_type: &str,
    body: &str,
) -> io::Result<Vec<u8>> {
    let mut connection = Connection::open(address)?;
    connection.exchange(&head(address, method, path, media_type, body), body)?;
    Ok(connection.body)
}

/// Posts messages one after the other over one connection.
///
/// # Errors
/// When the connection breaks, or an answer is not 200.
pub fn post_each(
    address: SocketAddr,
    media_type: &str,
    messages: impl IntoIterator<Item = String>,
) -> io::Result<()> {
    let mut connection = Connection::open(address)?;
    for message in messages {
        connection.exchange(&head(address, "POST", "/", media_type, &message), &message)?;
    }
    Ok(())
}

fn one_poster(
    address: SocketAddr,
    media_type: &str,
    stop: &AtomicBool,
    request: impl Fn(u64) -> (String, String),
) -> io::Result<Vec<Duration>> {
    let mut connection = Connection::open(address)?;
    let mut times = Vec::new();
    for nth in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (path, body) = request(nth);
        let head = head(address, "POST", &path, media_type, &body);
        let start = Instant::now();
        connection.exchange(&head, &body)?;
        times.push(start.elapsed());
    }
    Ok(times)
}

fn head(address: SocketAddr, method: &str, path: &str, media_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// A keep-alive connection.
struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
    request: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, stream),
            line: String::new(),
            body: Vec::new(),
            request: Vec::new(),
        })
    }

    fn exchange(&mut self, head: &str, body: &str) -> io::Result<()> {
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.stream.get_mut().write_all(&self.request)?;
        self.read_line()?;
        let status = self.line.clone();
        let mut length = 0;
        loop {
            self.read_line()?;
            match self.line.split_once(':') {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                Some(_) => {}
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        if status.split(' ').nth(1).is_none_or(|code| !code.starts_with('2')) {
            let body = String::from_utf8_lossy(&self.body);
            return Err(io::Error::other(format!("{} {body}", status.trim_end())));
        }
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<()> {
        self.line.clear();
        match self.stream.read_line(&mut self.line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
