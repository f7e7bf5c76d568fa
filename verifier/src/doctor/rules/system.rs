//! Distribution, kernel, temporary folder, PATH, kernel settings.

use proto::quantity;

use super::{Found, Judged};
use crate::doctor::facts::{Facts, Folder};
use crate::goinfo::version::{self, GoVersion};

/// Less room than this is little, in bytes: the link of one large program.
const ROOM_MIN: u64 = 1 << 30;

/// Fewer files than this are few.
const FILES_MIN: u64 = 1000;

pub(super) fn host(facts: &Facts) -> Judged {
    let system = &facts.system;
    let libc = match (system.libc.as_str(), system.libc_version.as_str()) {
        ("", _) => "C library unknown".to_owned(),
        (name, "") => name.to_owned(),
        (name, version) => format!("{name} {version}"),
    };
    let name = if system.name.is_empty() {
        "unknown distribution"
    } else {
        &system.name
    };
    let mut judged = Judged::new("distribution, kernel and C library", "host").stands(format!(
        "{name}, {}, {libc}, {}",
        system.kernel, system.goarch
    ));
    if system.libc.is_empty() {
        judged.add(
            Found::new("libc-unknown", "neither getconf nor ldd tells which C library this host has")
                .seen("C library", system.libc_problem.clone())
                .fix("install the package that has getconf (libc-bin, glibc-common): programs built with cgo need at least the host's version"),
        );
    }
    let kernel = system.kernel.split_once(' ').map(|(_, release)| release);
    for go in &facts.gos {
        let Some(found) = kernel.and_then(|release| too_old(release, go.version())) else {
            continue;
        };
        judged.add(
            Found::new(
                "kernel-old",
                format!("{} needs Linux {found}", go.version()),
            )
            .seen("kernel", system.kernel.clone())
            .seen("go", go.name())
            .fix("build on a host with a newer kernel, or with an older Go"),
        );
    }
    judged
}

/// Returns the kernel that a Go needs, where the host's is older.
///
/// Source: go.dev/doc/go1.24 "Ports": Linux 3.2; before, 2.6.32
fn too_old(release: &str, go: &str) -> Option<&'static str> {
    let go = GoVersion::parse(go.split(' ').next()?)?;
    let digits = release
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .next()?;
    let kernel = version::numbers(digits.trim_end_matches('.'))?;
    let (need, text) = match go.minor {
        24.. => (&[3, 2][..], "3.2"),
        _ => (&[2, 6, 32][..], "2.6.32"),
    };
    (kernel.as_slice() < need).then_some(text)
}

pub(super) fn temporary(facts: &Facts) -> Judged {
    let Some(folder) = &facts.system.temp else {
        return Judged::new("temporary folder", "TMPDIR").untold("it was not looked at");
    };
    let subject = folder.path.clone();
    let judged = Judged::new("temporary folder", subject);
    if !folder.exists || !folder.problem.is_empty() || !folder.writable {
        let mut judged = judged.stands("it can't be used");
        judged.add(
            Found::new(
                "temp-missing",
                format!("{} can't be written to: no build runs", folder.path),
            )
            .seen("folder", state(folder))
            .fix(
                "make it, or name another one: export GOTMPDIR=/var/tmp/go, TMPDIR for C compilers",
            ),
        );
        return judged;
    }
    let mut judged = judged.stands(format!("{} free", quantity::size(folder.free)));
    if folder.noexec {
        judged.add(
            Found::new(
                "temp-noexec",
                format!(
                    "{} is mounted noexec: go run and go test can't run what they build",
                    folder.path
                ),
            )
            .seen("mount", "noexec")
            .fix("name a folder for the go command alone: go env -w GOTMPDIR=/var/tmp/go")
            .run(&["mkdir", "-p", "/var/tmp/go"])
            .run(&["go", "env", "-w", "GOTMPDIR=/var/tmp/go"]),
        );
    }
    if is_full(folder) {
        judged.add(
            Found::new(
                "temp-full",
                format!("{} has {} left", folder.path, room(folder)),
            )
            .seen("free", room(folder))
            .fix("make room, or name a folder on a larger disk as GOTMPDIR and TMPDIR"),
        );
    }
    judged
}

/// Says whether a folder's file system has little room or few files left.
pub(super) fn is_full(folder: &Folder) -> bool {
    folder.free < ROOM_MIN || folder.free_files.is_some_and(|files| files < FILES_MIN)
}

/// Says how much room there is.
pub(super) fn room(folder: &Folder) -> String {
    match folder.free_files {
        Some(files) if files < FILES_MIN => {
            format!(
                "{}, {}",
                quantity::size(folder.free),
                quantity::count(files, "file", "files")
            )
        }
        _ => quantity::size(folder.free),
    }
}

/// Says why a folder can't be used.
pub(super) fn state(folder: &Folder) -> String {
    match folder {
        Folder { problem, .. } if !problem.is_empty() => problem.clone(),
        Folder { exists: false, .. } => "it is not there".into(),
        Folder {
            read_only: true, ..
        } => "mounted read-only".into(),
        _ => "not writable for this user".into(),
    }
}

pub(super) fn search_path(facts: &Facts) -> Judged {
    let system = &facts.system;
    // Who may rename a folder of it, and access lists, are not looked at.
    let mut judged = Judged::new("folders that programs come from", "PATH");
    if system.relative_path_folders == 0 && system.open_path_folders.is_empty() {
        judged = judged.stands("none is open to others, by owner and mode of each");
    }
    if system.relative_path_folders > 0 {
        judged.add(
            Found::new("path-relative", "the PATH names folders by relative paths: which programs a build runs depends on where it runs")
                .seen("relative folders", system.relative_path_folders.to_string())
                .fix("write absolute folders into PATH, and no empty one (a colon at an end, two in a row)"),
        );
    }
    for folder in &system.open_path_folders {
        judged.add(
            Found::new(
                "path-open",
                format!("others can put a go command or a compiler into {folder}"),
            )
            .seen("PATH", folder.clone())
            .fix("take the right to write from others, or the folder out of PATH")
            .run(&["chmod", "go-w", folder]),
        );
    }
    judged
}

pub(super) fn sysctls(facts: &Facts) -> Judged {
    let mut judged = Judged::new("kernel settings", "sysctl");
    let mut stands = Vec::new();
    for sysctl in &facts.sysctls {
        match &sysctl.value {
            None => {
                let why = format!("{}: {}", sysctl.name, sysctl.problem);
                judged.untold.get_or_insert(why);
            }
            Some(value) if *value == sysctl.want => stands.push(format!("{} = {value}", sysctl.name)),
            Some(value) => judged.add(
                Found::new("sysctl", format!("{} is {value}, and {} was asked for", sysctl.name, sysctl.want))
                    .seen(sysctl.name.clone(), value.clone())
                    .fix("set it, and write it into a file of /etc/sysctl.d to keep it; no program's bytes depend on it")
                    .run(&["sysctl", "-w", &format!("{}={}", sysctl.name, sysctl.want)]),
            ),
        }
    }
    judged.stands(stands.join(", "))
}
