//! Files judged alone.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use testkit::go::{Go, Toolchain};
use testkit::{environment, git, schema};

const MAIN: &str = "package main\n\nfunc main() { println(\"hello\") }\n";

/// A program's folder, in a repository where it says so.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for (name, content) in files {
            let path = desk.source().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        desk
    }

    /// The same, everything committed.
    fn committed(files: &[(&str, &str)]) -> Self {
        let desk = Self::new(files);
        git::commit_all(&desk.source());
        desk
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    /// Builds the program in a folder of the source.
    fn build(
        &self,
        version: &str,
        name: &str,
        settings: &[(&str, &str)],
        flags: &[&str],
    ) -> PathBuf {
        let go = Go::new(&Toolchain::find(version), "off", "off").with("GOFLAGS", "");
        let settings = settings.iter();
        let go = settings.fold(go, |go, (name, value)| go.with(name, value));
        let output = self.folder.path().join(name);
        let place = output.to_str().unwrap();
        go.must(
            &self.source(),
            &[&["build", "-trimpath", "-o", place], flags, &["."]].concat(),
        );
        output
    }
}

fn verify_build(arguments: &[&str], file: &Path) -> (Option<i32>, String) {
    let output = environment::command("verify-build")
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// What lint says: the exit code, and level, rule and sentence of each finding.
fn lint(file: &Path) -> (i32, Vec<[String; 3]>) {
    let (exit, text) = verify_build(&["lint", "--format", "json"], file);
    let report: Value = serde_json::from_str(&text).unwrap();
    schema::check_as("lint-v1", &report);
    let findings = report["files"][0]["findings"].as_array().unwrap().iter();
    let word = |found: &Value, key: &str| found[key].as_str().unwrap().to_owned();
    let words = |found: &Value| ["level", "rule", "summary"].map(|key| word(found, key));
    (exit.unwrap(), findings.map(words).collect())
}

#[track_caller]
fn level(findings: &[[String; 3]], rule: &str) -> Option<String> {
    let mut named = findings.iter().filter(|[_, name, _]| name == rule);
    let found = named.next()?;
    assert!(named.next().is_none(), "{findings:?}");
    Some(found[0].clone())
}

/// Where the UUID of a Mach-O file comes from, as the report says.
fn uuid_origin(file: &Path) -> String {
    let (_, text) = verify_build(&["inspect", "--format", "json"], file);
    let report: Value = serde_json::from_str(&text).unwrap();
    schema::check(&report);
    let id = &report["files"][0]["host_id"];
    assert_eq!(id["kind"], "uuid", "{id}");
    id["origin"].as_str().unwrap().to_owned()
}

const GO_MOD: (&str, &str) = ("go.mod", "module example.com/tool\n\ngo 1.21\n");

#[test]
fn the_uuid_of_a_plain_build_is_the_linkers() {
    let desk = Desk::new(&[GO_MOD, ("main.go", MAIN)]);
    for (version, arch) in [
        ("1.24.", "amd64"),
        ("1.24.", "arm64"),
        ("1.27.", "amd64"),
        ("1.27.", "arm64"),
    ] {
        let target = [("GOOS", "darwin"), ("GOARCH", arch)];
        let name = format!("tool-{version}{arch}");
        let tool = desk.build(version, &name, &target, &[]);
        let (exit, findings) = lint(&tool);
        assert_eq!(level(&findings, "gnu-build-id-flag"), None, "{findings:?}");
        assert_eq!(exit, 0, "{findings:?}");
        assert_eq!(uuid_origin(&tool), "go", "{name}");
        // Of an ID given by hand it is a hash all the same.
        let named = desk.build(
            version,
            &format!("{name}-named"),
            &target,
            &["-ldflags=-buildid=release-7"],
        );
        assert_eq!(uuid_origin(&named), "go", "{name}");
        let (_, findings) = lint(&named);
        assert_eq!(level(&findings, "gnu-build-id-flag"), None, "{findings:?}");
        // One that was changed is not.
        let mut bytes = fs::read(&tool).unwrap();
        let at = memchr::memmem::find(&bytes, &[0x1b, 0, 0, 0, 24, 0, 0, 0]).unwrap() + 8;
        bytes[at] ^= 1;
        let changed = desk.folder.path().join(format!("{name}-changed"));
        fs::write(&changed, bytes).unwrap();
        let (exit, findings) = lint(&changed);
        assert_eq!(
            level(&findings, "gnu-build-id-flag").as_deref(),
            Some("warning")
        );
        assert_eq!((exit, uuid_origin(&changed).as_str()), (1, "other"));
    }
}

#[test]
fn a_program_without_a_build_id_has_a_uuid_of_its_own_bytes() {
    let desk = Desk::new(&[GO_MOD, ("main.go", MAIN)]);
    for arch in ["amd64", "arm64"] {
        let target = [("GOOS", "darwin"), ("GOARCH", arch)];
        let flags = ["-ldflags=-s -w -buildid="];
        let tool = desk.build("1.27.", arch, &target, &flags);
        assert_eq!(uuid_origin(&tool), "content", "{arch}");
        let (_, text) = verify_build(&["lint"], &tool);
        assert!(text.contains("still fits them"), "{text}");
        for never in ["by hand", "was not made by Go", "host's linker"] {
            assert!(!text.contains(never), "{never}: {text}");
        }
        let mut bytes = fs::read(&tool).unwrap();
        let at = memchr::memmem::find(&bytes, b"hello").unwrap();
        bytes[at] ^= 1;
        fs::write(&tool, bytes).unwrap();
        assert_eq!(uuid_origin(&tool), "unknown", "{arch}");
        let (_, text) = verify_build(&["lint"], &tool);
        assert!(!text.contains("still fits them"), "{text}");
    }
}

const API: (&str, &str) = ("api/api.go", "package api\n\nfunc F() int { return 1 }\n");
const API_MOD: (&str, &str) = ("api/go.mod", "module example.com/ws/api\n\ngo 1.21\n");
const USES: (&str, &str) = (
    "main.go",
    "package main\n\nimport \"example.com/ws/api\"\n\nfunc main() { println(api.F()) }\n",
);
const REPLACED: (&str, &str) = (
    "go.mod",
    "module example.com/tool\n\ngo 1.21\n\nrequire example.com/ws/api v0.0.0\n\nreplace example.com/ws/api => ./api\n",
);
const REQUIRED: (&str, &str) = (
    "go.mod",
    "module example.com/tool\n\ngo 1.21\n\nrequire example.com/ws/api v0.0.0\n",
);
const WORKSPACE: (&str, &str) = ("go.work", "go 1.21\n\nuse (\n\t.\n\t./api\n)\n");

#[test]
fn a_module_of_the_repository_is_the_commits() {
    let replaced = [REPLACED, USES, API, API_MOD];
    let workspace = [REQUIRED, USES, API, API_MOD, WORKSPACE];
    for (name, files) in [("replace", &replaced[..]), ("workspace", &workspace[..])] {
        let desk = Desk::committed(files);
        let tool = desk.build("1.27.", name, &[], &[]);
        let (exit, findings) = lint(&tool);
        assert_eq!(
            level(&findings, "dependency-replaced").as_deref(),
            Some("note"),
            "{findings:?}"
        );
        assert_eq!(exit, 0, "{name}: {findings:?}");
        for [_, _, summary] in &findings {
            assert!(!summary.contains("nobody"), "{summary}");
        }
        // With files that the commit does not have, it no longer speaks for them.
        fs::write(desk.source().join("api/more.go"), "package api\n").unwrap();
        let tool = desk.build("1.27.", "dirty", &[], &[]);
        let (exit, findings) = lint(&tool);
        assert_eq!(
            level(&findings, "dependency-replaced").as_deref(),
            Some("warning"),
            "{findings:?}"
        );
        assert_eq!(exit, 1);
    }
}

#[test]
fn what_is_no_single_program_is_not_clean() {
    let desk = Desk::new(&[GO_MOD, ("main.go", MAIN)]);
    let slices = ["amd64", "arm64"].map(|arch| {
        let target = [("GOOS", "darwin"), ("GOARCH", arch)];
        fs::read(desk.build("1.27.", arch, &target, &[])).unwrap()
    });
    // A universal file: a header in big endian, then each at a multiple of 16 KiB.
    let mut universal = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2];
    let starts = [
        1_usize << 14,
        (1 << 14) + slices[0].len().next_multiple_of(1 << 14),
    ];
    for ((kind, slice), start) in [0x0100_0007_u32, 0x0100_000c]
        .iter()
        .zip(&slices)
        .zip(starts)
    {
        let (start, size) = (
            u32::try_from(start).unwrap(),
            u32::try_from(slice.len()).unwrap(),
        );
        for word in [*kind, 0, start, size, 14] {
            universal.extend(word.to_be_bytes());
        }
    }
    for (slice, start) in slices.iter().zip(starts) {
        universal.resize(start, 0);
        universal.extend(slice);
    }
    let file = desk.folder.path().join("universal");
    fs::write(&file, universal).unwrap();
    let (exit, text) = verify_build(&["lint"], &file);
    assert_eq!(exit, Some(3), "{text}");
    assert!(text.starts_with("NOT JUDGED"), "{text}");
    let (exit, text) = verify_build(&["lint", "--require", "trimpath", "-v"], &file);
    assert_eq!(exit, Some(3), "{text}");
    assert!(text.contains("unknown"), "{text}");
}
