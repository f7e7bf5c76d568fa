//! What version control said: commit, changes, the main module's version.

use proto::buildinfo::{DEVEL, Module};
use proto::module::pseudo::is_pseudo;

use super::{Sides, modules};
use crate::artifact::Artifact;
use crate::cause::has_build_info;
use crate::goinfo::version::GoVersion;
use crate::recipe::{Origin, shell};

/// The first Go that makes the main module's version from tag and commit.
const VERSIONS_SINCE: (u32, u32) = (1, 24);

/// The most functions named.
const NAMED_MAX: usize = 3;

pub(super) fn revision(sides: &Sides<'_>) -> Option<String> {
    let revision = sides.recipe.source.revision.as_deref()?;
    let checkout = checkout(sides)?;
    Some(format!(
        "check out {}'s commit and build {} there: {checkout}; {}",
        sides.model(),
        sides.target(),
        may_be_another_repository(sides, revision)
    ))
}

/// The given file has no build information, which Go's linker always writes.
pub(super) fn build_info(sides: &Sides<'_>) -> Option<String> {
    if has_build_info(sides.model_file()) {
        return None;
    }
    Some(format!(
        "no flag of Go leaves build information out: {} was linked by a changed linker, or its section was taken away \
         afterwards. See how the project makes its releases, and build {} so: those of esbuild, for one, are linked by a \
         Go in whose src/cmd/link/internal/ld/main.go ctxt.buildinfo() is commented out",
        sides.model(),
        sides.target()
    ))
}

/// The command that brings the given file's commit.
pub(super) fn checkout(sides: &Sides<'_>) -> Option<String> {
    let source = &sides.recipe.source;
    let revision = source.revision.as_deref()?;
    let revision = shell::word(revision);
    Some(match source.vcs.as_deref() {
        Some("git") | None => format!("git checkout {revision}"),
        Some("hg") => format!("hg update --rev {revision}"),
        Some(other) => format!("# check out {revision} with {}", shell::word(other)),
    })
}

/// A program may lie in the repository of another one, whose commit is stamped.
fn may_be_another_repository(sides: &Sides<'_>, revision: &str) -> String {
    let model = sides.model();
    let ask = format!(
        "git cat-file -t {} says whether the repository has it",
        shell::word(revision)
    );
    // With a version of its own for the commit it would have been stamped.
    let is_bare = main(sides.model_file()).is_some_and(|main| main.version == DEVEL);
    let is_clean = sides.recipe.source.modified == Some(false);
    match is_bare && is_clean && stamps_versions(sides.model_file()) {
        true => format!(
            "{ask}; {model} has no version beside its commit, as a module has that lies inside another repository, or in a \
             folder below one without a go.mod"
        ),
        false => format!("{ask}; where not, {model} was built inside another repository"),
    }
}

pub(super) fn modified(sides: &Sides<'_>) -> Option<String> {
    let dirty = |artifact: &Artifact| artifact.go.setting("vcs.modified") == Some("true");
    let (model, target) = (sides.model(), sides.target());
    let functions = functions(sides);
    match (dirty(sides.model_file()), dirty(sides.target_file())) {
        (true, false) => Some(format!(
            "an untracked file is enough for this stamp: touch untracked in the checkout of {target}, then build; what \
             was changed when {model} was built is not recorded{functions}"
        )),
        (false, true) => Some(format!(
            "build {target} from a clean checkout: git stash --include-untracked, after which git status --porcelain \
             prints nothing{functions}"
        )),
        _ => None,
    }
}

/// Which functions differ beside the stamp, or that none does.
fn functions(sides: &Sides<'_>) -> String {
    let Some(functions) = &sides.diff.functions else {
        return String::new();
    };
    let count = functions.counts.differing();
    let is_unsure = functions.counts.unclear > 0 || !functions.outside.is_empty();
    if count == 0 {
        return match is_unsure {
            true => String::new(),
            false => "; no Go function has other code in the other file".into(),
        };
    }
    let names = functions.functions.iter().take(NAMED_MAX);
    let names: Vec<&str> = names.map(|function| function.name.as_str()).collect();
    let more = match count.saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = match count {
        1 => "has",
        _ => "have",
    };
    format!("; {}{more} {verb} other code", names.join(", "))
}

pub(super) fn missing(sides: &Sides<'_>) -> Option<String> {
    let target = sides.target();
    let Some(revision) = sides.recipe.source.revision.as_deref() else {
        return Some(format!("build {target} with -buildvcs=false"));
    };
    let checkout = checkout(sides)?;
    Some(format!(
        "build {target} inside the repository ({checkout}), with git installed and without -buildvcs=false; {}",
        may_be_another_repository(sides, revision)
    ))
}

/// Another version of the main module.
pub(super) fn version(sides: &Sides<'_>) -> Option<String> {
    let main = main(sides.model_file())?;
    let other = main_of_target(sides)?;
    let (model, target) = (sides.model(), sides.target());
    if sides.recipe.source.origin == Origin::Wrapper {
        return modules::around_the_cache(sides);
    }
    if !main.sum.is_empty() {
        let package = sides.recipe.package.as_ref()?;
        return Some(format!(
            "build {target} as {model} was, from the module cache: go install {}",
            shell::word(&package.value)
        ));
    }
    let source = &sides.recipe.source;
    if main.version == DEVEL && source.revision.is_none() {
        return Some(format!("build {target} in a checkout with -buildvcs=false"));
    }
    let revision = source.revision.as_deref();
    if main.version == DEVEL {
        let revision = revision?;
        return Some(match stamps_versions(sides.model_file()) {
            true => may_be_another_repository(sides, revision),
            false => format!("build {target} with {model}'s Go, which stamps no version"),
        });
    }
    let version = main.version.trim_end_matches("+dirty");
    let place = revision.map_or_else(String::new, |revision| {
        format!(" {}", shell::word(revision))
    });
    if is_pseudo(version) {
        return (!is_pseudo(&other.version) && other.version != DEVEL && other.sum.is_empty()).then(|| {
            format!(
                "build {target} where the tag {} is not there: git tag --delete {} in the clone",
                other.version,
                shell::word(other.version.trim_end_matches("+dirty"))
            )
        });
    }
    Some(format!(
        "build {target} where the tag is known: git fetch --tags, or git tag {}{place}, with an empty GOMODCACHE",
        shell::word(version)
    ))
}

fn main(artifact: &Artifact) -> Option<&Module> {
    artifact.go.info()?.main.as_ref()
}

fn main_of_target<'a>(sides: &Sides<'a>) -> Option<&'a Module> {
    main(sides.target_file())
}

fn stamps_versions(artifact: &Artifact) -> bool {
    let version = artifact.go.version().and_then(GoVersion::parse);
    version.is_some_and(|version| (version.major, version.minor) >= VERSIONS_SINCE)
}
