//! What was found about an installation.

use super::database::Recorded;
use super::judge::Judgement;
use super::packager::Packager;
use super::programs::Program;
use super::tree::Tree;

/// Everything found about one installation.
#[derive(Debug)]
pub struct Outcome {
    /// The installation.
    pub tree: Tree,
    /// Who packaged it.
    pub packager: Option<Packager>,
    /// The record it was compared with.
    pub recorded: Option<Recorded>,
    /// The answer.
    pub judgement: Judgement,
    /// Its programs, where no record vouches for them.
    pub programs: Vec<Program>,
    /// What to do next; empty when nothing is.
    pub advice: Vec<String>,
}
