//! The life of a device: its clock moved on, and what its user and its administrator would do at it.

use std::sync::Arc;

use axum::extract::{Request, State};
use chrono::{DateTime, Utc};
use csp_model::units::{Duration, Instant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Shared;
use super::super::json::{self, Json};
use super::super::name::Name;
use super::super::problem::{Kind, Problem, ProblemDocument};
use crate::clock::Advance;
use crate::event::DeviceEvent;
use crate::fleet::{Done, NotDone, Unable};
use crate::transcript::{Call, ScanBy};

/// What a device has done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Happened {
    /// Its clock now.
    #[schema(value_type = String, format = DateTime)]
    clock: DateTime<Utc>,
    /// What has happened meanwhile, in order: up to the call, and because of it.
    #[schema(value_type = Vec<DeviceEvent>)]
    events: Arc<[DeviceEvent]>,
}

impl From<Done> for Happened {
    fn from(Done { device, events }: Done) -> Self {
        Self { clock: device.clock(), events }
    }
}

/// How far a clock is moved on: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceBy {
    /// By so much.
    #[schema(value_type = Option<String>, example = "PT6H")]
    by: Option<Duration>,
    /// To that time, which has not passed.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Instant>,
}

/// Move the clock on
///
/// What falls due meanwhile happens. At most ten years at a time; the clock never goes back.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/advance",
    tag = "control",
    operation_id = "advanceDevice",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = AdvanceBy, content_type = "application/json"),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 400, description = "No time, or one that has passed", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn advance(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Happened>, Problem> {
    let host = shared.host(&name)?;
    let advance = match json::asked(&shared, request).await? {
        AdvanceBy { by: Some(by), to: None } => Advance::By(by),
        AdvanceBy { by: None, to: Some(to) } => Advance::To(to),
        AdvanceBy { by: None, to: None } => {
            return Err(Problem::new(Kind::Request, "found nothing, expected `by` or `to`"));
        }
        AdvanceBy { by: Some(_), to: Some(_) } => {
            return Err(Problem::new(Kind::Request, "found both `by` and `to`, expected one of them"));
        }
    };
    let done = host.call(move |device| Ok(Call::Advance { to: advance.from(device.clock())? })).await?;
    Ok(Json(done.into()))
}

/// Who asks for a scan.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ScanRequest {
    /// Who; the user when absent.
    by: ScanBy,
}

/// What has come of asking for a scan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Scanned {
    /// Whether the device has scanned. What came of that is among the events.
    started: bool,
    /// Why it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// From when on it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<DateTime<Utc>>,
    /// Its clock now.
    #[schema(value_type = String, format = DateTime)]
    clock: DateTime<Utc>,
    /// What has happened meanwhile, in order.
    #[schema(value_type = Vec<DeviceEvent>)]
    events: Arc<[DeviceEvent]>,
}

/// Scan for updates
///
/// As the device's user does with the button in Settings, which is never refused; or as a program does with `DetectNow`,
/// which is, so long after the last scan as the device waits between scans; or as the client of Configuration Manager does,
/// with `ccmexec`.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/scan",
    tag = "control",
    operation_id = "scanDevice",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = Option<ScanRequest>, content_type = "application/json"),
    responses(
        (status = 200, description = "What has happened, or why the device has not scanned", body = Scanned),
        (status = 400, description = "Nobody who could ask for a scan here", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn scan(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Scanned>, Problem> {
    let host = shared.host(&name)?;
    let ScanRequest { by } = json::asked_if_any(&shared, request).await?.unwrap_or_default();
    match host.call(move |_| Ok(Call::Scan { by })).await {
        Ok(done) => {
            let Happened { clock, events } = done.into();
            Ok(Json(Scanned { started: true, reason: None, until: None, clock, events }))
        }
        Err(NotDone::Unable(Unable::Throttled(throttled))) => {
            let clock = host.look(csp_model::Device::clock).await?;
            Ok(Json(Scanned {
                started: false,
                reason: Some(throttled.to_string()),
                until: Some(throttled.until),
                clock,
                events: Arc::default(),
            }))
        }
        Err(not_done) => Err(not_done.into()),
    }
}

/// Restart the device
///
/// As its user does. Sessions that are open go on.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/restart",
    tag = "control",
    operation_id = "restartDevice",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn restart(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Happened>, Problem> {
    let done = shared.host(&name)?.call(|_| Ok(Call::Restart)).await?;
    Ok(Json(done.into()))
}

/// How long updates are paused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseFor {
    /// Days.
    #[schema(example = 7)]
    days: u32,
}

/// Pause updates
///
/// As the device's user does in Settings.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/pause",
    tag = "control",
    operation_id = "pauseUpdates",
    params(("name" = String, Path, description = "The device's name")),
    request_body(content = PauseFor, content_type = "application/json"),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 400, description = "Not as long as a user can pause", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 408, description = "The body came too slowly", content_type = "application/problem+json", body = ProblemDocument),
        (status = 413, description = "The body is too large", content_type = "application/problem+json", body = ProblemDocument),
        (status = 415, description = "Not JSON", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn pause(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    request: Request,
) -> Result<Json<Happened>, Problem> {
    let host = shared.host(&name)?;
    let PauseFor { days } = json::asked(&shared, request).await?;
    let done = host.call(move |_| Ok(Call::Pause { days })).await?;
    Ok(Json(done.into()))
}

/// End the user's pause
///
/// As the device's user does in Settings. What policies pause stays paused.
#[utoipa::path(
    delete,
    path = "/_cspsim/devices/{name}/pause",
    tag = "control",
    operation_id = "resumeUpdates",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn resume(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Happened>, Problem> {
    let done = shared.host(&name)?.call(|_| Ok(Call::Resume)).await?;
    Ok(Json(done.into()))
}

/// Read Group Policy again
///
/// As `gpupdate` does: what was changed in the registry counts from then on.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/policy-refresh",
    tag = "control",
    operation_id = "refreshPolicy",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn policy_refresh(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Happened>, Problem> {
    let done = shared.host(&name)?.call(|_| Ok(Call::PolicyRefresh)).await?;
    Ok(Json(done.into()))
}

/// Install what Software Center shows
///
/// As the device's user does there: what is deployed as available, or required later on, is installed now.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/install",
    tag = "control",
    operation_id = "installUpdates",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn install(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Happened>, Problem> {
    let done = shared.host(&name)?.call(|_| Ok(Call::Install)).await?;
    Ok(Json(done.into()))
}

/// Make the update agent's store anew
///
/// As who stops its services and renames `SoftwareDistribution` does: what is not installed is forgotten until the next scan.
#[utoipa::path(
    post,
    path = "/_cspsim/devices/{name}/client-reset",
    tag = "control",
    operation_id = "resetClient",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "What has happened", body = Happened),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "That could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn client_reset(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<Json<Happened>, Problem> {
    let done = shared.host(&name)?.call(|_| Ok(Call::ClientReset)).await?;
    Ok(Json(done.into()))
}
