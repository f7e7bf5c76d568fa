//! Where connections come in: TCP, unix sockets, and sockets that systemd opened.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::inherited::{self, HandedDown, Inherited};
use super::peer::ClientAddress;
use crate::config::Address;

/// A socket that connections come in at.
#[derive(Debug)]
pub(crate) enum Listener {
    /// A TCP port.
    Tcp(TcpListener),
    /// A unix socket.
    Unix {
        /// The socket.
        socket: UnixListener,
        /// Its file, removed with it, unless it is the service manager's.
        _file: Option<SocketFile>,
    },
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a unix socket.
    Unix(UnixStream),
}

/// Why an address cannot be listened at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The operating system refuses the TCP address.
    #[error("listening on {address}: {source}{}", hint(.source))]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The operating system refuses the socket file.
    #[error("listening on unix:{}: {source}", .path.display())]
    Unix {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program answers at the socket file.
    #[error("listening on unix:{}: another program listens there", .path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Something else has the socket file's name.
    #[error("listening on unix:{0}: {0} is not a socket and stays where it is", .path.display())]
    NotASocket {
        /// The file.
        path: PathBuf,
    },
    /// The service manager handed down no such socket, or one of no use.
    #[error(transparent)]
    Inherited(#[from] inherited::Error),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there, give another --listen",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE",
        _ => "",
    }
}

impl Listener {
    /// Listens at an address of the settings. Those of `inherited` are taken out of
    /// it.
    ///
    /// A unix socket may be opened by its owner alone (0600). A socket file that is
    /// there already is replaced when nobody answers at it.
    ///
    /// # Errors
    /// The address is taken, not allowed, or was not handed down.
    pub(crate) async fn bind(address: &Address, inherited: &mut Inherited) -> Result<Self, Error> {
        match address {
            Address::Tcp(address) => {
                let bound = TcpListener::bind(address).await;
                bound.map(Self::Tcp).map_err(|source| Error::Tcp {
                    address: *address,
                    source,
                })
            }
            Address::Unix(path) => bind_unix(path).await,
            Address::Inherited(name) => Ok(match inherited.take(name)? {
                HandedDown::Tcp(listener) => Self::Tcp(listener),
                HandedDown::Unix(socket) => Self::Unix {
                    socket,
                    _file: None,
                },
            }),
        }
    }

    /// Returns where it listens, with the port that was chosen.
    pub(crate) fn address(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Self::Unix { socket, .. } => {
                let address = socket.local_addr()?;
                let path = address.as_pathname().unwrap_or_else(|| Path::new(""));
                Ok(Address::Unix(path.to_owned()))
            }
        }
    }

    /// Waits for a connection.
    pub(super) async fn accept(&self) -> io::Result<(Stream, ClientAddress)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                let address = ClientAddress::Ip(address.ip().to_canonical());
                Ok((Stream::Tcp(stream), address))
            }
            Self::Unix { socket, .. } => {
                let (stream, _) = socket.accept().await?;
                Ok((Stream::Unix(stream), ClientAddress::Unix))
            }
        }
    }
}

async fn bind_unix(path: &Path) -> Result<Listener, Error> {
    let fail = |source| Error::Unix {
        path: path.to_owned(),
        source,
    };
    make_way(path).await?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(fail)?;
    let address = SockAddr::unix(path).map_err(fail)?;
    socket.bind(&address).map_err(fail)?;
    let file = SocketFile::of(path).map_err(fail)?;
    // Connections are refused until `listen`: nobody gets in by the rights that the
    // umask left.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(fail)?;
    socket.listen(BACKLOG).map_err(fail)?;
    socket.set_nonblocking(true).map_err(fail)?;
    Ok(Listener::Unix {
        socket: UnixListener::from_std(socket.into()).map_err(fail)?,
        _file: Some(file),
    })
}

/// Connections that wait to be accepted; tokio has the same for TCP.
const BACKLOG: i32 = 1024;

/// Removes a socket file that nobody answers at any more.
async fn make_way(path: &Path) -> Result<(), Error> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::Unix {
                path: path.to_owned(),
                source,
            });
        }
    };
    let path = path.to_owned();
    if !found.file_type().is_socket() {
        return Err(Error::NotASocket { path });
    }
    match UnixStream::connect(&path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(&path).map_err(|source| Error::Unix { path, source })
        }
        // Its queue is full, or we may not open it: it is not ours to remove.
        Ok(_) | Err(_) => Err(Error::Taken { path }),
    }
}

/// A socket file of ours, removed when dropped, unless another took its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // Whoever finds it finds nobody answering, and may replace it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn bind(path: &Path) -> Result<Listener, Error> {
        Listener::bind(&Address::Unix(path.to_owned()), &mut Inherited::none()).await
    }

    #[tokio::test]
    async fn a_unix_socket_is_its_owners_alone_and_goes_with_the_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sumward.sock");
        let listener = bind(&path).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let address = listener.address().unwrap();
        assert_eq!(address, Address::Unix(path.clone()));
        let _client = UnixStream::connect(&path).await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, ClientAddress::Unix);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_a_socket_that_nobody_answers_at_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sumward.sock");
        let first = bind(&path).await.unwrap();
        let error = bind(&path).await.unwrap_err();
        assert!(matches!(error, Error::Taken { .. }), "{error}");
        // The process died: its file stays.
        let stale = folder.path().join("stale.sock");
        fs::rename(&path, &stale).unwrap();
        drop(first);
        assert!(stale.exists(), "it has another name now");
        let second = bind(&stale).await.unwrap();
        assert!(UnixStream::connect(&stale).await.is_ok());
        drop(second);
    }

    #[tokio::test]
    async fn a_file_that_is_not_a_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        let error = bind(&path).await.unwrap_err();
        assert!(matches!(error, Error::NotASocket { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[tokio::test]
    async fn a_file_that_took_the_place_of_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sumward.sock");
        let listener = bind(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        drop(listener);
        assert!(path.exists());
    }

    #[tokio::test]
    async fn what_was_not_handed_down_is_named() {
        let address = Address::Inherited("main".to_owned());
        let bound = Listener::bind(&address, &mut Inherited::none()).await;
        let error = bound.unwrap_err().to_string();
        assert_eq!(
            error,
            "listening on systemd:main: systemd handed down no socket"
        );
    }
}
