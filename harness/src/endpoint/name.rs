//! The device's name in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::problem::{Kind, Problem};

/// The part of a path that names a device.
#[derive(Debug)]
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state).await.map_err(|rejection| {
            Problem::new(Kind::Request, format!("the path names no device: {}", rejection.body_text()))
        })?;
        Ok(Self(name))
    }
}
