//! What the command line and version control stamped into the file.

use proto::buildinfo::Module;
use proto::finding::{Finding, Level};

use super::found;
use crate::lint::facts::Facts;
use crate::lint::smell::{self, Smell};

/// The most variables named in one finding.
const SHOWN_MAX: usize = 20;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all = variables(facts);
    all.extend(hidden(facts));
    all.extend(modified(facts));
    all.extend(missing(facts));
    all
}

/// Variables by name, from symbols or from the flags on record.
fn set(facts: &Facts<'_>) -> Vec<(String, String, &'static str)> {
    let mut all: Vec<(String, String, &'static str)> = facts
        .artifact
        .go
        .variables
        .iter()
        .flatten()
        .map(|set| (set.name.clone(), set.value.clone(), "variable"))
        .collect();
    for (flag, value) in &facts.linker_flags {
        let Some(name) = flag.strip_prefix("-X ") else {
            continue;
        };
        if !all.iter().any(|(known, ..)| known == name) {
            all.push((name.to_owned(), value.clone(), "-ldflags: -X"));
        }
    }
    all
}

fn variables(facts: &Facts<'_>) -> Vec<Finding> {
    let commit_time = facts.setting("vcs.time");
    let set = set(facts).into_iter().filter_map(|(name, value, place)| {
        let smell = smell::of(&name, &value, commit_time)?;
        Some((smell, format!("{place} {name}"), value))
    });
    let set: Vec<(Smell, String, String)> = set.collect();
    let mut all: Vec<Finding> = Vec::new();
    let time = match commit_time {
        Some(_) => (Level::Error, "a time, which does not read as the commit's"),
        // A release can have a date of its own.
        None => (
            Level::Warning,
            "a time, and no commit's time is on record to hold it against",
        ),
    };
    for (smell, (level, what)) in [
        (Smell::Time, time),
        (Smell::Host, (Level::Warning, "a person or a host")),
        (Smell::Folder, (Level::Warning, "a folder of the machine")),
    ] {
        let mut values = set
            .iter()
            .filter(|(what, ..)| *what == smell)
            .take(SHOWN_MAX)
            .peekable();
        if values.peek().is_none() {
            continue;
        }
        let first = found(
            "ldflags-variable",
            level,
            format!("-ldflags=-X stamped into the program what reads as {what}"),
        );
        let fix = match smell {
            Smell::Time => {
                "stamp the commit's time instead: git log -1 --format=%cI; or read vcs.time from debug.ReadBuildInfo"
            }
            Smell::Host => "leave it out, or give it a fixed value",
            Smell::Folder => "leave it out, or find the folder when the program runs",
        };
        let seen = values.fold(first, |found, (_, place, value)| {
            found.seen(place.clone(), value.clone())
        });
        all.push(seen.fix(fix));
    }
    all
}

/// Neither symbols nor -ldflags on record: nothing tells what -X set.
fn hidden(facts: &Facts<'_>) -> Option<Finding> {
    let blind = facts.artifact.go.variables.is_none() && facts.trimmed()?;
    blind.then(|| {
        found(
            "ldflags-hidden",
            Level::Note,
            "builds with -trimpath do not record -ldflags, and no symbols tell: what -X stamped can't be seen",
        )
        .fix("judge the same build before -s or strip")
    })
}

fn modified(facts: &Facts<'_>) -> Option<Finding> {
    let version = &facts
        .info()?
        .main
        .as_ref()
        .map(|main| main.version.as_str());
    let setting = facts.setting("vcs.modified") == Some("true");
    let dirty = version.is_some_and(|version| version.ends_with("+dirty"));
    if !setting && !dirty {
        return None;
    }
    let mut finding = found(
        "vcs-modified",
        Level::Error,
        "the source was modified beside its commit, or its repository had files that are not in the commit: the commit alone may not give this build",
    );
    if let Some(revision) = facts.setting("vcs.revision") {
        finding = finding.seen("build info: vcs.revision", revision);
    }
    if let Some(version) = version.filter(|_| dirty) {
        finding = finding.seen("build info: mod", version);
    }
    Some(finding.fix(
        "build from a clean checkout: git status --porcelain must print nothing; put the build's own output outside the tree or into .gitignore",
    ))
}

fn missing(facts: &Facts<'_>) -> Option<Finding> {
    let main = facts.info()?.main.as_ref();
    let version = main.map_or("", |main| main.version.as_str());
    // `go install path@version` records the version and its sum instead.
    let known =
        facts.setting("vcs.revision").is_some() || main.is_some_and(|main| !main.sum.is_empty());
    if known {
        return None;
    }
    if !main.is_some_and(Module::has_version) {
        return Some(
            found(
                "version-devel",
                Level::Note,
                "neither a version nor a commit is on record: what to build again is not known",
            )
            .seen(
                "build info: mod",
                if version.is_empty() { "none" } else { version },
            )
            .fix("build in the checkout with -buildvcs=true, or with go install path@version"),
        );
    }
    Some(
        found(
            "vcs-missing",
            Level::Note,
            "the commit is not on record; a build in a checkout records it, and so differs from one of an archive",
        )
        .fix("pass -buildvcs=false to both builds, or build both in a checkout"),
    )
}
