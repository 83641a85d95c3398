//! One exchange: a request goes on, its answer comes back, and the book has both before the client has the answer.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use tokio::select;
use url::Url;

use super::body::{Passing, Taken, take};
use super::book::{self, Answer, Exchange, Passed};
use super::head::{self, Claim, Codings};
use super::proxy::Shared;
use super::upstream::Line;
use crate::aside::aside;
use crate::listening::media;
use crate::transport::shown;

/// A request that may be a message, and where it belongs.
#[derive(Debug)]
struct Asked {
    client: IpAddr,
    to: Url,
    media_type: Option<Arc<str>>,
    claim: Claim,
    request: Passed,
}

/// Sends a request on, and its answer back.
pub(super) async fn pass(
    shared: &Shared,
    line: &mut Line,
    client: IpAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let to = shared.upstream.at(&head.uri);
    let claim = head::of_request(&head);
    let patience = shared.limits.body;
    let (body, request) = match claim {
        Claim::Other => (Passing::new(body).within(patience).body(), None),
        Claim::Message | Claim::Anything if media::coding(&head.headers).is_some() => {
            let body = Passing::new(body).within(patience);
            let unseen = Passed::Unseen(body.length());
            (body.body(), Some(unseen))
        }
        Claim::Message | Claim::Anything => {
            let taken = take(body, shared.limits.message, patience);
            match until_cut(shared, taken).await {
                Some(Taken::Whole(bytes)) => (Body::from(bytes.clone()), Some(Passed::Seen(bytes))),
                Some(Taken::TooLarge(body)) => {
                    too_large(shared, &to);
                    let unseen = Passed::Unseen(body.length());
                    (body.within(patience).body(), Some(unseen))
                }
                Some(Taken::Broken(error)) => {
                    let what = format!("cspsim: the body breaks off: {error}");
                    return answer(StatusCode::BAD_REQUEST, &what);
                }
                Some(Taken::Slow) => {
                    let what = format!("cspsim: nothing of the body came for {} seconds", patience.as_secs());
                    return answer(StatusCode::REQUEST_TIMEOUT, &what);
                }
                None => return answer(StatusCode::SERVICE_UNAVAILABLE, "cspsim: the proxy ends"),
            }
        }
    };
    let codings = match (&request, claim) {
        (Some(_), Claim::Message) => Codings::None,
        (Some(Passed::Seen(bytes)), Claim::Anything) if book::is_message(bytes) => Codings::None,
        (Some(_) | None, Claim::Message | Claim::Anything | Claim::Other) => Codings::Accepted,
    };
    let media_type = head::media_type(&head.headers).map(Into::into);
    let Some(head) = head::request(head, &shared.upstream, shared.host, codings) else {
        return answer(StatusCode::BAD_REQUEST, "cspsim: the address of the request is none");
    };
    let asked = request.map(|request| Asked { client, to: to.clone(), media_type, claim, request });
    match until_cut(shared, line.send(Request::from_parts(head, body))).await {
        Some(Ok(response)) => answered(shared, &to, response, asked).await,
        Some(Err(error)) => lost(shared, asked, &error.to_string()).await,
        None => {
            let what = format!("{}: not answered before the proxy has ended", shown(&to));
            lost(shared, asked, &what).await
        }
    }
}

/// The answer as the client gets it, once it is recorded where it belongs to a message.
async fn answered(
    shared: &Shared,
    to: &Url,
    response: Response<Incoming>,
    asked: Option<Asked>,
) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    head.headers = head::passing(&head.headers);
    let said = head::claim(&head.headers);
    let asked = asked.filter(|asked| match (asked.claim, &asked.request) {
        (Claim::Message, Passed::Seen(_) | Passed::Unseen(_)) => true,
        // A server can be asked for package 1 with nothing.
        (Claim::Anything, Passed::Seen(bytes)) if bytes.is_empty() => said == Claim::Message,
        (Claim::Anything, Passed::Seen(bytes)) => book::is_message(bytes),
        (Claim::Anything, Passed::Unseen(_)) => said == Claim::Message,
        (Claim::Other, Passed::Seen(_) | Passed::Unseen(_)) => false,
    });
    // What is no message is not held up: it may never end.
    let Some(asked) = asked else { return Response::from_parts(head, Passing::new(body).body()) };
    let status = head.status.as_u16();
    let media_type = head::media_type(&head.headers).map(Into::into);
    let came = |body| Answer::Came { status, media_type, body };
    if media::coding(&head.headers).is_some() {
        let body = Passing::new(body);
        record(shared, asked, came(Passed::Unseen(body.length()))).await;
        return Response::from_parts(head, body.body());
    }
    let taken = take(body, shared.limits.message, shared.limits.answer);
    match until_cut(shared, taken).await {
        Some(Taken::Whole(bytes)) => {
            record(shared, asked, came(Passed::Seen(bytes.clone()))).await;
            Response::from_parts(head, Body::from(bytes))
        }
        Some(Taken::TooLarge(body)) => {
            record(shared, asked, came(Passed::Unseen(body.length()))).await;
            too_large(shared, to);
            Response::from_parts(head, body.body())
        }
        Some(Taken::Broken(error)) => {
            let what = format!("{}: the answer breaks off: {error}", shown(to));
            lost(shared, Some(asked), &what).await
        }
        Some(Taken::Slow) => {
            let what = format!("{}: the answer does not go on", shown(to));
            lost(shared, Some(asked), &what).await
        }
        None => {
            let what = format!("{}: not answered before the proxy has ended", shown(to));
            lost(shared, Some(asked), &what).await
        }
    }
}

/// What comes of `work`, unless the proxy waits no more.
async fn until_cut<T>(shared: &Shared, work: impl Future<Output = T>) -> Option<T> {
    select! {
        biased;
        done = work => Some(done),
        () = shared.cut() => None,
    }
}

/// No answer has come. It is recorded first: saying it can wait.
async fn lost(shared: &Shared, asked: Option<Asked>, what: &str) -> Response<Body> {
    if let Some(asked) = asked {
        record(shared, asked, Answer::Lost).await;
    }
    shared.teller.error(what);
    answer(StatusCode::BAD_GATEWAY, &format!("cspsim: {what}"))
}

async fn record(shared: &Shared, asked: Asked, answer: Answer) {
    let Asked { client, to, media_type, claim, request } = asked;
    let book = Arc::clone(&shared.book);
    let exchange = Exchange { client, to, media_type, claim, request, answer };
    aside(move || book.record(&exchange)).await;
}

fn too_large(shared: &Shared, to: &Url) {
    shared.teller.warn(&format!(
        "{}: a body is larger than a message can be: it passes, and is not recorded",
        shown(to)
    ));
}

/// An answer of the proxy's own.
pub(super) fn answer(status: StatusCode, what: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{what}\n")));
    *response.status_mut() = status;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
