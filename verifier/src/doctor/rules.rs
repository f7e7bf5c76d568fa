//! The checks, one file a theme: each turns facts into what stands and what is wrong.
//!
//! Nothing here asks the host: the same facts give the same answer anywhere.

mod c_side;
mod cache;
mod go;
mod guards;
mod modules;
mod names;
mod settings;
mod support;
mod surroundings;
mod system;
mod trials;
pub mod units;
mod version_control;

use jiff::civil::Date;
use proto::finding::{Evidence, Finding, Level};

use super::facts::Facts;

pub use names::{RULES, meaning};
pub use support::{TABLE_DATE, words as support_words};

/// One thing that was asked of the host, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What was asked.
    pub name: &'static str,
    /// What it was asked of.
    pub subject: String,
    /// What stands, in one sentence.
    pub stands: String,
    /// Why it can't be told.
    pub untold: Option<String>,
    /// What was not asked, and what asks it.
    pub not_asked: Option<String>,
    /// What is wrong.
    pub found: Vec<Found>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The finding.
    pub finding: Finding,
    /// Commands that change it, for the person to read and run; none where it takes
    /// a decision.
    pub commands: Vec<String>,
}

/// Asks every check.
pub fn all(facts: &Facts, today: Date) -> Vec<Judged> {
    let mut all = vec![
        system::host(facts),
        system::temporary(facts),
        system::search_path(facts),
        system::sysctls(facts),
        guards::selinux(facts),
        guards::fapolicyd(facts),
        go::commands(facts),
        go::support(facts, today),
        go::content(facts),
        settings::roots(facts),
        settings::toolchain(facts),
        settings::flags(facts),
        settings::file(facts),
        surroundings::variables(facts),
        modules::proxies(facts),
        modules::proof(facts),
        cache::build(facts),
        cache::modules(facts),
        c_side::compilers(facts),
        c_side::cross(facts),
        c_side::pkg_config(facts),
        version_control::git(facts),
    ];
    all.extend(trials::all(facts));
    all
}

impl Judged {
    fn new(name: &'static str, subject: impl Into<String>) -> Self {
        Self {
            name,
            subject: subject.into(),
            stands: String::new(),
            untold: None,
            not_asked: None,
            found: Vec::new(),
        }
    }

    fn stands(mut self, stands: impl Into<String>) -> Self {
        self.stands = stands.into();
        self
    }

    fn untold(mut self, why: impl Into<String>) -> Self {
        self.untold = Some(why.into());
        self
    }

    fn add(&mut self, found: Found) {
        self.found.push(found);
    }
}

impl Found {
    fn new(rule: &'static str, summary: impl Into<String>) -> Self {
        Self {
            finding: Finding {
                rule: rule.into(),
                level: names::level(rule),
                confidence: None,
                artifact: String::new(),
                summary: summary.into(),
                evidence: Vec::new(),
                fix: String::new(),
            },
            commands: Vec::new(),
        }
    }

    fn seen(mut self, place: impl Into<String>, value: impl Into<String>) -> Self {
        let evidence = Evidence::sides(place, Some(value), None::<String>);
        self.finding.evidence.push(evidence);
        self
    }

    fn at(mut self, level: Level) -> Self {
        self.finding.level = level;
        self
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.finding.fix = fix.into();
        self
    }

    /// Adds a command; its words are quoted where a shell would read more than a word.
    fn run(mut self, words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        self.commands.push(words.join(" "));
        self
    }

    /// Adds a command as a shell reads it.
    fn command(mut self, line: &str) -> Self {
        self.commands.push(line.to_owned());
        self
    }
}

/// Quotes a word for a shell.
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
