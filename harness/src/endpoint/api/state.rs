//! What a device holds, and other states for it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use csp_model::device::{ProfileError, Snapshot};
use csp_model::tree::Leaves;
use csp_model::{Device, TreeError};

use super::super::json::{self, Json};
use super::super::name::Name;
use super::super::problem::{Kind, Problem, ProblemDocument};
use super::super::view::{self, UpdateView};
use super::super::{Shared, body, media};
use super::devices::check_descriptions;
use super::query;
use crate::aside::aside;
use crate::fleet::Fleet;
use crate::tree_json::{Node, address};

/// The tree, or what is below a node
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/tree",
    tag = "control",
    operation_id = "showTree",
    params(
        ("name" = String, Path, description = "The device's name"),
        ("uri" = Option<String>, Query, description = "The node's LocURI; the root when absent", example = "./Vendor/MSFT/Update"),
    ),
    responses(
        (status = 200, description = "The node with its name, address, format, value and children", body = Node),
        (status = 400, description = "No LocURI", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device, or it has no such node", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn tree(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    uri: Uri,
) -> Result<Response, Problem> {
    let host = shared.host(&name)?;
    let text = query::one(&uri, "uri")?.unwrap_or_else(|| ".".to_owned());
    let uri = address(&text).map_err(|what| Problem::new(Kind::Request, format!("uri: {what}")))?;
    // A copy costs nothing, and there may be many nodes.
    let device = host.look(Device::clone).await?;
    aside(move || {
        let listed = device.list(&uri, Leaves::WithData).map_err(|error| match error {
            TreeError::NotFound => Problem::new(Kind::Absent, format!("the device has no node `{text}`")),
            other => Problem::new(Kind::Request, format!("`{text}`: {other}")),
        })?;
        Ok(Json(Node::nested(&uri.to_string(), &listed)).into_response())
    })
    .await
}

/// Every update with its state
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/updates",
    tag = "control",
    operation_id = "listUpdates",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What the services can offer, in the order of the device file", body = Vec<UpdateView>),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn updates(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Vec<UpdateView>>, Problem> {
    Ok(Json(shared.host(&name)?.look(view::updates).await?))
}

/// Back to the device file
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/reset",
    tag = "control",
    operation_id = "resetDevice",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 204, description = "The device is as its file describes it, at the start of its clock; its sessions are over"),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn reset(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    shared.host(&name)?.reset().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The whole device
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/snapshot",
    tag = "control",
    operation_id = "takeSnapshot",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "The device, to be put back later, or elsewhere", body = ref("#/components/schemas/Snapshot")),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn snapshot(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Response, Problem> {
    // A copy costs nothing, and the device is not kept waiting while it is written.
    let device = shared.host(&name)?.look(Device::clone).await?;
    let answer = move || ([(header::CACHE_CONTROL, "no-store")], Json(device.snapshot())).into_response();
    Ok(aside(answer).await)
}

/// Put a whole device in the place of this one
///
/// The name in URLs stays; everything else is the snapshot's, the device's id too. Open sessions end.
#[utoipa::path(
    put,
    path = "/_cspsim/devices/{name}/snapshot",
    tag = "control",
    operation_id = "putSnapshot",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = ref("#/components/schemas/Snapshot"), content_type = "application/json"),
    responses(
        (status = 204, description = "The device is the snapshot's"),
        (status = 400, description = "No snapshot of this version: with the value's path", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn put_snapshot(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<StatusCode, Problem> {
    let host = shared.host(&name)?;
    let (head, body) = request.into_parts();
    media::check_json(&head.headers)?;
    let body = body::read(body, shared.limits.body, shared.limits.body_time).await?;
    let fleet = shared.fleet.clone();
    let device = aside(move || read(&fleet, &body)).await?;
    host.put(device).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(fleet: &Fleet, body: &[u8]) -> Result<Device, Problem> {
    let text = json::text(body)?;
    let snapshot = Snapshot::from_json(text).map_err(|error| Problem::file(&error, text))?;
    let nonsense = |error: ProfileError| Problem::value(format!("file.{}", error.path), &error.what);
    check_descriptions(&snapshot.file).map_err(nonsense)?;
    let (profile, instance) = fleet.profiles().intern(snapshot.file).map_err(nonsense)?;
    Device::from_state(profile, instance, snapshot.state).map_err(|error| Problem::snapshot(&error))
}
