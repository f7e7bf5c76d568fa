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

/// glibc says so to `getconf`; musl's dynamic linker has its name.
fn libc(desk: &Desk<'_>, system: &mut System) {
    let asked = match desk.runner.find("getconf") {
        Some(getconf) => desk
            .runner
            .ask(&[getconf.as_os_str(), OsStr::new("GNU_LIBC_VERSION")], &[])
            .map_err(|problem| problem.words()),
        None => Err("there is no getconf".to_owned()),
    };
    match asked {
        Ok(said) => {
            if let Some((name @ "glibc", version)) = said.trim().split_once(' ') {
                (system.libc, system.libc_version) = (name.into(), version.into());
                return;
            }
            system.libc_problem = desk.runner.shown(said.as_bytes());
        }
        Err(problem) => system.libc_problem = problem,
    }
    let is_musl = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("ld-musl-");
    let entries = fs::read_dir(desk.disk.place("/lib")).into_iter().flatten();
    if entries.take(ENTRIES_MAX).flatten().any(is_musl) {
        system.libc = "musl".into();
    }
}

/// The most files of a folder that are looked at.
const ENTRIES_MAX: usize = 100_000;

fn search_path(desk: &Desk<'_>, system: &mut System) {
    let user = rustix::process::geteuid().as_raw();
    for folder in std::env::split_paths(desk.runner.path()) {
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
