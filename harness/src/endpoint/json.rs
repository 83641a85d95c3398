//! JSON in and out of the control API, without a framework's own errors.

use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};
use super::{Shared, body, media};

/// An answer in JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            // No view has a map with keys that are no texts, which is all that JSON cannot write.
            Err(error) => {
                Problem::new(Kind::Internal, format!("the answer cannot be written: {error}")).into_response()
            }
        }
    }
}

/// Reads a document of that shape.
///
/// # Errors
/// The first thing that is not JSON, not known, or of the wrong type, with its place.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = Some(error.path().to_string()).filter(|path| path != "." && path != "?");
        Problem::json(path, error.inner())
    })?;
    deserializer.end().map_err(|error| Problem::json(None, &error))?;
    Ok(value)
}

/// What a call asks for, in JSON.
///
/// # Errors
/// When the body cannot be had, says that it is something else, or is not of that shape.
pub(super) async fn asked<T: DeserializeOwned>(shared: &Shared, request: Request) -> Result<T, Problem> {
    let (head, body) = request.into_parts();
    media::check_json(&head.headers)?;
    let body = body::read(body, shared.limits.body, shared.limits.body_time).await?;
    text(&body).and_then(read).map_err(Problem::in_request)
}

/// The same, or nothing where there is no body.
///
/// # Errors
/// As [`asked`].
pub(super) async fn asked_if_any<T: DeserializeOwned>(
    shared: &Shared,
    request: Request,
) -> Result<Option<T>, Problem> {
    let (head, body) = request.into_parts();
    let body = body::read(body, shared.limits.body, shared.limits.body_time).await?;
    if body.is_empty() {
        return Ok(None);
    }
    media::check_json(&head.headers)?;
    text(&body).and_then(read).map(Some).map_err(Problem::in_request)
}

/// A body as text.
///
/// # Errors
/// Where it is not UTF-8.
pub(super) fn text(body: &[u8]) -> Result<&str, Problem> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    std::str::from_utf8(body).map_err(|error| {
        Problem::new(Kind::Device, format!("byte {} is not UTF-8 text", error.valid_up_to()))
    })
}
