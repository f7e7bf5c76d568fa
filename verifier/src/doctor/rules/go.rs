//! The Go installations.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proto::finding::Level;
use proto::quantity;

use super::support::{self, Support, TABLE_DATE};
use super::{Found, Judged};
use crate::doctor::facts::{Content, Facts, Installation, Problem};

pub(super) fn commands(facts: &Facts) -> Judged {
    let on_path: Vec<&Installation> = facts.gos.iter().filter(|go| go.on_path.is_some()).collect();
    let mut judged = Judged::new("go commands", "PATH and the usual folders");
    let listed: Vec<String> = facts
        .gos
        .iter()
        .map(|go| {
            format!(
                "{} ({})",
                go.name(),
                if go.version().is_empty() {
                    "unknown"
                } else {
                    go.version()
                }
            )
        })
        .collect();
    if on_path.is_empty() {
        let mut found = Found::new("go-missing", "no folder of the PATH has a go command")
            .seen("PATH", "no go");
        for go in &facts.gos {
            found = found.seen("not on the PATH", go.name());
        }
        judged.add(found.fix(install()));
    }
    for go in &facts.gos {
        faults(go).into_iter().for_each(|found| judged.add(found));
    }
    let versions: BTreeSet<&str> = on_path.iter().map(|go| go.version()).collect();
    if versions.len() > 1 {
        let mut found = Found::new(
            "go-several",
            format!(
                "the PATH has go commands of {} versions; the first is used",
                versions.len()
            ),
        );
        for go in &on_path {
            found = found.seen(go.program.clone(), go.version());
        }
        judged.add(found.fix("leave the folder of one of them on the PATH"));
    }
    judged.stands(if listed.is_empty() {
        "none".to_owned()
    } else {
        listed.join(", ")
    })
}

fn install() -> &'static str {
    "unpack a release from go.dev/dl to /usr/local/go and put /usr/local/go/bin on the PATH; verify-build toolchain /usr/local/go then says whether it is the release"
}

fn faults(go: &Installation) -> Vec<Found> {
    let mut faults = Vec::new();
    if let Some(problem) = &go.problem {
        let rule = match problem {
            Problem::TimedOut => "go-hangs",
            Problem::Failed(_) => "go-fails",
            Problem::Garbage(_) => "go-garbage",
        };
        faults.push(
            Found::new(
                rule,
                format!(
                    "{} was asked for its version: {}",
                    go.program,
                    problem.words()
                ),
            )
            .seen("go version", problem.words())
            .fix("take it off the PATH, or install that Go anew"),
        );
    }
    if !go.missing.is_empty() {
        faults.push(
            Found::new("go-incomplete", format!("{} is not a whole installation", go.root))
                .seen("missing", go.missing.join(", "))
                .fix("remove it, and unpack the release anew: into an empty folder, never over an old one"),
        );
    }
    let claims = (&go.version_file, &go.said);
    // A packager's name may stand behind the version in one of the two alone.
    let first = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
    let differ = first(claims.0) != first(claims.1);
    if !claims.0.is_empty() && !claims.1.is_empty() && differ {
        faults.push(
            Found::new("go-version-differs", format!("{} says that it is {}, and the VERSION file of {} {}", go.program, go.said, go.root, go.version_file))
                .seen("go version", go.said.clone())
                .seen("VERSION", go.version_file.clone())
                .fix("remove it, and unpack the release anew: two releases lie in one folder, or GOROOT leads elsewhere"),
        );
    }
    if go.open {
        faults.push(
            Found::new("go-open", format!("others can change {}, and so every program that it builds", go.root))
                .seen("folder", go.root.clone())
                .fix("take the right to write from others, then see whether it still is the release: verify-build toolchain")
                .run(&["chmod", "-R", "go-w", &go.root])
                .run(&["verify-build", "toolchain", &go.root]),
        );
    }
    if !go.own_settings.is_empty() {
        faults.push(
            Found::new(
                "go-own-settings",
                format!("go.env of {} was changed", go.root),
            )
            .seen("go.env", go.own_settings.join(", "))
            .fix("set these by variables or go env -w, where people look for them"),
        );
    }
    faults
}

