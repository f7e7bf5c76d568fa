//! Listening sockets that the service manager opened and handed down.
//!
//! Source: systemd's sd_listen_fds(3).

use std::io;

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};

/// Why a socket cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The service manager handed down no such socket.
    #[error("listening on systemd:{name}: systemd handed down {}", names(.handed_down))]
    NotHandedDown {
        /// The configured name.
        name: String,
        /// The names of those that were handed down.
        handed_down: Vec<String>,
    },
    /// What was handed down is not a listening stream socket.
    #[error("listening on systemd:{name}: {source}")]
    Unfit {
        /// The configured name.
        name: String,
        /// Why.
        source: io::Error,
    },
}

fn names(names: &[String]) -> String {
    if names.is_empty() {
        return "no socket".to_owned();
    }
    format!("only {}", names.join(", "))
}

/// A listening socket that was handed down.
pub(super) enum HandedDown {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The sockets that were handed down and are not in use.
pub(crate) struct Inherited {
    sockets: ListenFd,
    /// Their names, in the same order.
    names: Vec<String>,
}

impl Inherited {
    /// Returns none.
    pub(crate) fn none() -> Self {
        Self {
            sockets: ListenFd::empty(),
            names: Vec::new(),
        }
    }

    /// Takes what was handed down to this process. It changes the environment, so that
    /// children do not take it too: to be called once, before there are threads.
    ///
    /// # Errors
    /// The environment contradicts itself.
    pub(crate) fn from_environment() -> io::Result<Self> {
        let handed_down = sd_notify::listen_fds_with_names()?;
        let names: Vec<_> = handed_down.map(|(_, name)| name).collect();
        if names.is_empty() {
            return Ok(Self::none());
        }
        Ok(Self {
            sockets: ListenFd::from_env(),
            names,
        })
    }

    /// Takes a socket out by its name (`FileDescriptorName=`).
    ///
    /// # Errors
    /// There is none of that name, or nothing can listen on it.
    pub(super) fn take(&mut self, name: &str) -> Result<HandedDown, Error> {
        let index = self.find(name)?;
        self.socket(index).map_err(|source| Error::Unfit {
            name: name.to_owned(),
            source,
        })
    }

    /// Looks for a socket of that name and leaves it where it is.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn find(&self, name: &str) -> Result<usize, Error> {
        let index = self.names.iter().position(|held| held == name);
        index.ok_or_else(|| Error::NotHandedDown {
            name: name.to_owned(),
            handed_down: self.names.clone(),
        })
    }

    fn socket(&mut self, index: usize) -> io::Result<HandedDown> {
        if let Ok(Some(listener)) = self.sockets.take_tcp_listener(index) {
            listener.set_nonblocking(true)?;
            return TcpListener::from_std(listener).map(HandedDown::Tcp);
        }
        let taken = self.sockets.take_unix_listener(index)?;
        let listener = taken.ok_or_else(|| io::Error::other("it is in use already"))?;
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(HandedDown::Unix)
    }
}
