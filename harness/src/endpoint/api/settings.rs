//! What is set at a device, and not by its management server: what goes wrong on it, what stands
//! around it, and its registry.

use std::sync::Arc;

use axum::extract::{Request, State};
use csp_model::agent::Fault;
use csp_model::agent::site::Site;

use super::super::json::{self, Json};
use super::super::name::Name;
use super::super::problem::{Problem, ProblemDocument};
use super::super::{Shared, view};
use super::life::Happened;
use crate::transcript::{Call, RegistryChange};

/// Have other things go wrong
///
/// Instead of what the device file plans, from now on. Times count from the start of the device's clock.
#[utoipa::path(
    put,
    path = "/_cspsim/devices/{name}/faults",
    tag = "control",
    operation_id = "putFaults",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = ref("#/components/schemas/Faults"), content_type = "application/json"),
    responses(
        (status = 200, description = "What goes wrong from now on", body = ref("#/components/schemas/Faults")),
        (status = 400, description = "A fault makes no sense: with its path, line and column", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn put_faults(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Vec<Fault>>, Problem> {
    let host = shared.host(&name)?;
    let faults: Vec<Fault> = json::asked(&shared, request).await?;
    let done = host.call(move |_| Ok(Call::Faults { faults: faults.into() })).await?;
    Ok(Json(view::faults(&done.device).to_vec()))
}

/// Have nothing go wrong
///
/// Not what the device file plans either.
#[utoipa::path(
    delete,
    path = "/_cspsim/devices/{name}/faults",
    tag = "control",
    operation_id = "deleteFaults",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What goes wrong from now on: nothing", body = ref("#/components/schemas/Faults")),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn delete_faults(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Vec<Fault>>, Problem> {
    let done = shared.host(&name)?.call(|_| Ok(Call::Faults { faults: Arc::default() })).await?;
    Ok(Json(view::faults(&done.device).to_vec()))
}

/// Have other things stand around the device
///
/// The tables `configmgr`, `wsus` and `proxy` as in a device file, from now on. What is not named stands there no more.
/// Servers answer otherwise at once; the ConfigMgr client hears of its site when it next asks for policy.
#[utoipa::path(
    put,
    path = "/_cspsim/devices/{name}/site",
    tag = "control",
    operation_id = "putSite",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = ref("#/components/schemas/Site"), content_type = "application/json"),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 400, description = "It makes no sense: with its path, line and column", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn put_site(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Happened>, Problem> {
    let host = shared.host(&name)?;
    let site: Site = json::asked(&shared, request).await?;
    let done = host.call(move |_| Ok(Call::Site { site: Arc::new(site) })).await?;
    Ok(Json(done.into()))
}

/// What stands around the device
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/site",
    tag = "control",
    operation_id = "getSite",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "The tables as in a device file", body = ref("#/components/schemas/Site")),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "It could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn site(State(shared): State<Arc<Shared>>, Name(name): Name) -> Result<Json<Site>, Problem> {
    let site = shared.host(&name)?.look(|device| device.site().clone()).await?;
    Ok(Json(site))
}

/// Change the registry
///
/// As an administrator does: an object of keys, each an object of names with their values, null for one that is taken
/// away. Group Policy counts from the next refresh on.
#[utoipa::path(
    patch,
    path = "/_cspsim/devices/{name}/registry",
    tag = "control",
    operation_id = "changeRegistry",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = ref("#/components/schemas/RegistryChange"), content_type = "application/json"),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 400, description = "No registry values: with their path, line and column", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn patch_registry(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Happened>, Problem> {
    let host = shared.host(&name)?;
    let values: RegistryChange = json::asked(&shared, request).await?;
    let done = host.call(move |_| Ok(Call::Registry { values: Arc::new(values) })).await?;
    Ok(Json(done.into()))
}
