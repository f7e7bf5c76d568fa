//! What the go command is told by variables and files, and traps in it.

use proto::quantity;

use super::{Found, Judged};
use crate::doctor::facts::Facts;
use crate::doctor::settings::{Origin, Setting};

/// How a setting is taken back.
pub(super) fn unset(found: Found, name: &str, setting: &Setting) -> Found {
    match setting.origin {
        Origin::Environment => found.run(&["unset", name]),
        Origin::File => found.run(&["go", "env", "-u", name]),
        Origin::Installation => found,
    }
}

/// Where a setting was set, in words.
pub(super) fn place(setting: &Setting) -> &'static str {
    setting.origin.words()
}

pub(super) fn roots(facts: &Facts) -> Judged {
    let settings = &facts.settings;
    let mut judged = Judged::new("GOROOT and GOPATH", "settings");
    if let Some(setting) = settings.by_person("GOROOT") {
        judged.add(goroot(facts, setting));
    }
    if let Some(setting) = settings.set.get("GOROOT_FINAL") {
        let found = Found::new(
            "goroot-final",
            "GOROOT_FINAL is set: Go up to 1.22 writes it into programs, later ones ignore it",
        )
        .seen("GOROOT_FINAL", setting.value.clone())
        .fix("unset it, and build with -trimpath, which leaves the folder of Go out");
        judged.add(unset(found, "GOROOT_FINAL", setting));
    }
    if let Some(setting) = settings.by_person("GOPATH") {
        let entries = setting.value.split(':').filter(|entry| !entry.is_empty());
        for entry in entries {
            let is_root = facts
                .gos
                .iter()
                .any(|go| go.root == entry.trim_end_matches('/'));
            let found = if is_root {
                Found::new(
                    "gopath-goroot",
                    "GOPATH is the folder of a Go installation: the go command warns, and modules land in it",
                )
            } else if !entry.starts_with('/') && setting.whole {
                Found::new(
                    "gopath-relative",
                    "GOPATH is not an absolute path: the go command refuses to build",
                )
            } else {
                continue;
            };
            let found = found
                .seen(place(setting), format!("GOPATH={entry}"))
                .fix("unset it: the default is ~/go");
            judged.add(unset(found, "GOPATH", setting));
        }
    }
    judged.stands(if settings.by_person("GOROOT").is_none() {
        "GOROOT is not set"
    } else {
        "GOROOT is set"
    })
}

/// A GOROOT that is set does harm in one way at least: the worst is said.
fn goroot(facts: &Facts, setting: &Setting) -> Found {
    let path = setting.value.trim_end_matches('/');
    let own = facts.first_go().filter(|go| !go.root.is_empty());
    let known = facts.gos.iter().find(|go| go.root == path);
    let found = match (known, own) {
        _ if !setting.whole => Found::new("goroot-set", "GOROOT is set"),
        (None, _) => Found::new(
            "goroot-missing",
            format!("GOROOT is {path}, where no Go is installed: the go command fails"),
        ),
        (Some(known), _) if !known.missing.is_empty() => Found::new(
            "goroot-missing",
            format!("GOROOT is {path}, which is not a whole installation: the go command fails"),
        ),
        (Some(known), Some(own)) if known.root != own.root => Found::new(
            "goroot-mixed",
            format!(
                "{} takes compiler and library from {path}, where {} is, and not from {}",
                own.program,
                known.version(),
                own.root
            ),
        ),
        _ => Found::new(
            "goroot-set",
            "GOROOT is set, to what it would be anyway: a go command that switches versions by go.mod, and another one on the PATH, then take the wrong compiler",
        ),
    };
    let found = found
        .seen(place(setting), format!("GOROOT={}", setting.value))
        .fix("unset it: every go command knows its own");
    unset(found, "GOROOT", setting)
}

pub(super) fn toolchain(facts: &Facts) -> Judged {
    let settings = &facts.settings;
    let mut judged = Judged::new("one Go builds", "GOTOOLCHAIN");
    let Some(setting) = settings.set.get("GOTOOLCHAIN") else {
        // Without go.env, which Go 1.21 was the first to have, nothing switches.
        return judged.stands("not set");
    };
    let value = setting.value.as_str();
    let (name, way) = match value.split_once('+') {
        Some((name, way)) => (name, Some(way)),
        None => (value, None),
    };
    let named = name == "local" || crate::goinfo::version::GoVersion::parse(name).is_some();
    let found = match (name, way) {
        _ if !setting.whole => Some(Found::new("gotoolchain-invalid", "GOTOOLCHAIN has a value that no go command understands")),
        ("auto", None) | (_, Some("auto")) if name == "auto" || named => Some(
            Found::new("gotoolchain-floats", "which Go builds is left to each go.mod: a newer one is downloaded where that asks for it")
                .fix("name the version where it is built, GOTOOLCHAIN=go1.27.3, or GOTOOLCHAIN=local for the one that is here"),
        ),
        ("path", None) | (_, Some("path")) if name == "path" || named => Some(
            Found::new("gotoolchain-path", "a go.mod that asks for a newer Go gets whatever go1.x command lies on the PATH")
                .fix("name the version where it is built, GOTOOLCHAIN=go1.27.3, or GOTOOLCHAIN=local for the one that is here"),
        ),
        (_, None) if named => None,
        _ => Some(Found::new("gotoolchain-invalid", "GOTOOLCHAIN has a value that no go command understands")),
    };
    if let Some(found) = found {
        let found = match found.finding.fix.is_empty() {
            true => found.fix("write local, auto, or a version: GOTOOLCHAIN=go1.27.3"),
            false => found,
        };
        judged.add(found.seen(place(setting), format!("GOTOOLCHAIN={value}")));
    }
    judged.stands(format!("GOTOOLCHAIN={value}"))
}