pub(super) fn support(facts: &Facts, today: Date) -> Judged {
    let mut judged = Judged::new(
        "Go gets security fixes",
        format!("by a table of {TABLE_DATE}"),
    );
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut supported = BTreeSet::new();
    for go in &facts.gos {
        let version = go.version();
        if version.is_empty() || !seen.insert(version) {
            continue;
        }
        let first = version.split(' ').next().unwrap_or_default();
        let Some(release) = support::release(first) else {
            judged.add(
                Found::new("go-prerelease", format!("{version} is not a release"))
                    .seen("go", go.name())
                    .fix("build with a release from go.dev/dl"),
            );
            continue;
        };
        match support::of(release.minor, today) {
            Support::Supported => {
                supported.insert(version);
            }
            Support::Unknown => {
                judged.untold = Some(format!(
                    "{version}: the table of {TABLE_DATE} does not know"
                ));
            }
            Support::Ended(day) => {
                let since =
                    day.map_or_else(|| "long since".to_owned(), |day| format!("since {day}"));
                // One that nothing runs harms less than the one that every build runs.
                let level = if go.on_path == Some(1) {
                    Level::Warning
                } else {
                    Level::Note
                };
                judged.add(
                    Found::new("go-ended", format!("{version} gets no security fixes {since}"))
                        .at(level)
                        .seen("go", go.name())
                        .seen(
                            format!("supported on {TABLE_DATE}"),
                            format!("1.{}, 1.{}", support::NEWEST, support::NEWEST - 1),
                        )
                        .fix("build with a supported line; what must stay as it was built stays with its Go"),
                );
            }
        }
    }
    if seen.is_empty() {
        judged.untold = Some("no Go here tells its version".into());
    }
    let names: Vec<&str> = supported.into_iter().collect();
    judged.stands(names.join(", "))
}

pub(super) fn content(facts: &Facts) -> Judged {
    let mut judged = Judged::new("Go is the release that it says it is", "by content");
    if facts.gos.is_empty() {
        return judged.untold("there is no Go to compare");
    }
    let mut compared = Vec::new();
    let mut waiting = 0;
    for go in &facts.gos {
        let judged_one = match &go.content {
            Content::NotAsked => {
                waiting += 1;
                packaged(go)
            }
            Content::Official => {
                compared.push(format!("{} is {}", go.root, go.version()));
                None
            }
            Content::Repackaged => {
                compared.push(format!(
                    "{} is {} in all that can change a program",
                    go.root,
                    go.version()
                ));
                None
            }
            Content::Modified(why) => Some(patched(go, "toolchain-patched", why)),
            Content::Unknown(why) => Some(patched(go, "toolchain-unproved", why)),
        };
        judged_one.into_iter().for_each(|found| judged.add(found));
    }
    if waiting > 0 {
        let what = quantity::count(waiting, "installation was", "installations were");
        let how = match (facts.online, facts.deep) {
            (false, _) => "--online compares the first on the PATH, with --deep every one",
            (true, false) => "--deep compares every one",
            (true, true) => "what is not a whole installation can't be compared",
        };
        judged.not_asked = Some(format!("{what} not compared: {how}"));
    }
    judged.stands(compared.join("; "))
}

fn patched(go: &Installation, rule: &'static str, why: &str) -> Found {
    Found::new(rule, format!("{}: {why}", go.root))
        .seen("go", go.name())
        .fix("look closer: verify-build toolchain names the files that differ where it is given a list of the release's")
        .run(&["verify-build", "toolchain", &go.root])
}

fn packaged(go: &Installation) -> Option<Found> {
    (!go.packager.is_empty() && go.on_path == Some(1)).then(|| {
        Found::new("go-packaged", format!("{} comes from {}: some packagers patch Go, and then the release of the same version builds something else", go.name(), go.packager))
            .seen("folder", go.root.clone())
            .fix("have it compared with --online, or build with the release from go.dev/dl")
    })
}
