//! What has been said to a device: its transcript, and what its peers did wrong.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::IntoResponse;

use super::super::Shared;
use super::super::json::Json;
use super::super::name::Name;
use super::super::problem::{Kind, Problem, ProblemDocument};
use super::query;
use crate::aside::aside;
use crate::fleet::Host;
use crate::transcript::{self, Secrets};
use crate::violation::RecordedViolation;

/// The last exchanges
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/transcript",
    tag = "control",
    operation_id = "showTranscript",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "JSON Lines: the device as it was, then what happened to it since", content_type = "application/jsonl", body = String),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn transcript(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<impl IntoResponse, Problem> {
    let host = shared.host(&name)?;
    // What is left out of memory is worked out again: messages may have to be applied once more.
    let lines = aside(move || lines(&host, shared.secrets)).await?;
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], lines))
}

/// What the servers did wrong so far
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/violations",
    tag = "control",
    operation_id = "listViolations",
    params(
        ("name" = String, Path, description = "The device's name"),
        ("since" = Option<u64>, Query, description = "Only those with a higher `seq`"),
    ),
    responses(
        (status = 200, description = "In the order in which they happened", body = ref("#/components/schemas/Violations")),
        (status = 400, description = "`since` is no number", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn violations(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    uri: Uri,
) -> Result<Json<Vec<RecordedViolation>>, Problem> {
    let host = shared.host(&name)?;
    let since = match query::one(&uri, "since")? {
        None => 0,
        Some(text) => text.parse().map_err(|_| {
            Problem::new(
                Kind::Request,
                format!("since: `{text}` is no number: expected the `seq` of a violation"),
            )
        })?,
    };
    Ok(Json(host.violations(since)))
}

fn lines(host: &Host, secrets: Secrets) -> Result<Vec<u8>, Problem> {
    let (device, entries) = host.transcript();
    let mut lines = Vec::new();
    transcript::write(&mut lines, host.name(), &Arc::new(device.snapshot()), entries, secrets).map_err(
        |error| Problem::new(Kind::Internal, format!("the transcript cannot be written: {error}")),
    )?;
    Ok(lines)
}
