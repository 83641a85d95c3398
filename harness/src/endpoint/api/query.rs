//! The query of a URL: each route knows its own parameters, and no others.

use axum::http::Uri;

use super::super::problem::{Kind, Problem};

/// The value of the one parameter that a route has.
///
/// # Errors
/// 400 for another parameter, or the same one twice.
pub(super) fn one(uri: &Uri, name: &str) -> Result<Option<String>, Problem> {
    let mut found = None;
    for (key, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if key != name {
            let what = format!("the parameter `{key}` is not known here: expected `{name}`");
            return Err(Problem::new(Kind::Request, what));
        }
        if found.replace(value.into_owned()).is_some() {
            return Err(Problem::new(Kind::Request, format!("the parameter `{name}` stands twice")));
        }
    }
    Ok(found)
}
