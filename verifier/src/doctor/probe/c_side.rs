//! C compilers, those for other architectures, pkg-config.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use proto::goflags;
use rayon::prelude::*;

use super::gos::Found;
use super::{Desk, Effective};
use crate::doctor::facts::{CSide, Cross, Problem, Tool};
use crate::doctor::settings::Settings;

/// Compilers for other architectures, as Debian, Fedora and musl's own packages call them.
const CROSS: [(&str, &str, &str); 16] = [
    ("arm64", "glibc", "aarch64-linux-gnu-gcc"),
    ("arm64", "musl", "aarch64-linux-musl-gcc"),
    ("arm", "glibc", "arm-linux-gnueabihf-gcc"),
    ("arm", "glibc", "arm-linux-gnueabi-gcc"),
    ("amd64", "glibc", "x86_64-linux-gnu-gcc"),
    ("amd64", "musl", "x86_64-linux-musl-gcc"),
    ("amd64", "musl", "musl-gcc"),
    ("386", "glibc", "i686-linux-gnu-gcc"),
    ("riscv64", "glibc", "riscv64-linux-gnu-gcc"),
    ("ppc64le", "glibc", "powerpc64le-linux-gnu-gcc"),
    ("s390x", "glibc", "s390x-linux-gnu-gcc"),
    ("loong64", "glibc", "loongarch64-linux-gnu-gcc"),
    ("mips64le", "glibc", "mips64el-linux-gnuabi64-gcc"),
    ("mipsle", "glibc", "mipsel-linux-gnu-gcc"),
    ("amd64", "mingw", "x86_64-w64-mingw32-gcc"),
    ("386", "mingw", "i686-w64-mingw32-gcc"),
];

pub(super) fn look(
    desk: &Desk<'_>,
    first: Option<&Found>,
    env: &Effective,
    settings: &Settings,
) -> CSide {
    let go = go_env(desk, first, env);
    let tool = |name: &str, usual: &str| -> (String, &'static str) {
        match (env.get(name), go.get(name)) {
            (Some(set), _) => (
                set.clone(),
                if desk.var(name).is_some() {
                    "variable"
                } else {
                    "go env -w"
                },
            ),
            (None, Some(says)) if !says.is_empty() => (says.clone(), "go env"),
            _ => (usual.to_owned(), ""),
        }
    };
    let named = [
        tool("CC", "gcc"),
        tool("CXX", "g++"),
        tool("PKG_CONFIG", "pkg-config"),
    ];
    let (tools, cross) = rayon::join(
        || -> Vec<Tool> {
            named
                .par_iter()
                .enumerate()
                .map(|(index, (command, by))| look_at(desk, env, command, by, index < 2))
                .collect()
        },
        || -> Vec<Cross> {
            CROSS
                .par_iter()
                .filter_map(|row| cross(desk, env, row))
                .collect()
        },
    );
    let mut tools = tools.into_iter();
    let (cc, cxx) = (
        tools.next().unwrap_or_default(),
        tools.next().unwrap_or_default(),
    );
    let linker = if cc.problem.is_none() {
        linker(desk, &cc)
    } else {
        Tool::default()
    };
    let mut side = CSide {
        cgo_enabled: go.get("CGO_ENABLED").cloned().unwrap_or_default(),
        cc,
        cxx,
        linker,
        cross,
        pkg_config: tools.next().unwrap_or_default(),
        ..CSide::default()
    };
    folders(env, settings, &mut side);
    side
}

/// Asks the first go command which compilers it would call. It gets every folder by name, so
/// that it needs no HOME.
fn go_env(desk: &Desk<'_>, first: Option<&Found>, env: &Effective) -> BTreeMap<String, String> {
    let Some(program) = first.and_then(|first| first.program.as_ref()) else {
        return BTreeMap::new();
    };
    let names = ["CC", "CXX", "CGO_ENABLED", "PKG_CONFIG"];
    let mut argv = vec![program.as_os_str(), OsStr::new("env"), OsStr::new("-json")];
    argv.extend(names.iter().map(OsStr::new));
    let passed = [
        "CC",
        "CXX",
        "CGO_ENABLED",
        "GOOS",
        "GOARCH",
        "PKG_CONFIG",
        "GOROOT",
    ];
    let mut variables: Vec<(&str, &OsStr)> = passed
        .iter()
        .filter_map(|name| Some((*name, OsStr::new(env.get(*name)?))))
        .collect();
    let nowhere = OsStr::new("/nonexistent");
    variables.extend(super::gos::local());
    variables.extend([
        ("GOCACHE", nowhere),
        ("GOPATH", nowhere),
        ("GOMODCACHE", nowhere),
    ]);
    let said = desk.runner.ask(&argv, &variables).unwrap_or_default();
    serde_json::from_str(&said).unwrap_or_default()
}

