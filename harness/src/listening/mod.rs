//! What all that listens shares: the socket, who is let in and who is turned away, and the end.
//!
//! Deliberately absent: what is said over a connection.

pub(crate) mod media;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1_024;

/// Clients that are told at the same time that there are too many; further ones are only cut off.
const REFUSALS: usize = 1_024;

/// What a client is told when there are as many connections as there may be. It is the same for everyone, and is sent
/// before anything is read.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/problem+json\r\n\
    content-length: 168\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    \r\n\
    {\"type\":\"urn:cspsim:problem:too-many-connections\",\"title\":\"Too many connections\",\"status\":503,\
    \"detail\":\"all connections are in use (--max-connections); try again soon\"}";

/// Listens, from now on.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Elsewhere this would let two programs listen on one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Lets clients in until `stop`, `most` at a time; `refuse` has those that come beside them. What is given back are the
/// connections that are still there.
pub(crate) async fn let_in<C, R>(
    listener: TcpListener,
    most: usize,
    stop: impl Future<Output = ()>,
    mut connect: impl FnMut(TcpStream, SocketAddr) -> C,
    mut refuse: impl FnMut(TcpStream) -> R,
) -> JoinSet<()>
where
    C: Future<Output = ()> + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let mut refusals = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return connections,
            Some(_) = connections.join_next() => {}
            Some(_) = refusals.join_next() => {}
            (stream, peer) = accept(&listener) => {
                if connections.len() < most {
                    connections.spawn(connect(stream, peer));
                } else {
                    let refused = refuse(stream);
                    if refusals.len() < REFUSALS {
                        refusals.spawn(refused);
                    }
                }
            }
        }
    }
}

/// Waits for connections that end by themselves, for `time`; how many there are then.
pub(crate) async fn drain(connections: &mut JoinSet<()>, time: Duration) -> usize {
    let all_gone = async { while connections.join_next().await.is_some() {} };
    // Who is left is counted.
    let _ = timeout(time, all_gone).await;
    connections.len()
}

/// Says that there are too many connections, and goes; what the client still sends is read for up to `linger`.
pub(crate) async fn refuse(mut stream: TcpStream, linger: Duration) {
    let refused = async {
        stream.write_all(TOO_MANY).await?;
        stream.shutdown().await?;
        // A socket that is closed with something unread in it takes the last answer with it.
        let mut unread = [0; 4_096];
        while stream.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    // The peer may have gone already: nobody is left to be told.
    let _ = timeout(linger, refused).await;
}

/// The next connection. What the system cannot give now, it may give later.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The peer has gone before it was let in.
            Err(error) if is_of_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(TOO_MANY).expect("ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("a header");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["status"], 503);
    }
}
