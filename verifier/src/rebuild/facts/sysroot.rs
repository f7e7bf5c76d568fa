//! One hash over what a C compiler takes from its machine: headers, its own programs,
//! the assembler, the linker, start files and libraries. None of it is in a key of the
//! build cache.
//!
//! The headers are those that the compiler names itself (`-M`) for every C file of the
//! program and for what stands above `import "C"`. Files of the packages themselves are
//! left out: the sources' hash has them, or that of the Go installation. Where there is
//! more than C (C++, Fortran, SWIG, pkg-config), nothing is computed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::{QUESTION, sha256};
use crate::host::child;
use crate::rebuild::project::{Asking, Project};

/// Programs of a C compiler that make bytes of the program.
const PROGRAMS: &[&str] = &["cc1", "collect2", "as", "ld"];

/// Start files and libraries that are linked unasked.
const FILES: &[&str] = &[
    "Scrt1.o",
    "crt1.o",
    "crtbegin.o",
    "crtbeginS.o",
    "crtbeginT.o",
    "crtend.o",
    "crtendS.o",
    "crti.o",
    "crtn.o",
    "libc.a",
    "libc.so",
    "libc.so.6",
    "libc_nonshared.a",
    "libgcc.a",
    "libgcc_eh.a",
    "libgcc_s.so.1",
    "libpthread.a",
    "libresolv.so",
];

/// What cgo itself includes in all that it generates.
///
/// Source: cmd/cgo/out.go
const PROLOGUE: &str = "#include <stddef.h>\n#include <stdint.h>\n#include <stdlib.h>\n\
    #include <string.h>\n#include <errno.h>\n#include <complex.h>\n#include <sys/types.h>\n";

/// The largest Go file read for what stands above `import "C"`, in bytes.
const GO_FILE_MAX: u64 = 16 << 20;

/// The most files hashed.
const FILES_MAX: usize = 20_000;

/// Prints the C side of every package, a field a line.
///
/// Source: `go help list`, struct Package
const LISTING: &str = "{{if .CgoFiles}}package\t{{.Dir}}\
{{range .CgoFiles}}\ngo\t{{.}}{{end}}{{range .CFiles}}\nc\t{{.}}{{end}}\
{{range .CgoCPPFLAGS}}\nflag\t{{.}}{{end}}{{range .CgoCFLAGS}}\nflag\t{{.}}{{end}}\
{{range .CgoLDFLAGS}}\nlink\t{{.}}{{end}}\
{{range .CXXFiles}}\nother\t{{.}}{{end}}{{range .FFiles}}\nother\t{{.}}{{end}}\
{{range .MFiles}}\nother\t{{.}}{{end}}{{range .SwigFiles}}\nother\t{{.}}{{end}}\
{{range .SwigCXXFiles}}\nother\t{{.}}{{end}}{{range .CgoPkgConfig}}\nother\t{{.}}{{end}}{{end}}";

/// The C side of one package.
#[derive(Debug, Default, PartialEq, Eq)]
struct Package {
    folder: PathBuf,
    go_files: Vec<String>,
    c_files: Vec<String>,
    flags: Vec<String>,
    link_flags: Vec<String>,
}

/// Returns the hash, in hexadecimal: SHA-256 over a line `<sha256>  <path>` for each file,
/// in the order of paths. `None` where not everything can be found.
pub(super) fn digest(project: &Project, asking: &Asking<'_>, compiler: &[&str]) -> Option<String> {
    let listed = asking.list(project, &["-deps", "-f", LISTING]).ok()?;
    let packages = parse(&listed)?;
    let asker = Asker {
        project,
        asking,
        compiler,
    };
    let mut files = BTreeSet::new();
    for name in PROGRAMS {
        files.extend(asker.program(name));
    }
    let mut libraries: BTreeSet<String> = FILES.iter().map(|name| (*name).to_owned()).collect();
    let link = proto::goflags::split(project.env("CGO_LDFLAGS"));
    let words = packages
        .iter()
        .flat_map(|package| &package.link_flags)
        .chain(&link);
    for library in words.filter_map(|word| word.strip_prefix("-l")) {
        libraries.extend([format!("lib{library}.so"), format!("lib{library}.a")]);
    }
    for name in &libraries {
        files.extend(asker.file(name));
    }
    for package in &packages {
        files.extend(asker.headers(package)?);
    }
    let goroot = Path::new(project.env("GOROOT"));
    let is_known = |path: &PathBuf| {
        path.starts_with(goroot)
            || packages
                .iter()
                .any(|package| path.starts_with(&package.folder))
    };
    files.retain(|path| !is_known(path));
    if files.is_empty() || files.len() > FILES_MAX {
        return None;
    }
    let mut hash = Sha256::new();
    for path in &files {
        hash.update(format!("{}  {}\n", sha256(path)?, path.display()));
    }
    Some(hex::encode(hash.finalize()))
}

