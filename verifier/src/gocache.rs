//! `verify-build cache`: Go build caches, audited and compared.
//!
//! ```text
//! place     which cache: $GOCACHE, the default, a folder or a tar archive
//! source    reading it: folder and packed (a tar archive) give the same survey
//! reading   one output, hashed as it streams by: file and content ID at once
//! program   one linked program, which lies in a folder of its own
//! survey    all index lines and outputs of one cache
//! entry     one index line beside its output: sound, harmless, damaged, poisoned
//! modindex  module indexes beside the files they are taken for
//! audit     the entries judged, what was found, how to print it
//! compare   two surveys joined by action, what differs explained
//! ```
//!
//! Nothing in a cache is ever written, renamed, touched or followed: damaged
//! files are evidence.

pub mod audit;
pub mod compare;
pub mod entry;
pub mod folder;
pub mod modindex;
pub mod package;
pub mod packed;
pub mod place;
pub mod program;
pub mod reading;
pub mod source;
pub mod survey;

use crate::args::cache::{Cache, Command};
use crate::host::Host;
use crate::report::printed::Printed;

/// Runs the command.
///
/// # Errors
/// When there is no such cache, or it can't be read at all.
pub fn run(args: &Cache, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    match &args.command {
        Command::Audit { folder } => {
            let place = place::find(folder.as_deref(), host)?;
            Ok(Box::new(audit::run(&place, host)?))
        }
        Command::Compare { a, b } => Ok(Box::new(compare::run([a, b], host)?)),
    }
}