/// Where a program was named and what it calls itself.
fn look_at(desk: &Desk<'_>, env: &Effective, command: &str, by: &str, is_compiler: bool) -> Tool {
    let words = goflags::split(command);
    let name = words.first().cloned().unwrap_or_default();
    let mut tool = Tool {
        name: shown_name(&name),
        named_by: by.to_owned(),
        ..Tool::default()
    };
    let Some(program) = desk.runner.find(&name) else {
        return tool;
    };
    tool.path = program.display().to_string();
    // Arguments such as those of `zig cc` and `ccache gcc` belong to the command.
    let words = words.iter().skip(1).map(OsString::from).collect::<Vec<_>>();
    let argv = |more: &[&str]| -> Vec<OsString> {
        let mut argv = vec![program.clone().into_os_string()];
        argv.extend(words.iter().cloned());
        argv.extend(more.iter().map(OsString::from));
        argv
    };
    match ask(desk, env, &argv(&["--version"])) {
        Ok(said) => {
            let line = said
                .lines()
                .find(|line| !line.trim().is_empty())
                .unwrap_or_default();
            tool.version = desk.runner.shown(line.as_bytes());
            let has_number = line.bytes().any(|byte| byte.is_ascii_digit());
            if !has_number {
                tool.problem = Some(Problem::Garbage(tool.version.clone()));
            }
        }
        Err(problem) => tool.problem = Some(problem),
    }
    if is_compiler && tool.problem.is_none() {
        compiler(desk, env, &argv, &mut tool);
    }
    tool
}

fn compiler(
    desk: &Desk<'_>,
    env: &Effective,
    argv: &dyn Fn(&[&str]) -> Vec<OsString>,
    tool: &mut Tool,
) {
    let said = ask(desk, env, &argv(&["-dumpmachine"])).unwrap_or_default();
    tool.target = desk.runner.shown(said.trim().as_bytes());
    // Preprocessing a header from the compiler's own standard input would need one: the
    // empty file with the header put before it does without.
    let argv = argv(&["-E", "-x", "c", "-include", "stdlib.h", "/dev/null"]);
    tool.headers = Some(ask(desk, env, &argv).is_ok());
}

/// Variables that lead a C compiler elsewhere are part of what is tested.
fn ask(desk: &Desk<'_>, env: &Effective, argv: &[OsString]) -> Result<String, Problem> {
    let names = [
        "CPATH",
        "C_INCLUDE_PATH",
        "COMPILER_PATH",
        "GCC_EXEC_PREFIX",
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_SYSROOT_DIR",
    ];
    let variables: Vec<(&str, &OsStr)> = names
        .iter()
        .filter_map(|name| Some((*name, OsStr::new(env.get(*name)?))))
        .collect();
    let words: Vec<&OsStr> = argv.iter().map(OsString::as_os_str).collect();
    desk.runner.ask(&words, &variables)
}

fn shown_name(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+".contains(letter);
    if name.chars().all(is_plain) {
        name.to_owned()
    } else {
        "…".to_owned()
    }
}

/// The linker that a compiler calls, as it says.
fn linker(desk: &Desk<'_>, cc: &Tool) -> Tool {
    let mut tool = Tool {
        name: "ld".into(),
        ..Tool::default()
    };
    if cc.path.is_empty() {
        return tool;
    }
    let argv = [OsStr::new(&cc.path), OsStr::new("-print-prog-name=ld")];
    let said = desk.runner.ask(&argv, &[]).unwrap_or_default();
    let Some(program) = desk.runner.find(said.trim()) else {
        return tool;
    };
    tool.path = program.display().to_string();
    match desk
        .runner
        .ask(&[program.as_os_str(), OsStr::new("--version")], &[])
    {
        Ok(said) => {
            tool.version = desk
                .runner
                .shown(said.lines().next().unwrap_or_default().as_bytes())
        }
        Err(problem) => tool.problem = Some(problem),
    }
    tool
}

fn cross(
    desk: &Desk<'_>,
    env: &Effective,
    (goarch, libc, name): &(&str, &str, &str),
) -> Option<Cross> {
    desk.runner.find(name)?;
    Some(Cross {
        goarch: (*goarch).to_owned(),
        libc: (*libc).to_owned(),
        tool: look_at(desk, env, name, "", true),
    })
}

fn folders(env: &Effective, settings: &Settings, side: &mut CSide) {
    let listed = |name: &str| -> Vec<PathBuf> {
        let value = env.get(name).map(String::as_str).unwrap_or_default();
        value
            .split(':')
            .filter(|entry| !entry.is_empty())
            .map(PathBuf::from)
            .collect()
    };
    let native = crate::doctor::triplet::start_of(settings.value("GOARCH").unwrap_or_default());
    for folder in [listed("PKG_CONFIG_PATH"), listed("PKG_CONFIG_LIBDIR")].concat() {
        let text = folder.display().to_string();
        if !folder.is_dir() {
            side.pkg_config_missing.push(text);
        } else if native.is_some_and(|native| is_foreign(&folder, native)) {
            side.pkg_config_foreign.push(text);
        }
    }
    let is_own = |name: &str| name.contains("-pkg-config") || name.contains("-pkgconf");
    side.pkg_config_bound = env.contains_key("PKG_CONFIG_LIBDIR")
        || env.contains_key("PKG_CONFIG_SYSROOT_DIR")
        || is_own(&side.pkg_config.name);
}

/// Says whether a folder has the name of another architecture in it.
fn is_foreign(folder: &Path, native: &str) -> bool {
    let known = crate::doctor::triplet::all();
    let mut parts = folder.iter().filter_map(OsStr::to_str);
    parts.any(|part| {
        let is_triplet = part.contains("-linux-") || part.ends_with("-linux");
        is_triplet
            && known.clone().any(|start| part.starts_with(start))
            && !part.starts_with(native)
    })
}
