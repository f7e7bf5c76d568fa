//! `verify-build cache`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

/// Look into Go build caches
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Cache {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with build caches.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Check every entry of a build cache: index line, hash, size, build ID, module index
    #[command(after_help = AUDIT_HELP)]
    Audit {
        /// The cache, or a tar archive of one; $GOCACHE when left out, or where
        /// go keeps it without that
        #[arg(value_name = "DIR", value_hint = ValueHint::AnyPath)]
        folder: Option<PathBuf>,
    },
    /// Join two build caches by action, and explain what came out differently
    #[command(after_help = COMPARE_HELP)]
    Compare {
        /// A cache, or a tar archive of one (plain, gzip, xz, zstd)
        #[arg(value_name = "DIR", value_hint = ValueHint::AnyPath)]
        a: PathBuf,
        /// The other one
        #[arg(value_name = "DIR", value_hint = ValueHint::AnyPath)]
        b: PathBuf,
    },
}

const AFTER_HELP: &str = "\
Examples:
  verify-build cache audit                                   is the cache that go uses sound?
  verify-build cache compare ~/.cache/go-build theirs.tgz    what came out differently?

Files:
  DIR/00/ to DIR/ff/  the cache: index lines (...-a) and outputs (...-d)
  DIR/fuzz/           inputs of go test -fuzz; they are not looked into";

const AUDIT_HELP: &str = "\
Examples:
  verify-build cache audit                 the cache that go uses
  verify-build cache audit ~/go-build.tgz  one that another host packed

Nothing in the cache is changed, repaired or touched. Module indexes, by which go
chooses files, are held against the files on this machine; of a packed cache they
can't be. Files that cgo made and printed text do not say which action made them:
they are held against their names alone.

Exit codes:
  0  clean: every output is what its name says, every package and program carries
     the action of its entry, and no module index is stale
  1  entries were changed, one action has several outputs, or a module index is stale
  2  the cache, or part of it, could not be read
  3  nothing was found, but not every entry could be judged";

const COMPARE_HELP: &str = "\
Example:
  tar -C \"$(go env GOCACHE)\" -c . | zstd > cache.tar.zst    on the other host
  verify-build cache compare \"$(go env GOCACHE)\" cache.tar.zst

Build with -trimpath on both, or in the same folder: without it the folder is
part of every action.

Exit codes:
  0  every action that both have led to the same output, but for what may vary
  1  an action led to different outputs, or an entry was changed
  2  a cache could not be read
  3  the caches have no action in common, or nothing differs and not all of them
     could be compared";
