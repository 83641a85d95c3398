//! The devices: which there are, new ones, and their end.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use csp_model::device::ProfileError;
use csp_model::{Device, DeviceFile};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use utoipa::ToSchema;

use super::super::copies::{Copies, check_name};
use super::super::json::{self, Json};
use super::super::media;
use super::super::name::Name;
use super::super::problem::{Kind, Problem, ProblemDocument};
use super::super::view::DeviceView;
use super::super::{Shared, body};
use crate::aside::aside;
use crate::fleet::{Fleet, Refused};
use crate::input::is_ddf_text;
use crate::place::Syntax;

/// The devices that a request has made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Created {
    /// Their names in URLs.
    #[schema(value_type = Vec<String>, example = json!(["lab-00001", "lab-00002"]))]
    devices: Vec<Arc<str>>,
}

/// All devices
#[utoipa::path(
    get,
    path = "/_cspsim/devices",
    tag = "control",
    operation_id = "listDevices",
    responses((status = 200, description = "The devices, by name", body = Vec<DeviceView>))
)]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<Vec<DeviceView>>, Problem> {
    let mut devices = Vec::new();
    for host in shared.fleet.hosts() {
        let name = Arc::clone(host.name());
        match host.look(|device| DeviceView::new(&name, device)).await {
            Ok(device) => devices.push(device),
            // It was deleted in the meantime.
            Err(Refused::Gone) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(Json(devices))
}

/// Make devices
///
/// Of a device file, which gives the device its name, or as copies of a device that is there. All of them are made, or
/// none.
#[utoipa::path(
    post,
    path = "/_cspsim/devices",
    tag = "control",
    operation_id = "createDevices",
    request_body(content(
        (String = "application/toml"),
        (ref("#/components/schemas/NewDevices") = "application/json"),
    ), description = "A device file as TOML or JSON; or which device to copy, how often, and the copies' names"),
    responses(
        (status = 201, description = "They are there", body = Created, headers(("location" = String, description = "The device; where there are several, the list"))),
        (status = 400, description = "No device file, or no names: with the value's path, line and column", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no device to copy", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 409, description = "A name is taken, or there would be too many devices", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Neither TOML nor JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "They could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn create(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let body = body::read(body, shared.limits.body, shared.limits.body_time).await?;
    if body.is_empty() {
        let what = "the body is empty: expected a device file, or which device to copy";
        return Err(Problem::new(Kind::Device, what));
    }
    // A file with a description of several megabytes takes a while to read, and so does making a thousand devices.
    let fleet = shared.fleet.clone();
    let devices = match aside(move || wanted(&fleet, &head.headers, &body)).await? {
        Wanted::Device(name, device) => vec![(name, *device)],
        Wanted::Copies(copies) => {
            let host = shared.host(&copies.from)?;
            let original = host.look(Device::clone).await?;
            aside(move || copies.of(&original)).await?
        }
    };
    let names: Vec<_> = devices.iter().map(|(name, _)| Arc::clone(name)).collect();
    shared.fleet.add(devices).await?;
    let location = match names.as_slice() {
        [name] => format!("/_cspsim/devices/{name}"),
        _ => "/_cspsim/devices".to_owned(),
    };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(Created { devices: names }))
        .into_response())
}

/// One device
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}",
    tag = "control",
    operation_id = "showDevice",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "The device", body = DeviceView),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<DeviceView>, Problem> {
    let host = shared.host(&name)?;
    Ok(Json(host.look(|device| DeviceView::new(&name, device)).await?))
}

/// Delete a device
#[utoipa::path(
    delete,
    path = "/_cspsim/devices/{name}",
    tag = "control",
    operation_id = "deleteDevice",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 204, description = "It is gone, its sessions with it"),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    shared.fleet.remove(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a body asks for.
enum Wanted {
    /// The device of a file, under the file's name for it.
    Device(Arc<str>, Box<Device>),
    Copies(Copies),
}

fn wanted(fleet: &Fleet, headers: &HeaderMap, body: &[u8]) -> Result<Wanted, Problem> {
    /// What tells the two apart.
    #[derive(Deserialize)]
    struct Any {
        from: Option<IgnoredAny>,
    }
    let text = json::text(body)?;
    let syntax = media::syntax(headers, text)?;
    let file = match syntax {
        Syntax::Json if matches!(serde_json::from_str(text), Ok(Any { from: Some(_) })) => {
            return json::read(text).map(Wanted::Copies);
        }
        Syntax::Json => DeviceFile::from_json(text),
        Syntax::Toml => DeviceFile::from_toml(text),
    };
    let file = file.map_err(|error| Problem::file(&error, text))?;
    let nonsense = |error: ProfileError| {
        let error = match syntax {
            Syntax::Toml => error.in_toml(text),
            Syntax::Json => error.into(),
        };
        Problem::file(&error, text)
    };
    check_name(&file.device.name)
        .map_err(|what| nonsense(ProfileError { path: "device.name".to_owned(), what }))?;
    check_descriptions(&file).map_err(nonsense)?;
    let (profile, instance) = fleet.profiles().intern(file).map_err(nonsense)?;
    let name = Arc::clone(&instance.name);
    Ok(Wanted::Device(name, Box::new(Device::of_profile(profile, instance))))
}

/// Refuses descriptions by path, which would let a client read files of this machine.
pub(super) fn check_descriptions(file: &DeviceFile) -> Result<(), ProfileError> {
    match file.ddf.iter().position(|description| !is_ddf_text(description)) {
        None => Ok(()),
        Some(index) => Err(ProfileError {
            path: format!("ddf[{index}]"),
            what: "over HTTP, the text of a description (DDF) is expected, not its path".to_owned(),
        }),
    }
}
