//! A request's body, up to a size and within a time.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::problem::{Kind, Problem};

/// Reads the whole body.
///
/// # Errors
/// 413 when it is larger than `most`: at once when its length says so, and before any of it is asked for. 408 when it
/// takes longer than `time`, 400 when it ends early or is not what its header promises.
pub(super) async fn read(body: Body, most: usize, time: Duration) -> Result<Bytes, Problem> {
    let promised = body.size_hint().lower();
    if usize::try_from(promised).map_or(true, |promised| promised > most) {
        return Err(too_large(most));
    }
    match timeout(time, collect(body, most)).await {
        Ok(read) => read,
        Err(_) => {
            let seconds = time.as_secs_f64();
            Err(Problem::new(Kind::Slow, format!("the body did not arrive within {seconds} seconds")))
        }
    }
}

/// A body that arrives in one piece, as nearly all do, is not copied.
async fn collect(mut body: Body, most: usize) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken =
            |error: axum::Error| Problem::new(Kind::Request, format!("the body breaks off: {error}"));
        // Trailers say nothing here.
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if first.len() + all.len() + data.len() > most {
            return Err(too_large(most));
        }
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn too_large(most: usize) -> Problem {
    Problem::new(Kind::Large, format!("the body is larger than {most} bytes (--max-body)"))
}
