//! Names of private modules: whom they are told, and what is said instead.
//!
//! A name under `upstream.private` goes to the upstreams named there and to nobody
//! else. "Not found" about such a name would send the go command to its next proxy, or
//! to version control, with the name: so it is said only where the go command needs it
//! to go on. `go install corp.example/tools/cmd/x@latest` asks for each prefix of the
//! path, and any answer but "not found" about a longer one ends it, although the
//! shorter `corp.example/tools` is the module.
//!
//! Source: cmd/go/internal/modload/query.go, `queryPrefixModules`.

use std::sync::Arc;

use bytes::Bytes;
use proto::goproxy::Request;
use proto::module::ModulePath;

use super::Modules;
use super::changing::Changing;
use super::error::Error;
use crate::ask::Asked;
use crate::shelf::answer::Kind;
use crate::source::upstream::{FetchError, is_timeout_in_disguise};
use crate::store::Key;

/// Shorter paths that are looked at; a path of a package has few elements.
const PREFIXES_MAX: usize = 16;

impl Modules {
    /// Returns what is said about a private module that cannot be answered; errors
    /// about others stay as they are.
    pub(super) async fn as_private(
        self: &Arc<Self>,
        module: &str,
        error: Error,
        asked: &Asked,
    ) -> Error {
        let Some(entry) = self.private.private_entry(module) else {
            return error;
        };
        let error = match error {
            // Upstream has not said that it is absent, so nobody is told so.
            Error::NotFound { upstream, text, .. } if is_timeout_in_disguise(&text) => {
                return late(upstream, text);
            }
            error => error,
        };
        let (is_absent, may_ask) = match &error {
            Error::NotFound { .. } => (true, true),
            Error::NotStored | Error::Off => (true, false),
            _ => (false, false),
        };
        if !is_absent {
            return error;
        }
        // With nobody named for the module nobody has said that it is absent.
        if entry.list.is_some() && self.has_shorter_module(module, may_ask, asked).await {
            return match error {
                Error::Off => Error::NotStored,
                error => error,
            };
        }
        let module = module.to_owned();
        match may_ask {
            true => Error::PrivateAbsent { module },
            false => Error::PrivateNotStored { module },
        }
    }

    /// Tells whether a shorter path is that of a module, as far as what is stored
    /// tells and, with `may_ask`, the upstreams named for it.
    async fn has_shorter_module(
        self: &Arc<Self>,
        module: &str,
        may_ask: bool,
        asked: &Asked,
    ) -> bool {
        for shorter in shorter_paths(module).take(PREFIXES_MAX) {
            let Ok(path) = ModulePath::parse(shorter) else {
                continue;
            };
            let list = Changing {
                key: Key::of(&Request::List(path.clone())),
                module: path,
                kind: Kind::List,
            };
            let prefix = list.key.module_prefix().unwrap_or_default().to_owned();
            if self.is_stored(&prefix).await || self.stored_changing(&list).await.is_some() {
                return true;
            }
            if may_ask
                && !asked.cached_only
                && self.shelf.refused(&list.key).is_none()
                && self.asked_first(&list, asked).await.is_ok()
            {
                return true;
            }
        }
        false
    }
}

/// Returns what is said of something that upstream did not come by in time.
fn late(upstream: Arc<str>, text: Bytes) -> Error {
    Error::Upstream(FetchError::Unavailable {
        upstream,
        reason: "it did not come by the file in time".to_owned(),
        status: None,
        text,
        retry_after: None,
    })
}

/// Returns the paths that remain when the last elements are taken off, one more each
/// time, longest first.
fn shorter_paths(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/').map(|(shorter, _)| shorter), |path| {
        path.rsplit_once('/').map(|(shorter, _)| shorter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_paths_end_at_the_host() {
        let shorter: Vec<_> = shorter_paths("corp.example/tools/cmd/x").collect();
        let want = [
            "corp.example/tools/cmd",
            "corp.example/tools",
            "corp.example",
        ];
        assert_eq!(shorter, want);
        assert_eq!(shorter_paths("corp.example").count(), 0);
    }
}