/// Reads what `go list` printed; `None` where there is more than C.
fn parse(listed: &str) -> Option<Vec<Package>> {
    let mut packages: Vec<Package> = Vec::new();
    for line in listed.lines().filter(|line| !line.is_empty()) {
        let (kind, value) = line.split_once('\t')?;
        if kind == "package" {
            packages.push(Package {
                folder: value.into(),
                ..Package::default()
            });
            continue;
        }
        let package = packages.last_mut()?;
        match kind {
            "go" => package.go_files.push(value.to_owned()),
            "c" => package.c_files.push(value.to_owned()),
            "flag" => package.flags.push(value.to_owned()),
            "link" => package.link_flags.push(value.to_owned()),
            _ => return None,
        }
    }
    Some(packages)
}

/// Asks a C compiler.
struct Asker<'a> {
    project: &'a Project,
    asking: &'a Asking<'a>,
    compiler: &'a [&'a str],
}

impl Asker<'_> {
    fn program(&self, name: &str) -> Option<PathBuf> {
        let said = self.ask(&[format!("-print-prog-name={name}")])?;
        let path = PathBuf::from(said.trim());
        if path.is_absolute() {
            return path.canonicalize().ok();
        }
        let search = self.project.variables.get(std::ffi::OsStr::new("PATH"))?;
        crate::host::search_path::find(search, said.trim())?
            .canonicalize()
            .ok()
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        let said = self.ask(&[format!("-print-file-name={name}")])?;
        let path = PathBuf::from(said.trim());
        // A compiler that does not find it prints the name alone.
        path.is_absolute()
            .then(|| path.canonicalize().ok())
            .flatten()
    }

    /// Returns every header that the package's C code includes.
    fn headers(&self, package: &Package) -> Option<BTreeSet<PathBuf>> {
        let folder = self.asking.scratch.join("headers");
        fs::create_dir_all(&folder).ok()?;
        let mut units: Vec<PathBuf> = Vec::new();
        for (number, name) in package.go_files.iter().enumerate() {
            let text = read(&package.folder.join(name))?;
            let unit = folder.join(format!("{number}.c"));
            fs::write(&unit, format!("{PROLOGUE}{}", preamble(&text)?)).ok()?;
            units.push(unit);
        }
        units.extend(package.c_files.iter().map(|name| package.folder.join(name)));
        let mut words: Vec<String> = vec!["-M".into(), "-MG".into()];
        words.extend(
            ["CGO_CPPFLAGS", "CGO_CFLAGS"]
                .into_iter()
                .flat_map(|name| proto::goflags::split(self.project.env(name))),
        );
        words.extend(package.flags.iter().cloned());
        words.push(format!("-I{}", package.folder.display()));
        let mut headers = BTreeSet::new();
        for unit in units {
            let mut words = words.clone();
            words.push(unit.to_str()?.to_owned());
            for path in rule(&self.ask(&words)?) {
                // What is not there yet, cgo makes.
                if path.is_absolute() && path != unit {
                    headers.extend(path.canonicalize().ok());
                }
            }
        }
        Some(headers)
    }

    fn ask(&self, words: &[String]) -> Option<String> {
        let mut argv: Vec<OsString> = self.compiler.iter().map(OsString::from).collect();
        argv.extend(words.iter().map(OsString::from));
        let prepare = |command: &mut Command| {
            command
                .env_clear()
                .envs(&self.project.variables)
                .current_dir(&self.project.folder);
        };
        let said = child::run(&argv, prepare, QUESTION, self.asking.interrupt).ok()?;
        said.is_success()
            .then(|| String::from_utf8(said.stdout).ok())
            .flatten()
    }
}

