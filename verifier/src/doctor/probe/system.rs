//! Distribution, kernel, C library, temporary folder, PATH, kernel settings.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::Desk;
use super::disk;
use crate::doctor::facts::{Sysctl, System};
use crate::host::machine;

pub(super) fn look(desk: &Desk<'_>) -> System {
    let mut system = System {
        kernel: kernel(desk),
        goarch: machine::target()[1].to_owned(),
        ..System::default()
    };
    let release = desk.disk.text("/etc/os-release");
    let release = release.or_else(|| desk.disk.text("/usr/lib/os-release"));
    let release = release.unwrap_or_default();
    let value = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_matches(['"', '\'']).to_owned())
            .unwrap_or_default()
    };
    (system.id, system.version) = (value("ID="), value("VERSION_ID="));
    let redhat = desk.disk.text("/etc/redhat-release").unwrap_or_default();
    system.redhat_release = redhat.trim().to_owned();
    system.name = value("PRETTY_NAME=");
    if system.name.is_empty() {
        system.name.clone_from(&system.redhat_release);
    }
    libc(desk, &mut system);
    let temp = desk.var("TMPDIR").unwrap_or_else(|| "/tmp".into());
    let own = desk.var("GOTMPDIR").unwrap_or(temp);
    system.temp = Some(disk::folder(Path::new(&own)));
    search_path(desk, &mut system);
    system
}

fn kernel(desk: &Desk<'_>) -> String {
    if desk.scope.root.is_some() {
        let release = desk.disk.text("/proc/sys/kernel/osrelease");
        return release.map_or_else(String::new, |release| format!("Linux {}", release.trim()));
    }
    let name = rustix::system::uname();
    format!(
        "{} {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy()
    )
}

/// glibc says so to `getconf`, and both C libraries to their `ldd`.
fn libc(desk: &Desk<'_>, system: &mut System) {
    let asked = [
        ("getconf", "GNU_LIBC_VERSION", glibc as fn(&str) -> Told),
        ("ldd", "--version", ldd),
    ];
    for (program, question, told) in asked {
        let Some(path) = desk.runner.find(program) else {
            continue;
        };
        let argv = [path.as_os_str(), OsStr::new(question)];
        // musl's ldd tells its version as a complaint, and fails.
        let said = match desk.runner.said(&argv) {
            Ok(said) => said,
            Err(problem) => {
                system.libc_problem = format!("{program}: {}", problem.words());
                continue;
            }
        };
        if let Some((name, version)) = told(&said) {
            (system.libc, system.libc_version) = (name.into(), version);
            system.libc_problem.clear();
            return;
        }
        system.libc_problem = format!("{program}: {}", desk.runner.shown(said.as_bytes()));
    }
    if system.libc_problem.is_empty() {
        system.libc_problem = "there is neither getconf nor ldd".into();
    }
}

/// A C library and its version.
type Told = Option<(&'static str, String)>;

/// `glibc 2.36`
fn glibc(said: &str) -> Told {
    let version = said.trim().strip_prefix("glibc ")?;
    is_version(version).then(|| ("glibc", version.to_owned()))
}

/// `ldd (Debian GLIBC 2.36-9+deb12u10) 2.36`, or `musl libc (x86_64)` and `Version 1.2.5`.
fn ldd(said: &str) -> Told {
    let mut lines = said.lines().map(str::trim);
    let first = lines.next()?;
    if first.starts_with("musl libc") {
        let version = lines.find_map(|line| line.strip_prefix("Version "));
        return Some(("musl", version.unwrap_or_default().to_owned()));
    }
    let is_glibc = first.contains("GLIBC") || first.contains("GNU libc");
    let version = first.split(' ').next_back()?;
    (is_glibc && is_version(version)).then(|| ("glibc", version.to_owned()))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn search_path(desk: &Desk<'_>, system: &mut System) {
    let user = rustix::process::geteuid().as_raw();
    // Without a PATH nothing is found at all, which is said of what is looked for.
    let path = Some(desk.runner.path()).filter(|path| !path.is_empty());
    for folder in path.into_iter().flat_map(std::env::split_paths) {
        if !folder.is_absolute() {
            system.relative_path_folders += 1;
            continue;
        }
        let Ok(metadata) = fs::metadata(&folder) else {
            continue;
        };
        use std::os::unix::fs::MetadataExt as _;
        let is_foreign = metadata.uid() != user && metadata.uid() != 0;
        if disk::is_open(&metadata) || is_foreign {
            let folder = folder.display().to_string();
            if !system.open_path_folders.contains(&folder) {
                system.open_path_folders.push(folder);
            }
        }
    }
}

/// Reads the kernel settings that were asked for.
pub(super) fn sysctls(desk: &Desk<'_>) -> Vec<Sysctl> {
    let read = |(name, want): &(String, String)| {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        let found = desk.disk.read_host(&desk.disk.place(&path));
        let (value, problem) = match found {
            Ok(Some(text)) => (
                Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
                String::new(),
            ),
            Ok(None) => (None, "this kernel has no such setting".to_owned()),
            Err(problem) => (None, problem),
        };
        Sysctl {
            name: name.clone(),
            want: want.clone(),
            value,
            problem,
        }
    };
    desk.scope.sysctls.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_is_what_it_says_of_itself() {
        type Teller = fn(&str) -> Told;
        let table: [(Teller, &str, Told); 6] = [
            (glibc, "glibc 2.36\n", Some(("glibc", "2.36".into()))),
            (glibc, "undefined\n", None),
            (
                ldd,
                "ldd (Debian GLIBC 2.36-9+deb12u10) 2.36\nCopyright\n",
                Some(("glibc", "2.36".into())),
            ),
            (ldd, "ldd (GNU libc) 2.34\n", Some(("glibc", "2.34".into()))),
            (
                ldd,
                "musl libc (x86_64)\nVersion 1.2.5\nDynamic Program Loader\n",
                Some(("musl", "1.2.5".into())),
            ),
            (ldd, "hello\n", None),
        ];
        for (told, said, want) in table {
            assert_eq!(told(said), want, "{said}");
        }
    }
}
