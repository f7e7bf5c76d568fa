//! Work on a whole data folder: checking it, making its index anew, copying it.

pub(crate) mod backup;
pub(crate) mod examine;
pub(crate) mod fsck;
pub(crate) mod gc;
pub(crate) mod rebuild;
pub(crate) mod remake;

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Makes the runtime of a command that works on a folder by itself.
///
/// # Errors
/// What the operating system answers.
fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
}
