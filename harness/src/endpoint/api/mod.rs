//! The routes, each with its description: `openapi.json` is made of the handlers themselves.

mod about;
mod devices;
mod dialling;
mod history;
mod life;
mod query;
#[cfg(test)]
mod schema;
mod settings;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Kind, Problem};
use super::{Shared, messages};

/// Every route.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let (messages, control) = (message_routes(), control_routes());
    let control = control.route_layer(middleware::from_fn_with_state(Arc::clone(&shared), guarded));
    let (router, _) = messages.merge(control).split_for_parts();
    router.fallback(nowhere).method_not_allowed_fallback(wrong_method).with_state(shared)
}

fn message_routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default().routes(routes!(messages::answer)).routes(routes!(messages::answer_named))
}

fn control_routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(about::health))
        .routes(routes!(about::openapi))
        .routes(routes!(about::metrics))
        .routes(routes!(devices::list, devices::create))
        .routes(routes!(devices::show, devices::delete))
        .routes(routes!(state::tree))
        .routes(routes!(state::updates))
        .routes(routes!(state::reset))
        .routes(routes!(state::snapshot, state::put_snapshot))
        .routes(routes!(life::advance))
        .routes(routes!(life::scan))
        .routes(routes!(life::restart))
        .routes(routes!(life::pause, life::resume))
        .routes(routes!(life::policy_refresh))
        .routes(routes!(life::install))
        .routes(routes!(life::client_reset))
        .routes(routes!(settings::put_faults, settings::delete_faults))
        .routes(routes!(settings::put_site, settings::site))
        .routes(routes!(settings::patch_registry))
        .routes(routes!(dialling::connect))
        .routes(routes!(history::transcript))
        .routes(routes!(history::violations))
        .routes(routes!(history::events))
}

/// Lets only those use the control API who may, and counts.
async fn guarded(
    State(shared): State<Arc<Shared>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let response = match shared.guard.check(request.version(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    shared.metrics.answered(path.as_str().to_owned(), response.status());
    response
}

async fn nowhere(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path();
    let problem = Problem::new(
        Kind::Absent,
        format!("there is nothing at `{path}`: GET /_cspsim/openapi.json lists what there is"),
    );
    let response = problem.into_response();
    shared.metrics.answered("", response.status());
    response
}

async fn wrong_method(State(shared): State<Arc<Shared>>, method: Method, request: Request) -> Response {
    let path = request.uri().path();
    let problem =
        Problem::new(Kind::Method, format!("{method} is not for `{path}`: the header Allow says what is"));
    let response = problem.into_response();
    shared.metrics.answered("", response.status());
    response
}
