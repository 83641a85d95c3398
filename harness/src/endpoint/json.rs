//! JSON in and out of the control API, without a framework's own errors.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};

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
