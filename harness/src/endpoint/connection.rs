//! One connection: HTTP/1 over a [patient](super::patient) stream, until one side has had enough.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, header};
use bytes::Bytes;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Limits;
use super::patient::{Patient, Progress};

/// Answers what comes over a connection until it ends, or `stop` says so: then the request in hand is the last.
pub(super) async fn serve(stream: TcpStream, router: Router, limits: Limits, mut stop: watch::Receiver<()>) {
    // Without this an answer could wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let progress = Arc::new(Progress::default());
    let stream = Patient::new(stream, Arc::clone(&progress), limits);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        progress.turn();
        progress.leave(!request.body().is_end_stream());
        let watched = |body| Body::new(Watched { body, progress: Arc::clone(&progress) });
        let answer = router.call(request.map(watched));
        let progress = &progress;
        async move {
            let mut answer = answer.await?;
            if progress.is_unread() {
                // What is left of the body would stand before the next request: the client is told not to send one.
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            progress.turn();
            Ok::<_, Infallible>(answer)
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(Limits::HEADER)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    let stopped = tokio::select! {
        ended = connection.as_mut() => Err(ended),
        // Nothing is ever sent: whoever stops the endpoint lets go of the other end.
        _ = stop.changed() => Ok(()),
    };
    let ended = match stopped {
        Err(ended) => ended,
        Ok(()) => {
            progress.stop();
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection");
    }
}

/// The body of a request, which tells when it has been read to its end.
struct Watched {
    body: Incoming,
    progress: Arc<Progress>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if frame.is_none() || this.body.is_end_stream() {
            this.progress.leave(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
