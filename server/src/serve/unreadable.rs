//! Answers whose bytes the kernel could not read: maps of files that were cut, or
//! whose disk fails.
//!
//! Writing such bytes fails with `EFAULT` (or `EIO`), which the client has no part
//! in. It is the write that fails, not the map that says so, and only here is it
//! known which answers were being written.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustix::io::Errno;

/// What is called when the bytes of an answer could not be read while they were
/// written to the client.
///
/// It is put in the extensions of the response. It may be called for an answer that
/// only waited behind another one on the same connection, and more than once, so it
/// should look for itself whether the bytes are there.
#[derive(Clone)]
pub(crate) struct OnUnreadable(Arc<dyn Fn() + Send + Sync>);

impl OnUnreadable {
    /// Calls `then`, which must not block.
    pub(crate) fn new(then: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(then))
    }

    pub(super) fn call(&self) {
        (self.0)();
    }
}

impl fmt::Debug for OnUnreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnUnreadable")
    }
}

/// Tells whether a write failed because of the bytes and not of the client.
pub(super) fn is_of_the_bytes(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::FAULT, Errno::IO]
        .map(|errno| Some(errno.raw_os_error()))
        .contains(&code)
}