pub(super) fn flags(facts: &Facts) -> Judged {
    let settings = &facts.settings;
    let mut judged = Judged::new("flags of every build", "GOFLAGS");
    let origin = settings.set.get("GOFLAGS").map_or("GOFLAGS", place);
    if settings.flags_refused > 0 {
        judged.add(
            Found::new("goflags-invalid", "GOFLAGS has words that are not flags: the go command refuses to build")
                .seen(origin, settings.flags_refused.to_string())
                .fix("write each value into its flag: -ldflags=-s; a flag with spaces as a whole in quotation marks: '-ldflags=-s -w'"),
        );
    }
    let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
    for flag in &settings.flags {
        let is_off = flag.ends_with("=false");
        let found = match name(flag).as_str() {
            "-mod" if flag == "-mod=mod" => Found::new("goflags-mod", "builds may change go.mod and go.sum: two builds of one commit can take other versions")
                .fix("leave it out; -mod=readonly is the default"),
            "-toolexec" | "-overlay" | "-modfile" | "-gccgoflags" | "-compiler" if flag != "-compiler=gc" => Found::new("goflags-redirect", format!("{} replaces files or tools of every build", name(flag)))
                .fix("pass it to the builds that need it"),
            "-ldflags" | "-gcflags" | "-asmflags" | "-tags" | "-race" | "-msan" | "-asan" | "-cover" | "-buildmode" | "-pgo" | "-buildvcs" | "-installsuffix" if !is_off || flag == "-buildvcs=false" => {
                Found::new("goflags-bytes", format!("{} changes every program that is built here, and scripts do not show it", name(flag)))
                    .fix("write it into the command or script that builds, so that other hosts do the same")
            }
            _ => continue,
        };
        judged.add(found.seen(origin, flag.clone()));
    }
    if !settings.flags.iter().any(|flag| flag == "-trimpath") {
        judged.add(
            Found::new(
                "trimpath-missing",
                "GOFLAGS has no -trimpath: a build that does not pass it names this host's folders",
            )
            .seen(
                origin,
                match settings.flags.is_empty() {
                    true => "not set".to_owned(),
                    false => settings.flags.join(" "),
                },
            )
            .fix("pass -trimpath in the script that builds, or set it for the host")
            .run(&["go", "env", "-w", "GOFLAGS=-trimpath"]),
        );
    }
    judged.stands(match settings.flags.is_empty() {
        true => "not set".to_owned(),
        false => settings.flags.join(" "),
    })
}

/// Settings that change programs.
const BYTES: [&str; 11] = [
    "CC",
    "CXX",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_ENABLED",
    "CGO_LDFLAGS",
    "GOAMD64",
    "GOARM64",
    "GOEXPERIMENT",
    "GOFLAGS",
];

pub(super) fn file(facts: &Facts) -> Judged {
    let settings = &facts.settings;
    let file = &settings.file;
    let subject = if file.path.is_empty() {
        "no file"
    } else {
        &file.path
    };
    let mut judged = Judged::new("settings of go env -w", subject);
    if !file.problem.is_empty() {
        judged.add(
            Found::new(
                "goenv-unreadable",
                "the go command can't read its own settings, and goes on without them",
            )
            .seen(file.path.clone(), file.problem.clone())
            .fix("make it a file that this user can read, or name another one in GOENV"),
        );
    }
    let (unknown, nonsense) = (&file.unknown, file.nonsense);
    if !unknown.is_empty() {
        judged.add(
            Found::new("goenv-unknown", "names that no go command knows: they have no effect")
                .seen(file.path.clone(), unknown.join(", "))
                .fix("take them out; a C compiler for another architecture is named by CC where that is built for"),
        );
    }
    if nonsense > 0 {
        judged.add(
            Found::new("goenv-nonsense", "lines that set nothing")
                .seen(file.path.clone(), nonsense.to_string())
                .fix("each line is NAME=value; go env -w writes them"),
        );
    }
    if !file.overridden.is_empty() {
        judged.add(
            Found::new("goenv-overridden", "variables give other values, and win")
                .seen(file.path.clone(), file.overridden.join(", "))
                .fix("set each in one place"),
        );
    }
    let bytes: Vec<String> = settings
        .set
        .iter()
        .filter(|(name, setting)| setting.origin == Origin::File && BYTES.contains(&name.as_str()))
        .filter(|(_, setting)| setting.value != "-trimpath")
        .map(|(name, setting)| format!("{name}={}", setting.value))
        .collect();
    if !bytes.is_empty() {
        judged.add(
            Found::new(
                "goenv-bytes",
                "settings that change programs stand in this file, where no script shows them",
            )
            .seen(file.path.clone(), bytes.join(", "))
            .fix("write them into the script that builds, so that other hosts do the same"),
        );
    }
    let count = settings
        .set
        .values()
        .filter(|setting| setting.origin == Origin::File)
        .count();
    match (count, file.problem.is_empty()) {
        (_, false) => judged,
        (0, true) => judged.stands("nothing is set"),
        (count, true) => judged.stands(quantity::count(count, "setting", "settings")),
    }
}
