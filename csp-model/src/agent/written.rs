//! Records as older snapshots have them: without the discovery, which was when the update came to where it stands.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Content, Failure, UpdateState};

/// A record as it is written, by this version or one before it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    revision: u32,
    state: UpdateState,
    since: DateTime<Utc>,
    discovered: Option<DateTime<Utc>>,
    #[serde(default)]
    content: Content,
    failure: Option<Failure>,
}

impl From<Record> for super::Record {
    fn from(written: Record) -> Self {
        let Record { revision, state, since, discovered, content, failure } = written;
        Self { revision, state, since, discovered: discovered.unwrap_or(since), content, failure }
    }
}
