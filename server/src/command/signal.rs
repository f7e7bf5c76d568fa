//! Signals: what ends the server, and what does not.

use std::io;
use std::process::ExitCode;

use tokio::signal::unix::{self, SignalKind};

/// The signals that are waited for. While this lives none of them ends the process by
/// itself.
pub(crate) struct Signals {
    term: unix::Signal,
    int: unix::Signal,
    hangup: unix::Signal,
}

/// A signal that asks the server to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGINT, of Ctrl-C.
    Int,
    /// SIGTERM, of service managers.
    Term,
}

impl Signals {
    /// Takes the signals over.
    ///
    /// # Errors
    /// What the operating system answers.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self {
            term: unix::signal(SignalKind::terminate())?,
            int: unix::signal(SignalKind::interrupt())?,
            hangup: unix::signal(SignalKind::hangup())?,
        })
    }

    /// Returns at the next signal that asks to stop.
    pub(crate) async fn stop(&mut self) -> Stop {
        loop {
            tokio::select! {
                _ = self.term.recv() => return Stop::Term,
                _ = self.int.recv() => return Stop::Int,
                _ = self.hangup.recv() => {
                    tracing::info!("SIGHUP is ignored: settings are read at the start alone");
                }
            }
        }
    }
}

impl Stop {
    /// What a shell would say of a process that the signal killed.
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Int => ExitCode::from(130),
            Self::Term => ExitCode::from(143),
        }
    }
}
