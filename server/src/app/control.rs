//! The socket by which commands speak to a running server.
//!
//! It lies in `$RUNTIME_DIRECTORY` where there is one, else in the data folder, for
//! its owner alone (0600). `DATA/control` says where it is, so that a command needs to
//! know the data folder only.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Address, Config, UNIX_PATH_BYTES_MAX};
use crate::serve::inherited::Inherited;
use crate::serve::listener::Listener;
use crate::store::durable::Staging;
use crate::store::folder::read_small;

/// The socket's name in its folder.
const SOCKET: &str = "control.sock";

/// The file in the data folder that says where the socket is.
const NOTE: &str = "control";

/// Bytes that are read of it; a path to a socket has some hundred.
const NOTE_BYTES_MAX: u64 = 4096;

/// Returns where the socket of a server with these settings is; `None` when the path
/// is longer than a socket's may be.
fn path(config: &Config) -> Option<PathBuf> {
    let folder = config.runtime.as_deref().unwrap_or(&config.data);
    let folder = std::path::absolute(folder).ok()?;
    let path = in_folder(&folder);
    (path.as_os_str().len() <= UNIX_PATH_BYTES_MAX).then_some(path)
}

/// Returns where the socket is in its folder.
pub(crate) fn in_folder(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

/// Binds the socket and notes where it is. A server without one serves all the same.
pub(super) async fn listen(config: &Config, staging: &Staging) -> Option<Listener> {
    let Some(path) = path(config) else {
        tracing::warn!("the data folder's path is too long for a socket: purge by --admin");
        return None;
    };
    let bound = Listener::bind(&Address::Unix(path.clone()), &mut Inherited::none()).await;
    let noted = bound.map_err(anyhow::Error::from).and_then(|listener| {
        note(&config.data, staging, &path)?;
        Ok(listener)
    });
    let said = noted.map_err(|error| {
        let (path, error) = (path.display(), format!("{error:#}"));
        tracing::warn!(%path, error, "no socket for commands: purge by --admin");
    });
    said.ok()
}

/// Notes in the data folder where the socket is. Blocks.
///
/// # Errors
/// What the file system answers.
fn note(data: &Path, staging: &Staging, socket: &Path) -> io::Result<()> {
    let text = format!("{}\n", socket.display());
    staging.write(&data.join(NOTE), text.as_bytes())
}

/// Reads where the socket of the server is, or was, that has or had the data folder
/// open. Blocks.
///
/// # Errors
/// What the file system answers, but for a note that is not there.
pub(crate) fn noted(data: &Path) -> io::Result<Option<PathBuf>> {
    let Some(note) = read_small(&data.join(NOTE), NOTE_BYTES_MAX)? else {
        return Ok(None);
    };
    let text = String::from_utf8(note).map_err(io::Error::other)?;
    Ok(Some(PathBuf::from(text.trim_end_matches('\n'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_found_by_the_data_folder() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        assert_eq!(noted(data.path()).unwrap(), None);
        let mut config = Config::new(data.path().to_owned());
        let here = path(&config).unwrap();
        assert_eq!(here, data.path().join(SOCKET));
        config.runtime = Some("/run/sumward".into());
        let there = path(&config).unwrap();
        assert_eq!(there, Path::new("/run/sumward/control.sock"));
        note(data.path(), &staging, &there).unwrap();
        assert_eq!(noted(data.path()).unwrap(), Some(there));
        config.runtime = Some(format!("/{}", "x".repeat(200)).into());
        assert_eq!(path(&config), None);
    }
}
