//! A small distribution, and a mirror with a database of our own that has its
//! record.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use proto::dirhash::{Summary, go_mod};
use tempfile::TempDir;
use testkit::database::TestDatabase;

use crate::{judge, verify_build};

pub(crate) const DATABASE: &str = "sum.example/test";
pub(crate) const VERSION: &str = "v0.0.1-go1.27.3.linux-amd64";

/// Names in the tree, names in the module, contents.
pub(crate) const FILES: [(&str, &str, &str); 11] = [
    ("LICENSE", "LICENSE", "free\n"),
    (
        "VERSION",
        "VERSION",
        "go1.27.3\ntime 2026-10-19T22:20:36Z\n",
    ),
    ("bin/go", "bin/go", "go"),
    ("bin/gofmt", "bin/gofmt", "gofmt"),
    ("go.env", "go.env", "GOPROXY=off\n"),
    ("pkg/include/textflag.h", "pkg/include/textflag.h", "1"),
    (
        "pkg/tool/linux_amd64/compile",
        "pkg/tool/linux_amd64/compile",
        "compile",
    ),
    (
        "src/fmt/fmt_test.go",
        "src/fmt/fmt_test.go",
        "package fmt\n",
    ),
    (
        "src/fmt/print.go",
        "src/fmt/print.go",
        "package fmt // print\n",
    ),
    ("src/go.mod", "src/_go.mod", "module std\n"),
    (
        "src/runtime/proc.go",
        "src/runtime/proc.go",
        "package runtime\n",
    ),
];

/// A distribution, and a mirror with a database that has its record.
pub(crate) struct Small {
    folder: TempDir,
    pub(crate) key: String,
}

impl Small {
    pub(crate) fn new() -> Self {
        let small = Self {
            folder: tempfile::tempdir().unwrap(),
            key: String::new(),
        };
        let mut summary = Summary::new();
        for (name, inside, content) in FILES {
            small.write(name, content);
            let inside = format!("golang.org/toolchain@{VERSION}/{inside}");
            summary.add(&inside, content.as_bytes()).unwrap();
        }
        let mut database = TestDatabase::new(DATABASE, 5);
        database.add_filler(300);
        let lines = format!(
            "golang.org/toolchain {VERSION} {}\ngolang.org/toolchain {VERSION}/go.mod {}\n",
            summary.finish(),
            go_mod(b"module golang.org/toolchain\n")
        );
        database.add_lines("golang.org/toolchain", VERSION, &lines);
        database.add_filler(20);
        database.publish(&small.mirror());
        Self {
            key: database.verifier_key(),
            ..small
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("go")
    }

    pub(crate) fn mirror(&self) -> PathBuf {
        self.path("mirror")
    }

    pub(crate) fn lookup(&self) -> PathBuf {
        let lookups = self.mirror().join("sumdb").join(DATABASE).join("lookup");
        lookups.join(format!("golang.org/toolchain@{VERSION}"))
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if name.starts_with("bin/") {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
    }

    pub(crate) fn proxy(&self) -> String {
        format!("file://{}", self.mirror().display())
    }

    pub(crate) fn judge(&self, more: &[&str]) -> crate::Answer {
        let proxy = self.proxy();
        let given = ["--sumdb", &proxy, "--key", &self.key];
        judge(&self.root(), &[&given, more].concat())
    }

    /// The list of the tree as it is now, in a file.
    pub(crate) fn list(&self, name: &str) -> String {
        let output = verify_build()
            .args(["toolchain", "manifest"])
            .arg(self.root())
            .output()
            .unwrap();
        assert!(output.status.success());
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, output.stdout).unwrap();
        path.to_str().unwrap().to_owned()
    }
}
