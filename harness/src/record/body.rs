//! A body, taken whole where it may be a message; one that is too large for that passes as it comes.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep, timeout};

/// What became of a body.
#[derive(Debug)]
pub(super) enum Taken {
    /// All of it is here.
    Whole(Bytes),
    /// It is larger than a message can be.
    TooLarge(Passing),
    /// It breaks off.
    Broken(hyper::Error),
    /// Nothing more of it came for too long.
    Slow,
}

/// Takes a body of up to `most` bytes, of which each piece comes within `patience`.
pub(super) async fn take(mut body: Incoming, most: usize, patience: Duration) -> Taken {
    let mut taken = BytesMut::new();
    if usize::try_from(body.size_hint().lower()).map_or(true, |promised| promised > most) {
        return Taken::TooLarge(Passing::new(body));
    }
    loop {
        let Ok(frame) = timeout(patience, body.frame()).await else { return Taken::Slow };
        match frame.map(|frame| frame.map(Frame::into_data)) {
            None => return Taken::Whole(taken.freeze()),
            Some(Ok(Ok(data))) => taken.extend_from_slice(&data),
            // Trailers say nothing here.
            Some(Ok(Err(_))) => {}
            Some(Err(error)) => return Taken::Broken(error),
        }
        if taken.len() > most {
            return Taken::TooLarge(Passing { begun: Some(taken.freeze()), ..Passing::new(body) });
        }
    }
}

/// A body that passes as it comes; its first bytes may have been read before.
#[derive(Debug)]
pub(super) struct Passing {
    begun: Option<Bytes>,
    rest: Incoming,
    /// How long is waited for each piece of it, where that has an end.
    patience: Option<Duration>,
    /// Rings when that is over; only while something is waited for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Passing {
    pub(super) const fn new(body: Incoming) -> Self {
        Self { begun: None, rest: body, patience: None, timer: None }
    }

    /// The same, given up when no piece of it comes within `patience`.
    pub(super) fn within(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// How many bytes it has, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    pub(super) fn body(self) -> Body {
        Body::new(self)
    }
}

impl HttpBody for Passing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(begun) = this.begun.take() {
            return Poll::Ready(Some(Ok(Frame::data(begun))));
        }
        let frame = Pin::new(&mut this.rest).poll_frame(cx);
        match (frame, this.patience) {
            (Poll::Ready(frame), _) => {
                this.timer = None;
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            (Poll::Pending, None) => Poll::Pending,
            (Poll::Pending, Some(patience)) => {
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(patience)));
                let slow = || Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()));
                timer.as_mut().poll(cx).map(|()| slow())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let begun = self.begun.as_ref().map_or(0, |begun| begun.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + begun);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + begun);
        }
        hint
    }
}
