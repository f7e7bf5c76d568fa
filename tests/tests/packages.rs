//! The packages of `deploy/package.sh`: the same twice, with nothing newer than Rocky Linux 9
//! has, installed, started, upgraded, downgraded and removed under a real systemd.
//!
//! The image, the policy module and a signed release take minutes: `tests/packages.sh`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use testkit::environment;
use testkit::module::Module;

#[test]
fn packages_are_the_same_twice_and_keep_data_from_install_to_removal() {
    if !rustix::process::geteuid().is_root() {
        skip("packages_are_the_same_twice_and_keep_data_from_install_to_removal: not root");
        return;
    }
    let site = Site::new();
    let first = site.package("programs", "old", "0.1.0");
    let second = site.package("programs.copied", "again", "0.1.0");
    finish(first);
    finish(second);
    let made = site.sums("old");
    assert_eq!(made, site.sums("again"), "two runs of package.sh differ");
    for name in [
        "sumward-0.1.0-1.el9.x86_64.rpm",
        "verify-build-0.1.0-1.el9.x86_64.rpm",
        "sumward_0.1.0-1_amd64.deb",
        "verify-build_0.1.0-1_amd64.deb",
        "sumward-0.1.0-linux-x86_64.tar.gz",
        "verify-build-0.1.0-linux-x86_64.tar.gz",
    ] {
        assert!(made.contains_key(name), "{name} is not among {made:?}");
    }
    needs_what_rocky_has(&site.root.path().join("old/sumward-0.1.0-1.el9.x86_64.rpm"));

    finish(site.package("programs", "new", "0.1.1"));
    let said = site.install();
    assert!(!said.contains("FAILED"), "{said}");
    for kind in ["rpm", "deb"] {
        for what in [
            "it serves",
            "an upgrade keeps data",
            "a downgrade keeps data",
            "data stays",
        ] {
            assert!(said.contains(&format!("ok: {kind}: {what}\n")), "{said}");
        }
    }
}

#[test]
fn a_signed_list_is_checked_file_by_file() {
    let root = tempfile::tempdir().unwrap();
    let place = |name: &str| root.path().join(name);
    let run = |words: &[&str]| {
        let mut command = environment::command("sumward");
        let output = command
            .args(words)
            .current_dir(root.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(text).unwrap(),
        )
    };
    for name in ["a.rpm", "b.deb"] {
        std::fs::write(place(name), name).unwrap();
    }
    let list = said(
        Command::new("sha256sum")
            .args(["a.rpm", "b.deb"])
            .current_dir(root.path()),
    );
    std::fs::write(place("SHA256SUMS"), list).unwrap();
    for key in ["ours", "theirs"] {
        let (code, text) = run(&["bundle", "keygen", "releases.example", "--out", key]);
        assert_eq!(code, 0, "{text}");
    }
    let sign = |key| {
        run(&[
            "checksums",
            "sign",
            "SHA256SUMS",
            "--key",
            key,
            "--out",
            "note",
        ])
    };
    let (_, theirs) = sign("theirs");
    let (code, ours) = sign("ours");
    assert_eq!(code, 0, "{ours}");
    let verify = |line: &str| run(&["checksums", "verify", "note", "--trust", line.trim()]);
    assert_eq!(verify(&ours), (0, "a.rpm: ok\nb.deb: ok\n".to_owned()));
    let (code, text) = verify(&theirs);
    assert!(
        code == 1 && text.contains("note is not to be trusted"),
        "{text}"
    );
    let (code, text) = verify("no key");
    assert!(code == 64 && text.contains("--trust no key"), "{text}");

    std::fs::write(place("a.rpm"), "another").unwrap();
    std::fs::remove_file(place("b.deb")).unwrap();
    let (code, text) = verify(&ours);
    assert!(code == 1 && text.contains("a.rpm: NOT THE SAME"), "{text}");
    assert!(text.contains("b.deb: not here"), "{text}");
    std::fs::remove_file(place("a.rpm")).unwrap();
    let (code, text) = verify(&ours);
    assert!(
        code == 1 && text.contains("none of the listed files is in ."),
        "{text}"
    );
}

