//! Everything that was judged.

use jiff::civil::Date;
use proto::finding::{Level, Status};

use super::expect::Expected;
use super::facts::Facts;
use super::probe::Ran;
use super::rules::{Found, Judged};
use crate::args::doctor::Doctor;
use crate::args::lint::FailOn;
use crate::exit::Exit;

/// Everything that was judged.
#[derive(Debug)]
pub struct Outcome {
    /// What was found out about the host; none where units were checked instead.
    pub facts: Option<Facts>,
    /// The day it is judged by.
    pub today: Date,
    /// The programs that ran.
    pub ran: Vec<Ran>,
    /// The checks, in order.
    pub checks: Vec<Judged>,
    /// From which level on a finding fails the run; `None` for never.
    pub fail_on: Option<Level>,
    /// Whether the text is the script of commands.
    pub as_script: bool,
    /// What was required, and whether it is met.
    pub expected: Vec<Expected>,
    /// The file of expectations that was written in place of checks.
    pub written: Option<String>,
}

impl Outcome {
    /// Takes in checks, but for findings that are to be passed over.
    pub fn of(
        (facts, ran): (Option<Facts>, Vec<Ran>),
        mut checks: Vec<Judged>,
        today: Date,
        args: &Doctor,
    ) -> Self {
        for check in &mut checks {
            check
                .found
                .retain(|found| !args.allow.contains(&found.finding.rule));
        }
        Self {
            facts,
            today,
            ran,
            checks,
            fail_on: match args.fail_on {
                FailOn::Error => Some(Level::Error),
                FailOn::Warning => Some(Level::Warning),
                FailOn::Note => Some(Level::Note),
                FailOn::Never => None,
            },
            as_script: args.fix_script,
            expected: Vec::new(),
            written: None,
        }
    }

    /// Whether a finding fails the run.
    pub fn fails(&self, found: &Found) -> bool {
        self.fail_on
            .is_some_and(|level| found.finding.level <= level)
    }

    /// The answer to one check.
    pub fn status(&self, check: &Judged) -> Status {
        if check.found.iter().any(|found| self.fails(found)) {
            Status::Failed
        } else if check.untold.is_some() {
            Status::Undecided
        } else {
            Status::Passed
        }
    }

    /// How the run ends.
    pub fn ends(&self) -> Exit {
        let statuses: Vec<Status> = self.checks.iter().map(|check| self.status(check)).collect();
        let unmet = self.expected.iter().any(|one| one.status != Status::Passed);
        // An expectation that is not met outranks findings, as a requirement of lint does.
        if unmet {
            Exit::Inconclusive
        } else if statuses.contains(&Status::Failed) {
            Exit::Different
        } else if statuses.contains(&Status::Undecided) {
            Exit::Inconclusive
        } else {
            Exit::Same
        }
    }

    /// Every finding with its check.
    pub fn all_found(&self) -> impl Iterator<Item = &Found> {
        self.checks.iter().flat_map(|check| &check.found)
    }

    /// How many findings of a level there are.
    pub fn count(&self, level: Level) -> usize {
        self.all_found()
            .filter(|found| found.finding.level == level)
            .count()
    }
}
