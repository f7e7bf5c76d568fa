//! Where the builds are made: folders, a proxy for the dependencies, and the
//! tricks that lead a build astray.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;
use testkit::environment;
use testkit::go::{Go, Toolchain};
use testkit::module::Module;
use testkit::zip::Entry;

use crate::build::{Build, Mischief};

/// Builds made at one time; each go command keeps several compilers busy.
const PARALLEL: usize = 2;

pub(crate) struct Yard {
    folder: TempDir,
    made: Mutex<BTreeMap<Build, PathBuf>>,
}

impl Yard {
    /// A yard with the dependencies' two proxies.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for proxy in ["proxy", "other-proxy"] {
            modules(proxy).for_each(|module| drop(module.write(&folder.path().join(proxy))));
        }
        Self {
            folder,
            made: Mutex::default(),
        }
    }

    /// Makes all builds, a few at a time.
    pub(crate) fn make(&self, builds: BTreeSet<&Build>) {
        // One after the other: several builds may share a source.
        for build in &builds {
            self.source(build);
        }
        let queue: Mutex<VecDeque<(usize, &Build)>> =
            Mutex::new(builds.into_iter().enumerate().collect());
        std::thread::scope(|scope| {
            for _ in 0..PARALLEL {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap().pop_front();
                        let Some((number, build)) = next else { break };
                        let program = self.build(number, build);
                        self.made.lock().unwrap().insert(build.clone(), program);
                    }
                });
            }
        });
    }

    /// The program that a build gave.
    pub(crate) fn program(&self, build: &Build) -> PathBuf {
        self.made.lock().unwrap()[build].clone()
    }

    fn build(&self, number: usize, build: &Build) -> PathBuf {
        let source = self.source(build);
        let go = self.go(build);
        let program = self.folder.path().join(format!("built-{number}"));
        let mut arguments = vec!["build", "-o", program.to_str().unwrap()];
        arguments.extend(&build.flags);
        arguments.push(build.package);
        if build.mischief == Mischief::PoisonedCache {
            // The first build fills the cache, the second one links what was changed.
            go.must(&source, &arguments);
            poison(&self.own_cache(), b"Keep this table");
            // A program that is up to date would not be linked again.
            std::fs::remove_file(&program).unwrap();
        }
        go.must(&source, &arguments);
        for command in &build.after {
            shell(&source, command, Some(&program));
        }
        program
    }

    /// The source, at a path that says nothing of how it is built.
    fn source(&self, build: &Build) -> PathBuf {
        let mut hash = DefaultHasher::new();
        (&build.edits, &build.before, proxy(build)).hash(&mut hash);
        let folder = self.place(build).join(format!("{:016x}", hash.finish()));
        // Builds without -trimpath have their folder in them: one for each source.
        let app = folder.join("app");
        if app.exists() {
            return app;
        }
        copy(&environment::checkout().join("tests/matrix/program"), &app);
        let sums: String = modules(proxy(build))
            .map(|module| module.go_sum())
            .collect();
        std::fs::write(app.join("go.sum"), sums).unwrap();
        for [file, from, to] in &build.edits {
            edit(&app.join(file), from, to);
        }
        for command in &build.before {
            match command.strip_prefix("go ") {
                Some(arguments) => {
                    let arguments: Vec<&str> = arguments.split(' ').collect();
                    self.go(build).must(&app, &arguments);
                }
                None => shell(&app, command, None),
            }
        }
        app
    }

    /// The folder of a machine: one for each place.
    fn place(&self, build: &Build) -> PathBuf {
        self.folder
            .path()
            .join(["here", "over-there"][usize::from(build.place)])
    }

    fn go(&self, build: &Build) -> Go {
        let toolchain = Toolchain::find(build.go);
        let name = proxy(build);
        let modules = self.place(build).join(format!("modules-{name}"));
        let proxy = format!("file://{}", self.folder.path().join(name).display());
        let (goos, goarch) = build.target.split_once('/').unwrap();
        let mut go = Go::new(&toolchain, &proxy, "off")
            .with("GOFLAGS", "-mod=mod -modcacherw")
            .with("GOMODCACHE", modules.to_str().unwrap())
            .with("GOOS", goos)
            .with("GOARCH", goarch);
        for setting in &build.settings {
            let (name, value) = setting.split_once('=').unwrap();
            go = go.with(name, value);
        }
        match build.mischief {
            Mischief::None | Mischief::OtherContent => go,
            Mischief::OtherGoroot => {
                go.with("GOROOT", self.other_goroot(&toolchain).to_str().unwrap())
            }
            Mischief::PatchedGoroot => {
                go.with("GOROOT", self.patched_goroot(&toolchain).to_str().unwrap())
            }
            Mischief::PoisonedCache => go.with("GOCACHE", self.own_cache().to_str().unwrap()),
            Mischief::RestlessLinker => go.with("CC", self.restless_linker().to_str().unwrap()),
        }
    }

    fn own_cache(&self) -> PathBuf {
        self.folder.path().join("cache-of-its-own")
    }

    /// GOROOT under another name: the go command takes the name it is given.
    fn other_goroot(&self, toolchain: &Toolchain) -> PathBuf {
        let link = self
            .folder
            .path()
            .join(format!("goroot-{}", toolchain.version()));
        if !link.exists() {
            std::os::unix::fs::symlink(toolchain.root(), &link).unwrap();
        }
        link
    }

    /// A Go installation made of links, but for one package of the library.
    fn patched_goroot(&self, toolchain: &Toolchain) -> PathBuf {
        let patched = self.folder.path().join("goroot-patched");
        if patched.exists() {
            return patched;
        }
        let link_all = |from: &Path, to: &Path, but: &str| {
            std::fs::create_dir_all(to).unwrap();
            for entry in std::fs::read_dir(from).unwrap().flatten() {
                if entry.file_name() != but {
                    std::os::unix::fs::symlink(entry.path(), to.join(entry.file_name())).unwrap();
                }
            }
        };
        link_all(toolchain.root(), &patched, "src");
        link_all(
            &toolchain.root().join("src"),
            &patched.join("src"),
            "runtime",
        );
        let runtime = patched.join("src/runtime");
        copy(&toolchain.root().join("src/runtime"), &runtime);
        edit(
            &runtime.join("print.go"),
            "func printnl() {",
            "func printnl() {\n\tprintstring(\"\\r\")",
        );
        patched
    }

    /// A C compiler whose linking adds an object that is never the same.
    fn restless_linker(&self) -> PathBuf {
        let wrapper = self.folder.path().join("restless-cc");
        let script = "#!/bin/sh
for word; do case $word in -c | -E | -S | -###) exec cc \"$@\" ;; esac; done
extra=$(mktemp -d)
printf '.section .comment\\n.ascii \"%s\"\\n' \"$(od -An -N8 -tx1 /dev/urandom)\" >\"$extra/extra.s\"
cc -c -o \"$extra/extra.o\" \"$extra/extra.s\" && cc \"$@\" \"$extra/extra.o\"
status=$?
rm -rf \"$extra\"
exit $status
";
        if !wrapper.exists() {
            std::fs::write(&wrapper, script).unwrap();
            shell(self.folder.path(), "chmod +x restless-cc", None);
        }
        wrapper
    }
}