/// Returns what stands above `import "C"`, without lines for cgo; `None` where that can't
/// be told.
fn preamble(text: &str) -> Option<String> {
    let mut found = String::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut is_block = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if is_block {
            let end = line.find("*/");
            comment.push(end.map_or(line, |end| &line[..end]));
            is_block = end.is_none();
        } else if trimmed == "import \"C\"" || trimmed.starts_with("import \"C\" ") {
            for line in comment
                .drain(..)
                .filter(|line| !line.trim_start().starts_with("#cgo"))
            {
                found.push_str(line);
                found.push('\n');
            }
        } else if trimmed == "\"C\"" {
            return None;
        } else if let Some(rest) = trimmed.strip_prefix("//") {
            comment.push(rest);
        } else if let Some(rest) = trimmed.strip_prefix("/*") {
            comment.clear();
            let end = rest.find("*/");
            comment.push(end.map_or(rest, |end| &rest[..end]));
            is_block = end.is_none();
        } else {
            comment.clear();
        }
    }
    Some(found)
}

/// Returns the files that a rule for make names behind its colon.
fn rule(text: &str) -> Vec<PathBuf> {
    let text = text.split_once(": ").map_or("", |(_, files)| files);
    let (mut files, mut word) = (Vec::new(), String::new());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped @ (' ' | '#' | '\\')) => word.push(escaped),
                Some('\n') | None => {}
                Some(other) => word.extend(['\\', other]),
            },
            letter if letter.is_whitespace() => {
                files.extend((!word.is_empty()).then(|| PathBuf::from(std::mem::take(&mut word))));
            }
            letter => word.push(letter),
        }
    }
    files.extend((!word.is_empty()).then(|| PathBuf::from(word)));
    files
}

fn read(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let file = crate::opening::regular(path, crate::opening::Links::Followed).ok()?;
    let mut text = String::new();
    file.take(GO_FILE_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_above_the_import_is_found_in_both_kinds_of_comment() {
        for (text, want) in [
            (
                "package p\n\n// #include <a.h>\n// int x;\nimport \"C\"\n",
                " #include <a.h>\n int x;\n",
            ),
            (
                "/*\n#cgo LDFLAGS: -lm\n#include <b.h>\n*/\nimport \"C\"\n",
                "\n#include <b.h>\n\n",
            ),
            ("// a comment\n\nimport \"fmt\"\nimport \"C\"\n", ""),
            ("// far away\n\nimport \"C\"\n", ""),
            ("/* one line */\nimport \"C\" // because\n", " one line \n"),
        ] {
            assert_eq!(preamble(text).as_deref(), Some(want), "{text}");
        }
        assert_eq!(preamble("import (\n\t\"fmt\"\n\t\"C\"\n)\n"), None);
    }

    #[test]
    fn a_rule_for_make_names_its_files() {
        let text = "a.o: /tmp/a.c /usr/include/stdio.h \\\n /x/with\\ space.h \\\n _cgo_export.h\n";
        let want = [
            "/tmp/a.c",
            "/usr/include/stdio.h",
            "/x/with space.h",
            "_cgo_export.h",
        ];
        assert_eq!(rule(text), want.map(PathBuf::from));
        assert!(rule("").is_empty());
    }

    #[test]
    fn more_than_c_is_left_alone() {
        let listed =
            "package\t/a\ngo\ta.go\nc\tb.c\nflag\t-DX\nlink\t-lm\n\npackage\t/b\ngo\tc.go\n";
        let packages = parse(listed).unwrap();
        assert_eq!(packages.len(), 2);
        assert_eq!(
            (packages[0].c_files.len(), packages[0].link_flags.len()),
            (1, 1)
        );
        assert_eq!(parse("package\t/a\nother\tx.cc\n"), None);
        assert_eq!(parse(""), Some(Vec::new()));
    }
}
