//! Work that takes a while, done where nobody waits for its thread.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// Does `work` in a thread that no other task needs.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        // The task can only fail by a panic of ours, which goes on here.
        Err(panicked) => resume_unwind(panicked.into_panic()),
    }
}
