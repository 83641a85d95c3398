//! How far the disk is behind one device, and who waits for it to catch up.
//!
//! Deliberately absent: locks, the journal, and the disk.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Live;
use super::pipeline::{NotSaved, Wait};
use crate::event::DeviceEvent;
use crate::transcript::Ticket;

/// How far the disk is behind.
#[derive(Debug, Default)]
pub(super) struct Saving {
    /// What the disk has.
    saved: Option<Live>,
    /// What the next commit has to take along.
    next: Share,
    /// What the commit that is under way takes along.
    under_way: Option<Share>,
}

/// A device's share of a commit.
#[derive(Debug, Default)]
struct Share {
    /// Whether the device differs from what the commit before has.
    is_changed: bool,
    /// Whether the thread that commits knows.
    is_queued: bool,
    waiting: Vec<Waiting>,
}

/// Someone who waits for a commit.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) done: oneshot::Sender<Result<(), NotSaved>>,
    /// What the journal hears of it.
    pub(super) entry: Option<Open>,
}

/// An entry of the journal that ends with a commit.
#[derive(Debug)]
pub(super) enum Open {
    /// An exchange, with its answer and what the device has done.
    Exchange(Ticket, Bytes, Arc<[DeviceEvent]>),
    /// A call of the control API, with what the device has done.
    Call(Ticket, Arc<[DeviceEvent]>),
}

impl Open {
    /// Whether an answer goes out with it.
    pub(super) const fn is_answer(&self) -> bool {
        match self {
            Self::Exchange(..) => true,
            Self::Call(..) => false,
        }
    }
}

/// Those who waited for a commit, and what they are to hear.
#[derive(Debug)]
#[must_use = "somebody waits for word"]
pub(super) struct Word {
    pub(super) to: Vec<oneshot::Sender<Result<(), NotSaved>>>,
    pub(super) is: Result<(), NotSaved>,
}

impl Word {
    /// How many waited.
    pub(super) const fn len(&self) -> usize {
        self.to.len()
    }

    /// Lets them know.
    pub(super) fn send(self) {
        for waiting in self.to {
            // Who has gone away meanwhile needs no word.
            let _ = waiting.send(self.is.clone());
        }
    }
}

/// A device as it was taken along by a commit.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) before: Option<Live>,
    pub(super) after: Option<Live>,
    is_changed: bool,
}

impl Captured {
    /// Whether there is something to write.
    pub(super) const fn is_changed(&self) -> bool {
        self.is_changed
    }
}

impl Saving {
    /// The disk has `saved`.
    pub(super) fn of(saved: Option<Live>) -> Self {
        Self { saved, ..Self::default() }
    }

    /// The disk has nothing yet. Whoever adds devices queues them together.
    pub(super) fn of_new(is_kept: bool) -> Self {
        let next = Share { is_changed: is_kept, is_queued: is_kept, waiting: Vec::new() };
        Self { next, ..Self::default() }
    }

    /// What the disk has.
    pub(super) const fn saved(&self) -> Option<&Live> {
        self.saved.as_ref()
    }

    /// The device differs from what the disk has, or will have.
    pub(super) const fn changed(&mut self) {
        self.next.is_changed = true;
    }

    /// Whether something is not on disk yet.
    pub(super) const fn is_behind(&self) -> bool {
        self.next.is_changed || self.under_way.is_some()
    }

    /// Waits for the first commit that has everything up to now.
    pub(super) fn wait(&mut self, entry: Option<Open>) -> Wait {
        let share = match &mut self.under_way {
            _ if self.next.is_changed => &mut self.next,
            Some(under_way) => under_way,
            None => return Wait::Over,
        };
        let (done, saved) = oneshot::channel();
        share.waiting.push(Waiting { done, entry });
        Wait::For(saved)
    }

    /// Whether the thread that commits has to be told that somebody waits. It counts as told.
    pub(super) fn is_to_be_queued(&mut self) -> bool {
        !self.next.waiting.is_empty() && !mem::replace(&mut self.next.is_queued, true)
    }

    /// A commit takes along what there is; the device is as `after` says.
    pub(super) fn capture(&mut self, after: Option<Live>) -> Captured {
        let share = mem::take(&mut self.next);
        let captured = Captured { before: self.saved.clone(), after, is_changed: share.is_changed };
        self.under_way = Some(share);
        captured
    }

    /// The disk has what was captured. Gives those who waited for it.
    pub(super) fn committed(&mut self, captured: Captured) -> Vec<Waiting> {
        self.saved = captured.after;
        self.under_way.take().unwrap_or_default().waiting
    }

    /// What is not on disk is given up. Gives those who waited for it. `is_queued` says whether the thread that commits
    /// still knows, from whether it did.
    pub(super) fn go_back(&mut self, is_queued: impl FnOnce(bool) -> bool) -> Vec<Waiting> {
        let mut waiting = self.under_way.take().unwrap_or_default().waiting;
        let next = mem::take(&mut self.next);
        self.next.is_queued = is_queued(next.is_queued);
        waiting.extend(next.waiting);
        waiting
    }

    /// How many wait for the next commit.
    pub(super) const fn waiting(&self) -> usize {
        self.next.waiting.len()
    }

    /// How many wait for the commit that is under way.
    #[cfg(test)]
    pub(super) fn riding(&self) -> usize {
        self.under_way.as_ref().map_or(0, |share| share.waiting.len())
    }
}
