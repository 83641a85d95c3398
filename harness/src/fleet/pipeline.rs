//! From devices in memory to the disk: one thread that commits what has changed, a batch at a time.
//!
//! While a commit is under way, messages go on being applied; what they change makes the next batch. So one poster waits
//! for one commit, and many posters share one. Posters who are let go together mostly come back together: a batch waits a
//! moment for them, where otherwise half of them would always wait for the commit of the other half.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use csp_model::Device;

use super::saving::Word;
use super::{Host, Hosts};

/// One device before and after the messages of a batch; `None` where it is not there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) name: &'a str,
    pub(crate) before: Option<&'a Device>,
    pub(crate) after: Option<&'a Device>,
}

/// What keeps devices.
pub(crate) trait Storage: Send {
    /// Why it cannot.
    type Error: std::fmt::Display;

    /// Keeps all of `changes`, or none.
    ///
    /// # Errors
    /// When it cannot; then it is as it was.
    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), Self::Error>;
}

/// That something could not be saved, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotSaved(pub(crate) Arc<str>);

/// What waits for a commit: or has nothing to wait for.
#[derive(Debug)]
pub(crate) enum Wait {
    /// It is saved, or nothing is kept.
    Over,
    /// For the commit that takes it along.
    For(oneshot::Receiver<Result<(), NotSaved>>),
}

impl Wait {
    /// Waits.
    pub(crate) async fn done(self) -> Result<(), NotSaved> {
        match self {
            Self::Over => Ok(()),
            Self::For(saved) => saved.await.unwrap_or_else(|_| Err(NotSaved::closed())),
        }
    }
}

impl NotSaved {
    /// Nobody is there any more who could save it.
    pub(crate) fn closed() -> Self {
        Self("the program is stopping".into())
    }
}

/// Commits so far, and the answers that they let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) commits: u64,
    pub(crate) failed: u64,
    pub(crate) answers: u64,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    failed: AtomicU64,
    answers: AtomicU64,
}

/// The way to the thread that commits.
#[derive(Debug, Clone)]
pub(super) struct Pipeline {
    jobs: mpsc::Sender<Job>,
    counters: Arc<Counters>,
}

enum Job {
    /// What has become of these devices is to be saved, all of it by one commit.
    Save(Unsaved),
    /// What came before is to be saved, and then nothing more.
    Stop(oneshot::Sender<()>),
}

/// Devices that nobody has saved yet. Whoever waits for them hears of it when nobody ever will.
#[derive(Default)]
struct Unsaved(Vec<Arc<Host>>);

impl Drop for Unsaved {
    fn drop(&mut self) {
        self.0.iter().for_each(|host| host.abandoned());
    }
}

impl Pipeline {
    pub(super) fn start(storage: impl Storage + 'static, hosts: Weak<Hosts>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let counters = Arc::<Counters>::default();
        let counters_of_writer = Arc::clone(&counters);
        let writer =
            Writer { storage, hosts, counters: counters_of_writer, expected: 0, took: Duration::ZERO };
        thread::Builder::new().name("cspsim-commit".to_owned()).spawn(move || writer.run(&queue))?;
        Ok(Self { jobs, counters })
    }

    /// Queues devices that have changed.
    pub(super) fn save(&self, hosts: Vec<Arc<Host>>) {
        // What is not taken any more says so when it is dropped.
        let _ = self.jobs.send(Job::Save(Unsaved(hosts)));
    }

    /// Waits until everything that was queued is on disk, and the disk is let go.
    pub(super) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.jobs.send(Job::Stop(done)).is_ok() {
            // The other end is dropped when the thread has ended otherwise: it has stopped all the same.
            let _ = stopped.await;
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { commits, failed, answers } = &*self.counters;
        Counts { commits: read(commits), failed: read(failed), answers: read(answers) }
    }
}

struct Writer<S> {
    storage: S,
    hosts: Weak<Hosts>,
    counters: Arc<Counters>,
    /// How many may wait for the next commit: those whom the last one let go, and who waited already.
    expected: usize,
    /// How long the last commit took.
    took: Duration,
}

