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
    /// `shared/records` beside the checkout, else what `tests/record.sh` recorded
    /// into `target/records`.
    ///
    /// With none of them in reach the test says by name that it was skipped. The
    /// line goes to the real standard error, past the capture of `cargo test`, for
    /// `tests/run.sh` to count.
    ///
    /// # Panics
    /// When `SUMWARD_RECORDS` names a folder without a `mirror` in it.
    #[must_use]
    pub fn or_skip(test: &str) -> Option<Self> {
        let named = environment::records_folder();
        if let Some(named) = &named {
            assert!(
                named.join("mirror").is_dir(),
                "SUMWARD_RECORDS names {}, where there is no mirror/",
                named.display()
            );
        }
        let checkout = environment::checkout();
        let usual = [
            checkout.join("../shared/records"),
            checkout.join("target/records"),
        ];
        let mut candidates = named.into_iter().chain(usual);
        let found = candidates.find(|folder| folder.join("mirror").is_dir());
        if let Some(root) = found {
            let root = root.canonicalize().expect("resolve the records folder");
            return Some(Self { root });
        }
        let line = format!(
            "\nskipped: {test}: no real modules in reach (no ../shared/records, SUMWARD_RECORDS not set)\n"
        );
        let _ = std::io::stderr().write_all(line.as_bytes());
        None
    }

    /// The GOPROXY tree, with `sumdb/sum.golang.org` in it.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.root.join("mirror")
    }

    /// The files of a distribution of Go that the package the tests take it from leaves out.
    #[must_use]
    pub fn toolchain(&self, version: &str) -> PathBuf {
        self.root.join("toolchain").join(version)
    }

    /// The sample program (`go.mod`, `go.sum`, `main.go`).
    #[must_use]
    pub fn sample(&self) -> PathBuf {
        self.root.join("sample")
    }
}