fn proxy(build: &Build) -> &'static str {
    match build.mischief {
        Mischief::OtherContent => "other-proxy",
        _ => "proxy",
    }
}

/// What a proxy has.
fn modules(proxy: &str) -> impl Iterator<Item = Module> {
    let word = if proxy == "proxy" { "near" } else { "nigh" };
    let versions = ["v1.0.0", "v1.1.0"].into_iter();
    versions.flat_map(move |version| dependencies(version, word))
}

/// The dependency and what it depends on.
fn dependencies(version: &str, word: &str) -> [Module; 2] {
    let near = format!(
        "package near\n\nimport \"example.com/matrix/far\"\n\n//go:noinline\nfunc Text() string {{ return \"{word} {version} \" + far.Text() }}\n"
    );
    let far = "package far\n\n//go:noinline\nfunc Text() string { return \"far away\" }\n";
    let module = |name: &str, require: &str, source: &str| Module {
        path: format!("example.com/matrix/{name}"),
        version: version.into(),
        go_mod: format!("module example.com/matrix/{name}\n\ngo 1.21\n{require}"),
        files: vec![Entry::new(&format!("{name}.go"), source.as_bytes())],
    };
    [
        module("near", "\nrequire example.com/matrix/far v1.0.0\n", &near),
        module("far", "", far),
    ]
}

/// Changes one byte of the compiled package that holds some text: the last
/// place, which is the data and no name of a symbol.
fn poison(cache: &Path, text: &[u8]) {
    let mut poisoned = 0;
    for folder in std::fs::read_dir(cache).unwrap().flatten() {
        for file in std::fs::read_dir(folder.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let mut bytes = std::fs::read(file.path()).unwrap_or_default();
            let at = memchr::memmem::rfind(&bytes, text);
            if let Some(at) = at.filter(|_| bytes.starts_with(b"!<arch>")) {
                bytes[at] ^= 0x20;
                std::fs::write(file.path(), bytes).unwrap();
                poisoned += 1;
            }
        }
    }
    assert!(poisoned > 0, "nothing to poison");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn edit(file: &Path, from: &str, to: &str) {
    let content = std::fs::read_to_string(file).unwrap_or_default();
    assert!(content.contains(from), "{} has no {from:?}", file.display());
    let content = if from.is_empty() {
        to.to_owned()
    } else {
        content.replace(from, to)
    };
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
}

fn shell(folder: &Path, command: &str, program: Option<&Path>) {
    let output = Command::new("sh")
        .args(["-ec", command, "sh"])
        .args(program)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, "2026-01-02T03:04:05Z")))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
