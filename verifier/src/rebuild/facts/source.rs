//! The sources: the commit, and one hash over the files that are compiled.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use proto::dirhash::{self, H1, Summary};
use proto::inputs::{Revision, Source};

use super::{FILE_MAX, QUESTION, Unstated, sha256};
use crate::host::child;
use crate::host::interrupt::Interrupt;
use crate::host::machine::Machine;
use crate::opening::{self, Links};
use crate::rebuild::project::{Asking, Project};

/// Returns the sources of a program.
pub(super) fn of(
    project: &Project,
    machine: &Machine,
    asking: &Asking<'_>,
    unstated: &mut Unstated,
) -> Source {
    let module = Path::new(project.env("GOMOD")).parent();
    let beside = |name: &str| module.and_then(|module| sha256(&module.join(name)));
    let work = Some(project.env("GOWORK")).filter(|work| !matches!(*work, "" | "off"));
    let h1 = hash(project, asking).ok();
    unstated.unless(h1.is_some(), "source");
    // The other modules' go.mod and go.sum and go.work.sum choose versions too.
    unstated.unless(work.is_none(), "GOWORK");
    Source {
        revision: revision(project, machine, asking.interrupt),
        h1: h1.map(|h1| h1.to_string()),
        go_mod: beside("go.mod"),
        go_sum: beside("go.sum"),
        go_work: work.and_then(|work| sha256(Path::new(work))),
    }
}

/// Asks git for the commit that the sources are of; `None` outside a repository. The
/// program's own stamp may say less (`-buildvcs=false`) and is kept beside it.
fn revision(project: &Project, machine: &Machine, interrupt: &Interrupt) -> Option<Revision> {
    let git = machine.program("git")?;
    let ask = |arguments: &[&str]| {
        let mut argv = vec![git.clone().into_os_string()];
        argv.extend(arguments.iter().map(OsString::from));
        let prepare = |command: &mut Command| {
            command
                .env_clear()
                .envs(&project.variables)
                .current_dir(&project.folder);
        };
        let said = child::run(&argv, prepare, QUESTION, interrupt).ok()?;
        let text = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        said.is_success().then_some(text)
    };
    Some(Revision {
        system: "git".into(),
        commit: ask(&["rev-parse", "--verify", "HEAD"])?,
        modified: !ask(&["status", "--porcelain", "--untracked-files=normal"])?.is_empty(),
    })
}

/// Prints a line `package`, one `module`, and a line `file` for each file that is
/// compiled or embedded, of every package that is not part of Go.
///
/// Source: `go help list`, struct Package
const FILES: &str = "{{if not .Standard}}package\t{{.ImportPath}}\t{{.Dir}}\
{{with .Module}}\nmodule\t{{.Path}}\t{{.GoMod}}{{end}}\
{{range .GoFiles}}\nfile\t{{.}}{{end}}{{range .CgoFiles}}\nfile\t{{.}}{{end}}\
{{range .CFiles}}\nfile\t{{.}}{{end}}{{range .CXXFiles}}\nfile\t{{.}}{{end}}\
{{range .MFiles}}\nfile\t{{.}}{{end}}{{range .HFiles}}\nfile\t{{.}}{{end}}\
{{range .FFiles}}\nfile\t{{.}}{{end}}{{range .SFiles}}\nfile\t{{.}}{{end}}\
{{range .SwigFiles}}\nfile\t{{.}}{{end}}{{range .SwigCXXFiles}}\nfile\t{{.}}{{end}}\
{{range .SysoFiles}}\nfile\t{{.}}{{end}}{{range .EmbedFiles}}\nfile\t{{.}}{{end}}{{end}}";

/// The profile that go build uses unasked, in the folder of the program.
const PROFILE: &str = "default.pgo";

/// Hashes the files of every package that comes from no module cache, and the go.mod
/// of its module: the go line there decides how they are compiled. What comes from
/// module caches is pinned by go.sum.
fn hash(project: &Project, asking: &Asking<'_>) -> anyhow::Result<H1> {
    let listed = asking.list(project, &["-deps", "-f", FILES])?;
    let cache = Path::new(project.env("GOMODCACHE"));
    hash_listed(&listed, cache, &project.package)
}

