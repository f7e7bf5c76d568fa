//! Real modules, recorded from the public mirror and the public checksum
//! database. They are other people's work and not part of this checkout.

use std::io::Write;
use std::path::PathBuf;

use crate::environment;

/// The recorded files: a GOPROXY tree with its checksum database under
/// `mirror/`, and a program that builds from it under `sample/`.
#[derive(Clone, Debug)]
pub struct Records {
    root: PathBuf,
}

impl Records {
    /// Finds the records: the folder that `SUMWARD_RECORDS` names, else
    /// `shared/records` beside the checkout.
    ///
    /// With neither in reach the test says by name that it was skipped. The line
    /// goes to the real standard error, past the capture of `cargo test`, for
    /// `tests/run.sh` to count.
    ///
    /// # Panics
    /// When `SUMWARD_RECORDS` names a folder without a `mirror` in it.
    #[must_use]
    pub fn or_skip(test: &str) -> Option<Self> {
        let root = environment::records_folder().map_or_else(
            || environment::checkout().join("../shared/records"),
            |named| {
                assert!(
                    named.join("mirror").is_dir(),
                    "SUMWARD_RECORDS names {}, where there is no mirror/",
                    named.display()
                );
                named
            },
        );
        if root.join("mirror").is_dir() {
            let root = root.canonicalize().expect("resolve the records folder");
            return Some(Self { root });
        }
        let line = format!(
            "\nskipped: {test}: no real modules in reach ({} is not there, SUMWARD_RECORDS is not set)\n",
            root.display()
        );
        let _ = std::io::stderr().write_all(line.as_bytes());
        None
    }

    /// The GOPROXY tree, with `sumdb/sum.golang.org` in it.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.root.join("mirror")
    }

    /// The sample program (`go.mod`, `go.sum`, `main.go`).
    #[must_use]
    pub fn sample(&self) -> PathBuf {
        self.root.join("sample")
    }
}
