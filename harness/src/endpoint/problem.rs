//! What an HTTP client is told when something cannot be done: a problem document (RFC 9457).
//!
//! Deliberately absent: what the device itself refuses. That is a Status in its answer, under HTTP 200.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use csp_model::device::{FileError, SnapshotError};
use csp_model::xml::line_and_column;
use serde::Serialize;
use syncml::codec::Place;
use utoipa::ToSchema;

/// The media type of a problem document.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// What kinds of problems there are. Each has one `type`, one status and one title, which programs may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The request itself makes no sense: its query, its body's transfer, what it asks for.
    Request,
    /// A body that is no SyncML message.
    Message,
    /// A body that is no device file, no snapshot, no request for copies.
    Device,
    /// The token is missing or wrong.
    Token,
    /// The request is for another host, or comes from a web page.
    Foreign,
    /// There is no such resource.
    Absent,
    /// The resource is there, but not for this method.
    Method,
    /// The request took too long to arrive.
    Slow,
    /// There is a device of that name.
    Taken,
    /// There are as many devices as there may be.
    Full,
    /// The body is larger than it may be.
    Large,
    /// The body is of a kind that is not taken.
    Media,
    /// The state could not be saved: nothing has changed.
    NotSaved,
    /// Something of ours does not work.
    Internal,
}

impl Kind {
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Request => {
                ("urn:cspsim:problem:bad-request", StatusCode::BAD_REQUEST, "The request makes no sense")
            }
            Self::Message => {
                ("urn:cspsim:problem:malformed-message", StatusCode::BAD_REQUEST, "Not a SyncML message")
            }
            Self::Device => {
                ("urn:cspsim:problem:invalid-device", StatusCode::BAD_REQUEST, "Not a description of devices")
            }
            Self::Token => {
                ("urn:cspsim:problem:unauthorized", StatusCode::UNAUTHORIZED, "The token is missing or wrong")
            }
            Self::Foreign => {
                ("urn:cspsim:problem:foreign", StatusCode::FORBIDDEN, "Not from here, or not for here")
            }
            Self::Absent => ("urn:cspsim:problem:not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Self::Method => (
                "urn:cspsim:problem:method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "Not with this method",
            ),
            Self::Slow => {
                ("urn:cspsim:problem:timeout", StatusCode::REQUEST_TIMEOUT, "The request came too slowly")
            }
            Self::Taken => ("urn:cspsim:problem:name-taken", StatusCode::CONFLICT, "The name is taken"),
            Self::Full => ("urn:cspsim:problem:too-many-devices", StatusCode::CONFLICT, "Too many devices"),
            Self::Large => {
                ("urn:cspsim:problem:too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large")
            }
            Self::Media => (
                "urn:cspsim:problem:unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Not a media type that is taken here",
            ),
            Self::Internal => (
                "urn:cspsim:problem:internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something does not work here",
            ),
            Self::NotSaved => (
                "urn:cspsim:problem:not-saved",
                StatusCode::SERVICE_UNAVAILABLE,
                "The state could not be saved",
            ),
        }
    }
}

impl Kind {
    /// The header that belongs to it.
    const fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Token => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cspsim\"")))
            }
            Self::NotSaved => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            // What is not read of the request would be taken for the next one.
            Self::Slow => Some((header::CONNECTION, HeaderValue::from_static("close"))),
            Self::Request
            | Self::Message
            | Self::Device
            | Self::Foreign
            | Self::Absent
            | Self::Method
            | Self::Taken
            | Self::Full
            | Self::Large
            | Self::Media
            | Self::Internal => None,
        }
    }
}

/// Why a request cannot be done as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    kind: Kind,
    detail: String,
    /// Where in the body.
    place: Option<Place>,
    expected: Option<String>,
    path: Option<String>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument<'a> {
    /// The kind of problem, as a URI that programs can compare.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    kind: &'static str,
    /// The kind of problem in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what was expected.
    detail: &'a str,
    /// Where in the body, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column in that line in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// Where in a message in WBXML: the byte, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    /// What a malformed message should have had there.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    /// Which value of a device file or snapshot: `update[1].revision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), place: None, expected: None, path: None }
    }

    /// There is no device of that name.
    pub(super) fn no_device(name: &str) -> Self {
        Self::new(Kind::Absent, format!("there is no device `{name}`; GET /_cspsim/devices lists them"))
    }

    /// A body that is no message. `what` says what was found and, behind a comma, what was expected.
    pub(super) fn malformed(place: Place, what: &str) -> Self {
        let expected = what.rsplit_once("expected ").map(|(_, expected)| expected.to_owned());
        let problem = Self::new(Kind::Message, format!("{}: {what}", spelled_out(place)));
        Self { place: Some(place), expected, ..problem }
    }

    /// A value of a body that makes no sense.
    pub(super) fn value(path: impl Into<String>, what: &str) -> Self {
        let path = path.into();
        Self { path: Some(path.clone()), ..Self::new(Kind::Device, format!("{path}: {what}")) }
    }

    /// A device file, or another document of a device, that cannot be read.
    pub(super) fn file(error: &FileError, text: &str) -> Self {
        let place = error.span.as_ref().map(|span| text_place(line_and_column(text, span.start)));
        let at = place.map(|place| format!("{}: ", spelled_out(place))).unwrap_or_default();
        Self { path: error.path.clone(), place, ..Self::new(Kind::Device, format!("{at}{error}")) }
    }

    /// JSON that is none, or of another shape.
    pub(super) fn json(path: Option<String>, error: &serde_json::Error) -> Self {
        // The place is behind the message; it is told apart here.
        let message = error.to_string();
        let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
        let value = path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
        let place = text_place((error.line(), error.column()));
        let detail = format!("{}: {value}{what}", spelled_out(place));
        Self { path, place: Some(place), ..Self::new(Kind::Device, detail) }
    }

    /// A snapshot that is none of a device.
    pub(super) fn snapshot(error: &SnapshotError) -> Self {
        let path = match error {
            SnapshotError::Version(_) => Some("cspsim_snapshot".to_owned()),
            SnapshotError::File(error) => Some(format!("file.{}", error.path)),
            SnapshotError::NoSuchNode(_) => Some("state.stored".to_owned()),
            _ => None,
        };
        Self { path, ..Self::new(Kind::Device, error.to_string()) }
    }

    /// The same of a body that asks for something, and describes no device.
    pub(super) fn in_request(self) -> Self {
        let kind = match self.kind {
            Kind::Device => Kind::Request,
            other => other,
        };
        Self { kind, ..self }
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.kind.facts().1
    }

    fn document(&self) -> ProblemDocument<'_> {
        let (kind, status, title) = self.kind.facts();
        let (line, column, offset) = match self.place {
            None => (None, None, None),
            Some(Place::Text { line, column }) => (Some(line), Some(column), None),
            Some(Place::Byte(offset)) => (None, None, Some(offset)),
        };
        ProblemDocument {
            kind,
            title,
            status: status.as_u16(),
            detail: &self.detail,
            line,
            column,
            offset,
            expected: self.expected.as_deref(),
            path: self.path.as_deref(),
        }
    }
}

fn text_place((line, column): (usize, usize)) -> Place {
    Place::Text { line, column }
}

fn spelled_out(place: Place) -> String {
    match place {
        Place::Text { line, column } => format!("line {line}, column {column}"),
        Place::Byte(_) => place.to_string(),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A few strings and numbers: writing them cannot fail.
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = (self.status(), [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        response.headers_mut().extend(self.kind.header());
        response
    }
}