/// The same, of what `go list` printed.
fn hash_listed(listed: &str, cache: &Path, program: &str) -> anyhow::Result<H1> {
    let mut summary = Summary::new();
    let mut package: Option<(&str, &Path)> = None;
    for line in listed.lines() {
        let mut fields = line.split('\t');
        match (fields.next(), fields.next(), fields.next()) {
            (Some("package"), Some(path), Some(folder)) => {
                let folder = Path::new(folder);
                let is_pinned = cache.is_absolute() && folder.starts_with(cache);
                package = (!is_pinned).then_some((path, folder));
                if path == program && !is_pinned && folder.join(PROFILE).is_file() {
                    add(&mut summary, path, folder, PROFILE)?;
                }
            }
            (Some("module"), Some(module), Some(go_mod)) => match package {
                None => {}
                Some((path, folder)) if go_mod.is_empty() => {
                    let vendor = vendor(path, folder).context("a package above its module")?;
                    add(&mut summary, "vendor", vendor, "modules.txt")?;
                }
                Some(_) => {
                    let folder = Path::new(go_mod).parent().context("go.mod has no folder")?;
                    add(&mut summary, module, folder, "go.mod")?;
                }
            },
            (Some("file"), Some(name), None) => {
                if let Some((path, folder)) = package {
                    add(&mut summary, path, folder, name)?;
                }
            }
            _ if line.is_empty() => {}
            _ => anyhow::bail!("go list printed a line of another kind"),
        }
    }
    Ok(summary.finish())
}

/// Returns the vendor folder that a package without a go.mod lies in: `modules.txt`
/// there has the go lines.
fn vendor<'a>(package: &str, folder: &'a Path) -> Option<&'a Path> {
    // go list prints variants with another package behind them, in brackets.
    let path = package.split(' ').next()?;
    folder.ancestors().nth(path.split('/').count())
}

fn add(summary: &mut Summary, package: &str, folder: &Path, name: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    let file = opening::regular(&path, Links::Followed)
        .with_context(|| format!("opening {}", path.display()))?;
    match summary.add(&format!("{package}/{name}"), file.take(FILE_MAX)) {
        // A file that is compiled may be embedded as well, and modules have several
        // packages.
        Err(dirhash::Error::Duplicate { .. }) => Ok(()),
        added => Ok(added?),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whatever_decides_how_a_package_is_compiled_counts_and_what_go_sum_pins_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), text).unwrap();
        };
        let package = |path: &str, inside: &str, module: &str, go_mod: &str| {
            let go_mod = match go_mod {
                "" => String::new(),
                name => at(name).display().to_string(),
            };
            let inside = at(inside).display().to_string();
            format!("package\t{path}\t{inside}\nmodule\t{module}\t{go_mod}\nfile\ta.go\n\n")
        };
        let listed = [
            package(
                "example.com/pinned",
                "cache/pinned@v1",
                "example.com/pinned",
                "cache/x.mod",
            ),
            package(
                "example.com/v/p",
                "app/vendor/example.com/v/p",
                "example.com/v",
                "",
            ),
            package("example.com/lib", "lib", "example.com/lib", "lib/go.mod"),
            package(
                "example.com/lib/q",
                "lib/q",
                "example.com/lib",
                "lib/go.mod",
            ),
            package("example.com/app", "app", "example.com/app", "app/go.mod"),
        ];
        let listed = listed.concat();
        let hash = || hash_listed(&listed, &at("cache"), "example.com/app");
        let files = [
            "app/vendor/modules.txt",
            "app/vendor/example.com/v/p/a.go",
            "lib/go.mod",
            "lib/a.go",
            "lib/q/a.go",
            "app/go.mod",
            "app/a.go",
        ];
        for name in files {
            assert!(hash().is_err(), "without {name}");
            write(name, "1");
        }
        let mut known = vec![hash().unwrap()];
        for name in files.into_iter().chain(["app/default.pgo"]) {
            write(name, "2");
            let changed = hash().unwrap();
            assert!(!known.contains(&changed), "{name}");
            known.push(changed);
        }
        write("cache/pinned@v1/a.go", "2");
        write("lib/default.pgo", "2");
        assert_eq!(Some(&hash().unwrap()), known.last());
    }
}
