//! `file://` upstreams: a plain tree of files in the layout of a GOPROXY.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::body::{Body, Bounds};
use super::host::{Host, now};
use super::target::check_path;
use super::{FetchError, Fetched, Want};
use crate::blocking::{self, CALL_MAX};
use crate::metrics::Outcome;

/// Opens a file of a tree.
///
/// Symbolic links are followed as long as they stay inside the tree. What is a
/// folder, or lies under a file, does not exist.
pub(super) async fn open(
    label: &Arc<str>,
    (root, host): (&Path, &Host),
    path: &str,
    want: &Want,
) -> Result<Fetched, FetchError> {
    check_path(path)?;
    let since = now();
    let opened = resolve(root.to_owned(), path.to_owned()).await;
    let opened = opened.map_err(|error| answer(label, &error));
    let outcome = match &opened {
        Ok(_) => Outcome::Ok,
        Err(FetchError::NotFound { .. }) => Outcome::NotFound,
        Err(_) => Outcome::Broken,
    };
    host.count(outcome, since);
    let (file, length) = opened?;
    if length > want.body_max {
        return Err(FetchError::TooLarge {
            upstream: Arc::clone(label),
            length,
            max: want.body_max,
        });
    }
    let bounds = Bounds {
        length: Some(length),
        max: want.body_max,
        // Files do not stall; a network file system that does holds one thread of
        // the blocking pool.
        stall: Duration::MAX,
    };
    Ok(Fetched {
        upstream: Arc::clone(label),
        url: format!("{label}/{path}"),
        length: Some(length),
        content_type: None,
        body: Body::file(file, bounds),
    })
}

async fn resolve(root: PathBuf, path: String) -> io::Result<(tokio::fs::File, u64)> {
    let (file, length) = blocking::run_within(CALL_MAX, move || {
        // A tree that is not mounted has no word on what exists.
        let root = root
            .canonicalize()
            .map_err(|error| io::Error::new(io::ErrorKind::HostUnreachable, error))?;
        let full = root.join(path).canonicalize()?;
        if !full.starts_with(&root) {
            return Err(io::Error::other(OUTSIDE));
        }
        // Before it is opened: a pipe waits for whoever writes to it.
        if !std::fs::metadata(&full)?.is_file() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let file = std::fs::File::open(full)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    })
    .await?;
    Ok((tokio::fs::File::from_std(file), length))
}

const OUTSIDE: &str = "a link leads out of the tree";

fn answer(label: &Arc<str>, error: &io::Error) -> FetchError {
    let upstream = Arc::clone(label);
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::InvalidFilename => FetchError::NotFound {
            upstream,
            status: 404,
            text: Bytes::new(),
        },
        io::ErrorKind::Other => FetchError::BadAnswer {
            upstream,
            reason: error.to_string(),
        },
        _ => FetchError::Unavailable {
            upstream,
            reason: error.to_string(),
            status: None,
            text: Bytes::new(),
            retry_after: None,
        },
    }
}
