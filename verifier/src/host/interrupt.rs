//! Ctrl-C and termination, seen as a flag by whoever waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

#[cfg(unix)]
use crate::exit::INTERRUPTED;

/// Set once somebody wants this run to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes over Ctrl-C, termination and hang-up for this process: the first
    /// sets the flag, so that children are stopped and folders removed; a second
    /// one ends the process where it stands.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn install() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        #[cfg(unix)]
        for signal in signal_hook::consts::TERM_SIGNALS {
            if *signal == signal_hook::consts::SIGQUIT {
                continue;
            }
            // In this order: the second signal must find the flag set.
            signal_hook::flag::register_conditional_shutdown(
                *signal,
                INTERRUPTED.into(),
                Arc::clone(&interrupt.0),
            )
            .and_then(|_| signal_hook::flag::register(*signal, Arc::clone(&interrupt.0)))
            .context("taking over Ctrl-C")?;
        }
        Ok(interrupt)
    }

    /// Sets the flag, as Ctrl-C does.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Says whether this run should end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
