//! When the program is asked to end: SIGTERM and Ctrl-C, or what Windows has of them.

use std::io;

/// Watches for requests to end.
#[derive(Debug)]
pub(crate) struct Signals(imp::Signals);

impl Signals {
    /// Takes such requests over from the system, which would end the program at once.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn watch() -> io::Result<Self> {
        imp::Signals::watch().map(Self)
    }

    /// The next request to end.
    pub(crate) async fn next(&mut self) {
        self.0.next().await;
    }
}

#[cfg(unix)]
mod imp {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub(super) struct Signals {
        terminate: Signal,
        interrupt: Signal,
    }

    impl Signals {
        pub(super) fn watch() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }

        pub(super) async fn next(&mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::io;

    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

    #[derive(Debug)]
    pub(super) struct Signals {
        interrupt: CtrlC,
        terminate: CtrlBreak,
        close: CtrlClose,
    }

    impl Signals {
        pub(super) fn watch() -> io::Result<Self> {
            Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_break()?, close: ctrl_close()? })
        }

        pub(super) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.close.recv() => {}
            }
        }
    }
}
