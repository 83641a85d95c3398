//! A body, taken whole where it may be a message; one that is too large for that passes as it comes.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};

/// What became of a body.
#[derive(Debug)]
pub(super) enum Taken {
    /// All of it is here.
    Whole(Bytes),
    /// It is larger than a message can be.
    TooLarge(Body),
    /// It breaks off.
    Broken(hyper::Error),
}

/// Takes a body of up to `most` bytes.
pub(super) async fn take(mut body: Incoming, most: usize) -> Taken {
    let mut taken = BytesMut::new();
    if usize::try_from(body.size_hint().lower()).map_or(true, |promised| promised > most) {
        return Taken::TooLarge(Body::new(body));
    }
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => taken.extend_from_slice(&data),
            // Trailers say nothing here.
            Ok(Err(_)) => {}
            Err(error) => return Taken::Broken(error),
        }
        if taken.len() > most {
            return Taken::TooLarge(Body::new(Resumed { begun: Some(taken.freeze()), rest: body }));
        }
    }
    Taken::Whole(taken.freeze())
}

/// A body of which the first bytes were read before.
struct Resumed {
    begun: Option<Bytes>,
    rest: Incoming,
}

impl HttpBody for Resumed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        match this.begun.take() {
            Some(begun) => Poll::Ready(Some(Ok(Frame::data(begun)))),
            None => Pin::new(&mut this.rest).poll_frame(cx),
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
