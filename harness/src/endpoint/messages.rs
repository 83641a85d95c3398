//! Messages to devices, and their answers: the one path that has to be fast.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::name::Name;
use super::problem::{Problem, ProblemDocument};
use super::{Shared, body, media};
use crate::fleet::{DEFAULT, Heard};
use crate::opening;
use crate::transcript::Origin;

/// Where OMA DM puts credentials that are a MAC of the message (OMA DM Security 1.2.1).
const MAC: &str = "x-syncml-hmac";

/// Answer a message as the device `default`
///
/// The body is a SyncML document or a SyncBody alone, in XML or in WBXML, which its first byte says; the answer is in the
/// same encoding. What the device refuses is a Status in its answer; only what is no message is an HTTP error, and then
/// the device is as it was. An empty body opens a session: the answer is package 1, and the messages that come under its
/// SessionID go on with that session.
#[utoipa::path(
    post,
    path = "/",
    tag = "messages",
    operation_id = "answer",
    request_body(content((String = "application/vnd.syncml.dm+xml"), (String = "application/vnd.syncml.dm+wbxml")), description = "The server's message"),
    responses(
        (status = 200, description = "The device's answer", content((String = "application/vnd.syncml.dm+xml"), (String = "application/vnd.syncml.dm+wbxml"))),
        (status = 400, description = "No SyncML message: with line and column, or the offset in WBXML", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "The device was deleted", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not a media type of a message", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "What the message changed could not be saved: nothing has changed", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    counted(&shared, "/", exchange(&shared, DEFAULT, request).await)
}

/// Answer a message as a named device
#[utoipa::path(
    post,
    path = "/devices/{name}",
    tag = "messages",
    operation_id = "answerNamed",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content((String = "application/vnd.syncml.dm+xml"), (String = "application/vnd.syncml.dm+wbxml")), description = "The server's message"),
    responses(
        (status = 200, description = "The device's answer", content((String = "application/vnd.syncml.dm+xml"), (String = "application/vnd.syncml.dm+wbxml"))),
        (status = 400, description = "No SyncML message: with line and column, or the offset in WBXML", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not a media type of a message", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "What the message changed could not be saved: nothing has changed", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn answer_named(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Response {
    counted(&shared, "/devices/{name}", exchange(&shared, &name, request).await)
}

async fn exchange(shared: &Shared, name: &str, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let host = shared.host(name)?;
    let media_type = media::of_message(&head.headers)?;
    let message = body::read(body, shared.limits.body, shared.limits.body_time).await?;
    let (received, began) = (message.len(), Instant::now());
    let origin = if message.is_empty() {
        Origin::Opened(opening::usual())
    } else {
        Origin::Posted { media_type, mac: mac(&head.headers) }
    };
    let Heard { answer, encoding, session, .. } = host.answer(origin, message).await?;
    shared.metrics.exchanged(received, answer.len(), began.elapsed());
    let mut response = Response::new(Body::from(answer));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(encoding.media_type()));
    let mac = session.and_then(|session| HeaderValue::from_str(&session.mac?).ok());
    response.headers_mut().extend(mac.map(|mac| (HeaderName::from_static(MAC), mac)));
    Ok(response)
}

fn mac(headers: &HeaderMap) -> Option<Arc<str>> {
    headers.get(MAC)?.to_str().ok().map(Into::into)
}

fn counted(shared: &Shared, route: &'static str, answer: Result<Response, Problem>) -> Response {
    let response = answer.unwrap_or_else(IntoResponse::into_response);
    shared.metrics.answered(route, response.status());
    response
}
