//! Fixes for one file, where the other one is given: what to run, and with which values, so
//! that the other becomes equal to it.
//!
//! Causes say of two files what to make alike. Somebody who has a published program can
//! change nothing about it; each fix is then a command or a flag for the other file, with
//! the given file's values. What no command is known for keeps the words of its cause.

mod c_image;
mod known;
mod linker;
mod modules;
mod places;
mod settings;
mod stamps;
mod steps;

use serde::Serialize;

use crate::artifact::Artifact;
use crate::cause::{Cause, Name, Pair};
use crate::diff::Diff;
use crate::recipe::Recipe;

/// Which file of two is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The first; the second one is to become equal to it.
    First,
    /// The second.
    Second,
}

/// What to run so that the other file is built as the given one was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// Which file of the pair is given: 0 or 1.
    pub given: usize,
    /// Commands that come first, for a POSIX shell: checking out a commit, making a go.mod.
    pub before: Vec<String>,
    /// The build.
    pub command: String,
    /// What else has to be alike, each in a sentence: folders, a repository.
    pub also: Vec<String>,
    /// How the given file was built, element by element, and what it does not tell.
    pub recipe: Recipe,
}

/// A given file, the other one, and what both tell of their builds.
struct Sides<'a> {
    files: [&'a Artifact; 2],
    diff: &'a Diff,
    names: &'a [String; 2],
    /// Whether both were built by the same release.
    is_same_go: bool,
    given: usize,
    recipe: &'a Recipe,
    other: Option<&'a Recipe>,
}

/// Puts fixes for the other file in the place of those for both, and says what to run.
/// `None` where the given file is not a Go program, or the other one was built in the same
/// way as far as both tell.
pub fn apply(pair: &Pair<'_>, given: Given, causes: &mut [Cause]) -> Option<Next> {
    let given = given.side();
    let artifacts = [pair.a, pair.b];
    let other = Recipe::of(artifacts[1 - given]);
    let recipe = known::recipe(pair, given, other.as_ref())?;
    let sides = Sides {
        files: [pair.a, pair.b],
        diff: pair.diff,
        names: &pair.names,
        is_same_go: pair.same_go(),
        given,
        recipe: &recipe,
        other: other.as_ref(),
    };
    for cause in causes.iter_mut() {
        if let Some(fix) = sides.fix(cause.name) {
            cause.fix = fix;
        }
    }
    let next = steps::next(&sides);
    next.map(|(before, also)| Next {
        given,
        before,
        command: recipe.command(),
        also,
        recipe,
    })
}

impl Given {
    /// Returns the side: 0 or 1.
    pub fn side(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

impl<'a> Sides<'a> {
    /// Says what to do about a cause; `None` to leave its own words.
    fn fix(&self, cause: Name) -> Option<String> {
        match cause {
            Name::GoVersion => places::toolchain(self),
            Name::SourcePath | Name::GorootPath | Name::ModuleCachePath | Name::CgoTempPath => {
                places::folders(self)
            }
            Name::PackageArguments => places::package(self),
            Name::Target
            | Name::Compiler
            | Name::GoExperiment
            | Name::BuildMode
            | Name::CpuLevel
            | Name::Instrumentation
            | Name::CompilerFlags
            | Name::BuildTags
            | Name::CgoEnabled
            | Name::CgoFlags
            | Name::Fips140
            | Name::PgoProfile => settings::fix(self, cause),
            Name::GodebugDefault => settings::go_line(self),
            Name::VcsRevision => stamps::revision(self),
            Name::VcsModified => stamps::modified(self),
            Name::VcsMissing => stamps::missing(self),
            Name::BuildinfoMissing => stamps::build_info(self),
            Name::VersionStamp | Name::MainVersion => stamps::version(self),
            Name::MainModule => modules::wrapper(self),
            Name::DependencyVersion => modules::versions(self),
            Name::DependencyReplaced => modules::replaced(self),
            Name::DependencyVendored => modules::vendored(self),
            Name::BuildIdFlag
            | Name::GnuBuildIdFlag
            | Name::SymbolsStripped
            | Name::LdflagsVariable
            | Name::LinkMode
            | Name::ExternalLinkFlags
            | Name::LinkerFlags
            | Name::LinkOrder
            | Name::DebugCompression => linker::fix(self, cause),
            Name::CCompiler | Name::HostLinker => c_image::fix(self),
            _ => None,
        }
    }

    /// What the given file is called.
    fn model(&self) -> &str {
        &self.names[self.given]
    }

    /// What the file is called that is to be built again.
    fn target(&self) -> &str {
        &self.names[1 - self.given]
    }

    fn model_file(&self) -> &'a Artifact {
        self.files[self.given]
    }

    fn target_file(&self) -> &'a Artifact {
        self.files[1 - self.given]
    }
}

#[cfg(test)]
mod tests;
