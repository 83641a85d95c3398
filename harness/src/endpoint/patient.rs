//! A stream that gives up on a peer that has: slow headers, silence between requests, answers that nobody reads.
//!
//! hyper has one time-out for headers, and its clock starts when the answer before has gone, so it cannot tell a slow
//! header from an idle connection. This stream sees both: the first byte of a request comes through it.
//!
//! There is one timer a connection. It is set when something has to be waited for, and moved only when it rings or
//! something is due earlier: a request that arrives whole costs a look at the clock.
//!
//! Deliberately absent: slow bodies. Who reads the body knows best when it began.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;

/// How far a connection has come, as the service knows it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Requests begun and answers given: odd while a request is in hand.
    turns: AtomicUsize,
    /// Whether the request in hand has a body that is not read to its end.
    is_unread: AtomicBool,
    /// Whether the endpoint stops: then nothing that the client still sends matters.
    is_stopping: AtomicBool,
}

impl Progress {
    /// A request has come, or its answer is there.
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// The body of the request in hand has something left, or nothing.
    pub(super) fn leave(&self, is_unread: bool) {
        self.is_unread.store(is_unread, Ordering::Relaxed);
    }

    /// Whether the request in hand has a body that is not read to its end.
    pub(super) fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed)
    }

    /// The endpoint stops.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }
}

/// What the peer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// Nothing: it is our turn.
    Nothing,
    /// The first byte of a request; the time runs since the last answer.
    Request(Instant),
    /// The rest of a header.
    Header(Instant),
    /// That it is done sending, after our last word.
    End(Instant),
}

/// A stream with time-outs.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    progress: Arc<Progress>,
    limits: Limits,
    /// The turns that this stream has seen.
    turns: usize,
    awaited: Awaited,
    /// Since when nothing of an answer could be written, and until when that is borne.
    stalled: Option<Instant>,
    /// Whether the write half is closed.
    is_shut: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Patient<S> {
    pub(super) fn new(stream: S, progress: Arc<Progress>, limits: Limits) -> Self {
        let awaited = Awaited::Request(Instant::now() + limits.idle_time);
        Self { stream, progress, limits, turns: 0, awaited, stalled: None, is_shut: false, timer: None }
    }

    /// Takes notice of what the service has done since.
    fn catch_up(&mut self) {
        let turns = self.progress.turns.load(Ordering::Relaxed);
        if turns != self.turns {
            self.turns = turns;
            self.awaited = Awaited::Nothing;
        }
    }

    const fn is_in_hand(&self) -> bool {
        self.turns % 2 == 1
    }

    /// Ready when the peer has been waited for too long.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let read = match self.awaited {
            Awaited::Nothing => None,
            Awaited::Request(until) | Awaited::Header(until) | Awaited::End(until) => Some(until),
        };
        let Some(until) = self.stalled.or(read) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        // A timer that rings early is wound up again.
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= until {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }

    fn wrote(&mut self, wrote: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(done) => {
                self.stalled = None;
                // The silence after an answer begins with its last byte.
                if let Awaited::Request(_) = self.awaited {
                    self.awaited = Awaited::Nothing;
                }
                Poll::Ready(done)
            }
            Poll::Pending => {
                let until = Instant::now() + self.limits.stall_time;
                self.stalled.get_or_insert(until);
                self.poll_patience(cx).map(Err)
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.catch_up();
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) if buf.filled().len() > before => {
                match this.awaited {
                    // Bytes that come while a request is in hand are its body, or of the next one.
                    Awaited::Nothing | Awaited::Request(_) if !this.is_in_hand() => {
                        this.awaited = Awaited::Header(Instant::now() + this.limits.header_time);
                    }
                    Awaited::Nothing | Awaited::Request(_) | Awaited::Header(_) | Awaited::End(_) => {}
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending => {
                if this.awaited == Awaited::Nothing && !this.is_in_hand() {
                    this.awaited = Awaited::Request(Instant::now() + this.limits.idle_time);
                }
                this.poll_patience(cx).map(Err)
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(wrote, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.wrote(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Says that nothing more comes, and then reads what the client still sends, for a while: a socket that is closed
    /// with something unread in it takes the last answer with it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_shut {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.is_shut = true;
            this.stalled = None;
            this.awaited = Awaited::End(Instant::now() + this.limits.linger_time);
        }
        if this.progress.is_stopping.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let mut unread = [0; 4_096];
        for _ in 0..64 {
            let mut buf = ReadBuf::new(&mut unread);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return this.poll_patience(cx).map(|_| Ok(())),
            }
        }
        // There may be more, but others have their turn first; and whoever sends for ever meets the timer.
        let over = this.poll_patience(cx);
        cx.waker().wake_by_ref();
        over.map(|_| Ok(()))
    }
}
