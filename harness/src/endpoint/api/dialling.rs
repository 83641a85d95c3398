//! A device that dials a server, for one session.

use std::sync::Arc;

use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::json::{self, Json};
use super::super::name::Name;
use super::super::problem::{Kind, Problem, ProblemDocument};
use super::super::{Shared, body, media};
use crate::aside::aside;
use crate::dial;
use crate::drive::DriveError;
use crate::opening::Opening;
use crate::violation::Violation;

/// Whom to dial, and how to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// The server's address; that of the device's account when absent.
    #[schema(example = "http://127.0.0.1:8000/mdm")]
    to: Option<String>,
    /// How the device opens the session.
    #[serde(default)]
    opening: Opening,
}

/// How a session went.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The SessionID; absent when the session was not held to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Why it is over: `complete`, `unenrolled`, `aborted`, `aborted-by-server`, `answer-too-large`,
    /// `too-many-messages`, `foreign-session`, `not-authenticated`, `server-not-authenticated`; or `failed`.
    #[schema(example = "complete")]
    ending: &'static str,
    /// The same in words.
    text: String,
    /// Why it has failed, in a word: `refused`, `tls`, `not-syncml`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
    /// How many messages the device has sent; absent when it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<u32>,
    /// What the server did wrong.
    #[schema(value_type = Vec<Object>)]
    violations: Vec<Violation>,
}

/// Dial a server
///
/// The device holds one session. The answer comes when it is over, also when the server could not be reached.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/connect",
    tag = "control",
    operation_id = "connectDevice",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = Call, content_type = "application/json"),
    responses(
        (status = 200, description = "How the session went", body = Outcome),
        (status = 400, description = "No address that can be dialled, or not of this shape", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "What the session changed could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn connect(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Outcome>, Problem> {
    let (head, body) = request.into_parts();
    let host = shared.host(&name)?;
    media::check_json(&head.headers)?;
    let text = body::read(body, shared.limits.body, shared.limits.body_time).await?;
    let Call { to, opening } = json::read(json::text(&text)?)?;
    let wrong = |what: String| Problem::new(Kind::Request, what);
    let to = to.as_deref().map(dial::address).transpose().map_err(|what| wrong(format!("to: {what}")))?;
    let account = host.look(|device| device.account(opening.account.as_deref())).await?;
    if account.is_none() && (to.is_none() || opening.account.is_some()) {
        let what = "the device has no such account: expected one that it has in `opening.account`, or `to`";
        return Err(wrong(what.to_owned()));
    }
    let device = host.look(csp_model::Device::clone).await?;
    let provider = opening.account.clone();
    // Reading what this machine trusts takes a while.
    let line = aside(move || shared.dialler()?.line(&device, provider.as_deref()))
        .await
        .map_err(|failure| wrong(failure.to_string()));
    let mut line = line?;
    let address = opening.address.clone().or_else(|| to.as_ref().map(ToString::to_string));
    let opening = Opening { address, ..opening };
    // A session is held to its end, also when the caller has gone.
    let held = tokio::spawn(async move { line.hold(&host, to.as_ref(), opening, |_| {}).await }).await;
    let held = held.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    Ok(Json(match held {
        Ok(held) => Outcome {
            session: Some(held.session.to_string()),
            ending: held.ending.id(),
            text: held.ending.to_string(),
            failure: None,
            messages: Some(held.sent),
            violations: held.violations,
        },
        Err(DriveError::Device(refused)) => return Err(refused.into()),
        Err(error) => Outcome {
            session: None,
            ending: "failed",
            failure: Some(error.kind()),
            messages: None,
            violations: error.violation().cloned().into_iter().collect(),
            text: error.to_string(),
        },
    }))
}
