//! What has been said to a device: its transcript, and what its peers did wrong.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use hyper::body::Frame;

use super::super::Shared;
use super::super::json::Json;
use super::super::name::Name;
use super::super::problem::{Kind, Problem, ProblemDocument};
use super::query;
use crate::aside::aside;
use crate::event::RecordedEvent;
use crate::fleet::Host;
use crate::transcript::{Entry, LineWriter, Secrets};
use crate::violation::RecordedViolation;

/// The last exchanges
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/transcript",
    tag = "control",
    operation_id = "showTranscript",
    params(("name" = String, Path, description = "The device's name")),
    responses(
        (status = 200, description = "JSON Lines: the device as it was, then what happened to it since", content_type = "application/jsonl", body = String),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn transcript(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
) -> Result<impl IntoResponse, Problem> {
    let host = shared.host(&name)?;
    // What is left out of memory is worked out again: messages may have to be applied once more.
    let lines = aside(move || Lines::of(&host, shared.secrets)).await?;
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], Body::new(lines)))
}

/// What the servers did wrong so far
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/violations",
    tag = "control",
    operation_id = "listViolations",
    params(
        ("name" = String, Path, description = "The device's name"),
        ("since" = Option<u64>, Query, description = "Only those with a higher `seq`"),
    ),
    responses(
        (status = 200, description = "In the order in which they happened", body = ref("#/components/schemas/Violations")),
        (status = 400, description = "`since` is no number", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn violations(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    uri: Uri,
) -> Result<Json<Vec<RecordedViolation>>, Problem> {
    let host = shared.host(&name)?;
    let since = since(&uri, "a violation")?;
    Ok(Json(host.violations(since)))
}

/// What the device has done so far
#[utoipa::path(
    get,
    path = "/_cspsim/devices/{name}/events",
    tag = "control",
    operation_id = "listEvents",
    params(
        ("name" = String, Path, description = "The device's name"),
        ("since" = Option<u64>, Query, description = "Only those with a higher `seq`"),
    ),
    responses(
        (status = 200, description = "The last ones, in the order in which they happened", body = Vec<RecordedEvent>),
        (status = 400, description = "`since` is no number", content_type = "application/problem+json", body = ProblemDocument),
        (status = 404, description = "There is no such device", content_type = "application/problem+json", body = ProblemDocument),
        (status = 503, description = "They could not be saved", content_type = "application/problem+json", body = ProblemDocument),
    )
)]
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Name(name): Name,
    uri: Uri,
) -> Result<Json<Vec<RecordedEvent>>, Problem> {
    let host = shared.host(&name)?;
    let since = since(&uri, "an event")?;
    Ok(Json(host.events(since).await?))
}

fn since(uri: &Uri, of: &str) -> Result<u64, Problem> {
    let Some(text) = query::one(uri, "since")? else { return Ok(0) };
    text.parse().map_err(|_| {
        Problem::new(Kind::Request, format!("since: `{text}` is no number: expected the `seq` of {of}"))
    })
}

/// A transcript that is written as far as its reader takes it: until then its bodies are those that the device's journal
/// has, however many read them.
struct Lines {
    name: Arc<str>,
    lines: LineWriter<Vec<u8>>,
    entries: std::vec::IntoIter<Entry>,
}

impl Lines {
    /// What is handed on at once, if no line is longer.
    const PIECE: usize = 64 << 10;

    fn of(host: &Host, secrets: Secrets) -> Result<Self, Problem> {
        let (device, entries) = host.transcript();
        let mut lines = LineWriter::new(Vec::new(), secrets);
        let name = Arc::clone(host.name());
        lines.header(&name, &Arc::new(device.snapshot())).map_err(|error| {
            Problem::new(Kind::Internal, format!("the transcript cannot be written: {error}"))
        })?;
        Ok(Self { name, lines, entries: entries.into_iter() })
    }
}

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Self { name, lines, entries } = &mut *self;
        while lines.written() < Self::PIECE
            && let Some(entry) = entries.next()
        {
            if let Err(error) = lines.entry(name, entry) {
                return Poll::Ready(Some(Err(error)));
            }
        }
        let piece = lines.take();
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece.into()))))
    }
}
