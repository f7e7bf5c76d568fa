//! What the command found.

use proto::finding::{Finding, Level, Status};

use super::requirement::Checked;
use crate::exit::Exit;

/// Every file that was judged.
#[derive(Debug)]
pub struct Outcome {
    /// The files, in the order given.
    pub files: Vec<Judged>,
    /// From which level on a finding fails the run; `None` for never.
    pub fail_on: Option<Level>,
}

/// One file, judged.
#[derive(Debug)]
pub struct Judged {
    /// Its path as given.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The Go version in it.
    pub go_version: Option<String>,
    /// Why it can't be judged as a Go program.
    pub obstacle: Option<String>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// The requirements, in order.
    pub requirements: Vec<Checked>,
}

impl Outcome {
    /// Whether a finding fails the run.
    pub fn fails(&self, found: &Finding) -> bool {
        self.fail_on.is_some_and(|level| found.level <= level)
    }

    /// The answer for one file.
    pub fn exit_of(&self, file: &Judged) -> Exit {
        let mut requirements = file.requirements.iter();
        let unmet = requirements.any(|checked| checked.status != Status::Passed);
        // Without requirements nothing could be judged; with them, they were.
        let unjudged = file.obstacle.is_some() && file.requirements.is_empty();
        if unmet || unjudged {
            Exit::Inconclusive
        } else if file.findings.iter().any(|found| self.fails(found)) {
            Exit::Different
        } else {
            Exit::Same
        }
    }

    /// Returns how many findings of a level there are.
    pub(super) fn count(&self, level: Level) -> usize {
        let findings = self.files.iter().flat_map(|file| &file.findings);
        findings.filter(|found| found.level == level).count()
    }
}
