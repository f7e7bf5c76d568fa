//! How a source is put up for building.

use serde::Serialize;

/// How the source is put up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tree {
    /// A clone of the checkout at the commit.
    Commit,
    /// The same with a file that is not of the commit, so that go stamps it as modified.
    Untracked,
    /// The same with what is changed in the checkout.
    Changed,
    /// The files of the module, as a main module.
    Module,
    /// The same in a repository of git with one commit, made at the time that the file
    /// names: its stamp is as long as the file's, and names another commit.
    Stamped,
    /// A main module that requires the module; package main is the required one's, as with
    /// go install path@version.
    Required,
    /// A main module of the name that the file has, with its requirements and the files of
    /// the source's package main.
    Wrapper,
}
