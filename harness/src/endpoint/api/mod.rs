//! The routes, each with its description: OpenAPI is made of the handlers themselves.

mod about;
mod devices;
mod history;
mod query;
#[cfg(test)]
mod schema;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::copies::Copies;
use super::problem::{Kind, Problem};
use super::{Shared, messages};

/// What the endpoint as a whole is.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "cspsim",
        description = "Simulated Windows devices under MDM: messages to them, and what a test needs to know and to change \
                       about them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem, Copies)),
    tags(
        (name = "messages", description = "The devices' own language"),
        (name = "control", description = "What no device would answer. Asks for the token if there is one; refuses web pages."),
    )
)]
struct Api;

/// Every route.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let (messages, control) = (message_routes(), control_routes());
    let control = control.route_layer(middleware::from_fn_with_state(Arc::clone(&shared), guarded));
    let (router, _) = messages.merge(control).split_for_parts();
    router.fallback(nowhere).method_not_allowed_fallback(wrong_method).with_state(shared)
}

/// The description of the endpoint: what `openapi.json` holds.
#[cfg(test)]
fn description() -> String {
    let (_, api) = OpenApiRouter::with_openapi(Api::openapi())
        .merge(message_routes())
        .merge(control_routes())
        .split_for_parts();
    schema::complete(&api)
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
        .routes(routes!(history::transcript))
        .routes(routes!(history::violations))
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

#[cfg(test)]
mod tests {
    use std::{env, fs};

    /// `UPDATE=1 cargo test -p cspsim --lib openapi` writes the file; read what it changed.
    #[test]
    fn openapi_json_is_made_of_the_handlers() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let made = super::description();
        if env::var_os("UPDATE").is_some() {
            fs::write(path, &made).expect("the file can be written");
        }
        let kept = fs::read_to_string(path).expect("the file can be read");
        assert!(kept == made, "openapi.json is not what the handlers say: UPDATE=1 writes it anew");
    }
}
