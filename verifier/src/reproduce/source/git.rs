//! The git command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::reproduce::desk::{self, Desk};

/// The git command, told to write nothing where it was not asked to.
pub(super) struct Git<'a> {
    program: PathBuf,
    desk: &'a Desk<'a>,
}

impl<'a> Git<'a> {
    pub(super) fn find(desk: &'a Desk<'a>) -> Option<Self> {
        let program = desk.find("git")?;
        Some(Self { program, desk })
    }

    pub(super) fn ask(
        &self,
        folder: &Path,
        words: &[&str],
    ) -> anyhow::Result<Result<String, String>> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        self.ask_words(folder, &words)
    }

    pub(super) fn ask_words(
        &self,
        folder: &Path,
        words: &[OsString],
    ) -> anyhow::Result<Result<String, String>> {
        let mut argv = desk::argv(&self.program, &OPTIONS);
        argv.extend_from_slice(words);
        self.desk.ask(&argv, folder, &[("GIT_OPTIONAL_LOCKS", "0")])
    }

    /// Runs git with more variables.
    pub(super) fn must_with(
        &self,
        folder: &Path,
        words: &[&str],
        more: &[(&str, &str)],
    ) -> anyhow::Result<String> {
        let all = OPTIONS.iter().chain(words).copied().collect::<Vec<_>>();
        let argv = desk::argv(&self.program, &all);
        self.desk
            .ask(&argv, folder, more)?
            .map_err(|said| anyhow::anyhow!("git {}: {said}", words.first().unwrap_or(&"")))
    }

    pub(super) fn must(&self, folder: &Path, words: &[OsString]) -> anyhow::Result<String> {
        let word = words
            .first()
            .map(|word| word.to_string_lossy().into_owned());
        self.ask_words(folder, words)?
            .map_err(|said| anyhow::anyhow!("git {}: {said}", word.unwrap_or_default()))
    }
}

/// Whoever owns the checkout, it is read; nothing that it names is run.
const OPTIONS: [&str; 6] = [
    "-c",
    "safe.directory=*",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
];
