//! A host made of files and small programs, on which nothing is wrong: faults are planted in it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::{environment, schema};

/// A host.
pub(crate) struct House {
    folder: TempDir,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) arguments: Vec<String>,
}

const OS_RELEASE: &str = "NAME=\"Rocky Linux\"\nVERSION=\"9.4 (Blue Onyx)\"\nID=\"rocky\"\nVERSION_ID=\"9.4\"\n\
    PRETTY_NAME=\"Rocky Linux 9.4 (Blue Onyx)\"\n";

/// Says its version as Go does, and what `go env -json` would.
pub(crate) const GO: &str = "#!/bin/sh\ncase $1 in\nversion) echo 'go version go1.27.3 linux/amd64' ;;\n\
    env) echo '{\"CC\":\"gcc\",\"CXX\":\"g++\",\"CGO_ENABLED\":\"1\",\"PKG_CONFIG\":\"pkg-config\"}' ;;\nesac\n";

/// A C compiler that has its headers.
const GCC: &str = "#!/bin/sh\ncase \"$*\" in\n*--version*) echo 'gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)' ;;\n\
    *-dumpmachine*) echo x86_64-redhat-linux ;;\n*-print-prog-name=ld*) echo ld ;;\nesac\n";

impl House {
    /// A host with nothing wrong.
    pub(crate) fn fit() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let house = Self {
            variables: BTreeMap::new(),
            arguments: Vec::new(),
            folder,
        };
        for path in [
            "home",
            "bin",
            "temp",
            "cache",
            "root/opt",
            "root/usr/local",
            "root/proc/sys/net/ipv4/conf/all",
        ] {
            fs::create_dir_all(house.path(path)).unwrap();
        }
        let mut house = house;
        house.write("root/etc/os-release", OS_RELEASE);
        house.write(
            "root/etc/redhat-release",
            "Rocky Linux release 9.4 (Blue Onyx)\n",
        );
        house.write(
            "root/etc/selinux/config",
            "# modes\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
        );
        house.write("root/sys/fs/selinux/enforce", "1");
        house.write(
            "root/var/log/audit/audit.log",
            "type=SERVICE_START msg=audit(1.0:1): pid=1\n",
        );
        house.write(
            "root/proc/sys/kernel/osrelease",
            "5.14.0-427.13.1.el9_4.x86_64\n",
        );
        house.write("root/proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
        house.write("root/proc/sys/vm/swappiness", "10\n");
        house.install("root/usr/local/go", "go1.27.3", GO);
        symlink(house.path("root/usr/local/go/bin/go"), house.path("bin/go")).unwrap();
        house.program("gcc", GCC);
        house.program("g++", &GCC.replace("gcc (GCC)", "g++ (GCC)"));
        house.program("ld", "#!/bin/sh\necho 'GNU ld version 2.35.2-43.el9'\n");
        house.program("getconf", "#!/bin/sh\necho glibc 2.34\n");
        house.program("pkg-config", "#!/bin/sh\necho 1.7.3\n");
        house.program(
            "git",
            "#!/bin/sh\n[ \"$1\" = --version ] && echo git version 2.43.5\n",
        );
        house.output(b"one output");
        house.output(b"another one");
        let place = |name: &str| house.path(name).display().to_string();
        let variables = [
            ("PATH", place("bin")),
            ("HOME", place("home")),
            ("TMPDIR", place("temp")),
            ("GOCACHE", place("cache")),
            ("GOFLAGS", "-trimpath".to_owned()),
            ("GOTOOLCHAIN", "local".to_owned()),
        ];
        let root = place("root");
        house.variables = variables
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        house.arguments = ["--root".to_owned(), root].to_vec();
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// Puts a program on the PATH.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let name = format!("bin/{name}");
        let _ = fs::remove_file(self.path(&name));
        self.write(&name, script);
        self.mode(&name, 0o755);
    }

    pub(crate) fn remove(&self, name: &str) {
        let path = self.path(name);
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    /// Lays out a Go installation.
    pub(crate) fn install(&self, root: &str, version: &str, go: &str) {
        for part in ["bin", "pkg/tool/linux_amd64", "src/runtime", "src/fmt"] {
            fs::create_dir_all(self.path(root).join(part)).unwrap();
        }
        self.write(
            &format!("{root}/VERSION"),
            &format!("{version}\ntime 2026-10-19T22:20:36Z\n"),
        );
        self.write(&format!("{root}/bin/go"), go);
        self.mode(&format!("{root}/bin/go"), 0o755);
    }

    /// Puts an output into the build cache.
    pub(crate) fn output(&self, content: &[u8]) -> String {
        let name: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = format!("cache/{}/{name}-d", &name[..2]);
        self.write(&path, &String::from_utf8_lossy(content));
        path
    }

    /// Runs the command with more arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = environment::command("verify-build");
        command
            .arg("doctor")
            .args(&self.arguments)
            .args(arguments)
            .envs(&self.variables)
            .current_dir(self.path("home"));
        command.output().unwrap()
    }

    /// Runs it, and checks its report against the schema.
    #[track_caller]
    pub(crate) fn report(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.run(&[&["--format", "json"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {said}"));
        schema::check_as("doctor-v1", &report);
        (output.status.code().unwrap(), report)
    }

    /// Everything that lies in the host, with content and time of change.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, String> {
        let mut all = BTreeMap::new();
        let mut waiting = vec![self.folder.path().to_owned()];
        while let Some(path) = waiting.pop() {
            let metadata = fs::symlink_metadata(&path).unwrap();
            let time = metadata.modified().unwrap();
            all.insert(
                path.clone(),
                format!("{:o} {time:?}", metadata.permissions().mode()),
            );
            if metadata.is_dir() {
                waiting.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
        }
        all
    }
}

/// The names of what was found, in order.
pub(crate) fn rules(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter();
    let found = checks.flat_map(|check| check["findings"].as_array().unwrap());
    found
        .map(|found| found["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// Puts a script that begins like a shell's in place of a file.
pub(crate) fn is_script(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}
