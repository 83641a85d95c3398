//! About the endpoint itself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::json::Json;
use super::super::{Shared, metrics};

/// How the endpoint is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, as long as there is an answer at all.
    #[schema(example = "ok")]
    status: &'static str,
    /// The program's version.
    version: &'static str,
    devices: usize,
    /// Open connections, this one among them.
    connections: i64,
    /// For how many seconds it has been listening.
    uptime_seconds: u64,
}

/// Whether the endpoint is there
#[utoipa::path(
    get,
    path = "/_cspsim/health",
    tag = "control",
    responses((status = 200, description = "It is", body = Health))
)]
pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        devices: shared.fleet.len(),
        connections: shared.metrics.connections(),
        uptime_seconds: shared.since.elapsed().as_secs(),
    })
}

/// This description
#[utoipa::path(
    get,
    path = "/_cspsim/openapi.json",
    tag = "control",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object))
)]
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("../../../openapi.json"))
}

/// What has been counted, for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "control",
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text", body = String))
)]
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let text = shared.metrics.text(&shared.fleet).unwrap_or_default();
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text)
}
