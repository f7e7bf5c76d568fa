//! What must be proved before it is served.

use std::time::Duration;

use proto::module::pattern::Patterns;

/// What must be proved before it is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// What becomes of a module that is not proved.
    pub mode: Mode,
    /// Modules served without a proof.
    pub exempt: Patterns,
    /// How long after a mismatch upstream is left before it is asked again.
    pub pause: Duration,
}

/// What becomes of a module that is not proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    Require,
    /// It is served, and the log and the index say so.
    Report,
    /// No database is asked about it.
    Off,
}

impl Proof {
    /// Tells whether a module is served without a proof. Go toolchains never are: the
    /// go command looks them up whatever `GONOSUMDB` says.
    pub fn is_exempt(&self, module: &str) -> bool {
        module != TOOLCHAIN && self.exempt.matches(module)
    }
}

/// The module that Go toolchains are versions of.
pub(super) const TOOLCHAIN: &str = "golang.org/toolchain";

impl Default for Proof {
    fn default() -> Self {
        Self {
            mode: Mode::Require,
            exempt: Patterns::default(),
            pause: Duration::from_secs(60),
        }
    }
}