/// What the next commit takes along. Should the commit panic, those who wait for it hear of that.
#[derive(Default)]
struct Batch {
    hosts: Unsaved,
    /// Who wants to know that it was the last.
    stop: Option<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, job: Job) {
        match job {
            Job::Save(mut unsaved) => self.hosts.0.append(&mut unsaved.0),
            Job::Stop(done) => self.stop = Some(done),
        }
    }

    /// Adds what waits in the queue. What comes after the end stays there.
    fn take(&mut self, queue: &mpsc::Receiver<Job>) {
        while self.stop.is_none()
            && let Ok(job) = queue.try_recv()
        {
            self.add(job);
        }
    }

    fn waiting(&self) -> usize {
        self.hosts.0.iter().map(|host| host.waiting()).sum()
    }
}

impl<S: Storage> Writer<S> {
    /// Between the looks at who has come.
    const LOOK: Duration = Duration::from_micros(50);

    fn run(mut self, queue: &mpsc::Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            let mut batch = Batch::default();
            batch.add(job);
            batch.take(queue);
            let begun = Instant::now();
            while batch.stop.is_none() && batch.waiting() < self.expected && begun.elapsed() < self.patience()
            {
                thread::sleep(Self::LOOK);
                batch.take(queue);
            }
            self.commit(&batch.hosts.0);
            batch.hosts.0.clear();
            if let Some(done) = batch.stop {
                // Whoever is told finds the file free.
                drop(self);
                let _ = done.send(());
                return;
            }
        }
    }

    /// As long as a commit takes, within reason.
    fn patience(&self) -> Duration {
        self.took.clamp(Duration::from_micros(500), Duration::from_millis(2))
    }

    fn commit(&mut self, batch: &[Arc<Host>]) {
        let begun = Instant::now();
        let captured: Vec<_> = batch.iter().map(|host| host.capture()).collect();
        let changes: Vec<_> = batch
            .iter()
            .zip(&captured)
            .filter(|(_, captured)| captured.is_changed())
            .map(|(host, captured)| Change {
                name: host.name(),
                before: captured.before.as_ref().map(|live| &live.device),
                after: captured.after.as_ref().map(|live| &live.device),
            })
            .collect();
        let committed = if changes.is_empty() {
            Ok(())
        } else {
            let counter = &self.counters.commits;
            counter.fetch_add(1, Ordering::Relaxed);
            self.storage.commit(&changes)
        };
        let words: Vec<_> = match committed {
            Ok(()) => {
                let committed = batch.iter().zip(captured).map(|(host, captured)| host.committed(captured));
                let (words, answers): (_, Vec<_>) = committed.unzip();
                self.counters.answers.fetch_add(answers.iter().sum(), Ordering::Relaxed);
                words
            }
            Err(error) => {
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(devices = batch.len(), "cannot save: {error}");
                let why = NotSaved(error.to_string().into());
                batch.iter().map(|host| host.undone(&why)).collect()
            }
        };
        // Whoever hears that a device is gone can use its name again.
        self.forget_the_gone(batch);
        self.took = begun.elapsed();
        self.expected = words.iter().map(Word::len).sum::<usize>();
        self.expected += batch.iter().map(|host| host.waiting()).sum::<usize>();
        words.into_iter().for_each(Word::send);
    }

    /// Devices that are no more, or have never come to be, make room for others of their name.
    fn forget_the_gone(&self, batch: &[Arc<Host>]) {
        let Some(hosts) = self.hosts.upgrade() else { return };
        let gone: Vec<_> = batch.iter().filter(|host| host.is_gone()).collect();
        if !gone.is_empty() {
            let mut hosts = hosts.write();
            for host in gone {
                if hosts.get(host.name()).is_some_and(|known| Arc::ptr_eq(known, host)) {
                    hosts.remove(host.name());
                }
            }
        }
    }
}

/// A disk that takes longer for a commit: what a slow one does to those who wait can be seen on a quick one.
#[derive(Debug)]
pub(crate) struct Slowed<S> {
    pub(crate) storage: S,
    pub(crate) by: Duration,
}

impl<S: Storage> Storage for Slowed<S> {
    type Error = S::Error;

    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), Self::Error> {
        thread::sleep(self.by);
        self.storage.commit(changes)
    }
}
