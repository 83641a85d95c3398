//! The WSUS server that a device asks: what it answers, and which updates it has approved.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, Url, wrong};
use crate::agent::UpdateId;
use crate::device::{ProfileError, UpdateEntry};

/// The WSUS server, be it a software update point, and what the client's store of it is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wsus {
    /// Its address; where the device asks another one, there is none. Every address is its own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What it does when the device asks: 200 when absent.
    pub answers: Answer,
    /// What the client's own store of the server's metadata is like.
    pub client_state: ClientState,
    /// What the approval is of an update that `approvals` does not name.
    pub approval: WsusApproval,
    /// The approvals of updates and classifications.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, WsusApproval>")]
    pub approvals: BTreeMap<UpdateId, WsusApproval>,
}

/// What the client's store of metadata, `SoftwareDistribution`, is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientState {
    /// As it should be.
    #[default]
    Sound,
    /// Of no use any more: scans fail until it is made anew.
    Stale,
}

/// What a WSUS server does with an update.
///
/// Source: Japanese WSUS support blog, "Declining updates" (2017-12-11): the four states of approval. Approval for removal
/// is not modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WsusApproval {
    /// Delivered, and reported.
    #[default]
    Approved,
    /// Reported, and not delivered.
    NotApproved,
    /// Neither.
    Declined,
}

impl Default for Wsus {
    fn default() -> Self {
        Self {
            server: None,
            answers: Answer::OK,
            client_state: ClientState::Sound,
            approval: WsusApproval::Approved,
            approvals: BTreeMap::new(),
        }
    }
}

impl Wsus {
    /// What the server does with an update: what is said of the update itself counts before its classification.
    #[must_use]
    pub fn approval_of(&self, update: &UpdateEntry) -> WsusApproval {
        let by_id = |id: UpdateId| self.approvals.get(&id).copied();
        by_id(update.id).or_else(|| by_id(update.classification.id())).unwrap_or(self.approval)
    }

    /// What a device meets at `url`.
    pub(super) fn answer(&self, url: &Url<'_>) -> Answer {
        match self.server.as_deref().map(Url::of) {
            Some(server) if !server.is_host_of(url) => Answer::NameNotResolved,
            Some(server) if server.port != url.port => Answer::CannotConnect,
            Some(_) | None => self.answers,
        }
    }

    pub(super) fn check(&self) -> Result<(), ProfileError> {
        if self.server.as_deref().is_some_and(|server| Url::of(server).host.is_empty()) {
            return Err(wrong("wsus.server", "expected a URL like `http://wsus.contoso.com:8530`"));
        }
        match self.answers {
            Answer::NoClientCertificate => {
                Err(wrong("wsus.answers", "`no-client-certificate` is an answer of a management point"))
            }
            Answer::Status(_)
            | Answer::Timeout
            | Answer::NameNotResolved
            | Answer::CannotConnect
            | Answer::PoolStopped
            | Answer::TooManyRoundTrips => Ok(()),
        }
    }
}