/// The symbols and the packages that the RPM asks for.
fn needs_what_rocky_has(package: &Path) {
    let asked = said(
        Command::new("rpm")
            .args(["--query", "--requires", "--package"])
            .arg(package),
    );
    let glibc = asked.lines().filter_map(|line| {
        let (_, version) = line.split_once("(GLIBC_2.")?;
        version.split_once([')', '.'])?.0.parse::<u32>().ok()
    });
    let newest = glibc.max().unwrap();
    assert!(newest <= 34, "Rocky Linux 9 has GLIBC_2.34: {asked}");
    for line in [
        "(sumward-selinux if selinux-policy-targeted)",
        "ca-certificates",
        "shadow-utils",
        "systemd",
    ] {
        assert!(
            asked.lines().any(|asked| asked == line),
            "{line} is not in {asked}"
        );
    }
    let files = said(
        Command::new("rpm")
            .args(["--query", "--list", "--verbose", "--package"])
            .arg(package),
    );
    let line = |end: &str| {
        let mut lines = files.lines().filter(|line| line.ends_with(end));
        lines
            .next()
            .unwrap_or_else(|| panic!("no {end} in {files}"))
            .to_owned()
    };
    let settings = line("/etc/sumward/sumward.yaml");
    assert!(settings.starts_with("-rw-r-----"), "{settings}");
    let owners: Vec<&str> = settings.split_whitespace().skip(2).take(2).collect();
    assert_eq!(owners, ["root", "sumward"]);
    for end in [
        "/usr/share/man/man1/sumward-gc.1.gz",
        "/usr/share/man/man1/sumward-reload.1.gz",
        "/usr/share/doc/sumward/configuration.md",
        "/usr/share/doc/sumward/guides/rocky.md",
        "/usr/share/doc/sumward/guides/observe.md",
        "/usr/share/doc/sumward/systemd/sumward.service.d/tls.conf.example",
        "/usr/share/doc/sumward/prometheus/sumward.rules.yml",
        "/usr/share/doc/sumward/grafana/sumward.json",
        "/usr/lib/systemd/system/sumward.service",
        "/usr/lib/systemd/system/sumward.socket",
        "/usr/lib/systemd/system/sumward-admin.socket",
    ] {
        line(end);
    }
}

/// Programs to package, and what is made of them.
struct Site {
    root: TempDir,
}

impl Site {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let programs = root.path().join("programs");
        std::fs::create_dir(&programs).unwrap();
        for name in ["sumward", "verify-build"] {
            // Without debug information they are a third; the packages have none anyway.
            said(
                Command::new("strip")
                    .arg("-o")
                    .arg(programs.join(name))
                    .arg(environment::program(name)),
            );
        }
        // The same bytes with other times, as another build would have.
        said(
            Command::new("cp")
                .arg("-r")
                .arg(&programs)
                .arg(root.path().join("programs.copied")),
        );
        let proxy = root.path().join("proxy");
        Module::library("example.com/greet", "v1.0.0").write(&proxy);
        Self { root }
    }

    /// Starts `package.sh`.
    fn package(&self, programs: &str, out: &str, version: &str) -> Child {
        let script = environment::checkout().join("deploy/package.sh");
        Command::new("bash")
            .arg(script)
            .args([
                "--version",
                version,
                "--level",
                "1",
                "--only",
                "rpm,deb,tar",
            ])
            .arg("--bin")
            .arg(self.root.path().join(programs))
            .arg("--out")
            .arg(self.root.path().join(out))
            .env_clear()
            .env("PATH", environment::path())
            .env("HOME", self.root.path())
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What lies in a folder of packages.
    fn sums(&self, folder: &str) -> BTreeMap<String, String> {
        let place = self.root.path().join(folder);
        let lines = said(
            Command::new("sh")
                .args(["-c", "sha256sum *"])
                .current_dir(place),
        );
        let pairs = lines.lines().filter_map(|line| line.split_once("  "));
        pairs
            .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
            .collect()
    }

    /// Boots a copy of this machine and runs the packages through their lives in it.
    fn install(&self) -> String {
        for made in ["programs", "programs.copied", "again"] {
            std::fs::remove_dir_all(self.root.path().join(made)).unwrap();
        }
        let tests = environment::checkout().join("tests");
        said(
            Command::new("bash")
                .arg(tests.join("systemd/boot.sh"))
                .arg(tests.join("packages/installed.sh"))
                .arg(self.root.path())
                .env_clear()
                .env("PATH", environment::path()),
        )
    }
}

#[track_caller]
fn finish(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a command that must succeed; returns what it prints.
#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// For `tests/run.sh` to count, past the capture of `cargo test`.
fn skip(what: &str) {
    let _ = writeln!(std::io::stderr(), "\nskipped: {what}");
}
