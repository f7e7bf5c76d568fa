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

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// To end.
    Stop(Stop),
    /// SIGHUP: to read the settings again.
    Reload,
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

    /// Returns the next signal.
    pub(crate) async fn next(&mut self) -> Demand {
        tokio::select! {
            _ = self.term.recv() => Demand::Stop(Stop::Term),
            _ = self.int.recv() => Demand::Stop(Stop::Int),
            _ = self.hangup.recv() => Demand::Reload,
        }
    }

    /// Returns at the next signal that asks to stop.
    pub(crate) async fn stop(&mut self) -> Stop {
        loop {
            match self.next().await {
                Demand::Stop(stop) => return stop,
                Demand::Reload => tracing::info!("SIGHUP is ignored: no settings are read now"),
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
