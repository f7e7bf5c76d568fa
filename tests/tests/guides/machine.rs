//! A machine as the guides have it: the folders of the service, and the upstreams.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use testkit::client;
use testkit::database::TestDatabase;
use testkit::environment;
use testkit::git;
use testkit::go::Toolchain;
use testkit::module::Module;
use testkit::origin::Origin;
use testkit::world::{World, target};
use testkit::zip::Entry;

/// The key that the guide to private modules shows.
const KEY_SHOWN: &str = "sum.corp.example+0f1e2d3c+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh";

/// The key of releases that the guide to Rocky Linux shows.
const RELEASE_KEY_SHOWN: &str =
    "releases.example+5a1c7b02+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh";

/// Where the service stores the zip of [`greet`].
pub(crate) const GREET_ZIP: &str = "lib/sumward/modules/example.com/greet/@v/v1.0.0.zip";

pub(crate) fn greet() -> Module {
    Module::library("example.com/greet", "v1.0.0")
}

/// A program of the versions that its module has.
pub(crate) fn tool(version: &str) -> Module {
    let source = "package main\n\nvar version = \"dev\"\n\nfunc main() { println(version) }\n";
    Module {
        files: vec![Entry::new("cmd/tool/main.go", source.as_bytes())],
        ..Module::tool("example.com/tool", version, "cmd/tool")
    }
}

/// A machine as the guides have it: the folders of the service, and the upstreams.
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) private: Origin,
    private_database: TestDatabase,
    root: TempDir,
    pub(crate) private_tree: TempDir,
    listen: String,
    admin: String,
    /// Where the server behind the gap listens.
    mirror: String,
    mirror_admin: String,
}

impl Server {
    pub(crate) fn new() -> Self {
        let private_tree = tempfile::tempdir().unwrap();
        let tools = Module::library("corp.example/tools", "v1.0.0");
        tools.write(private_tree.path());
        let mut private_database = TestDatabase::new("sum.corp.example", 3);
        private_database.add(&tools);
        private_database.publish(private_tree.path());
        let server = Self {
            world: World::with(&[&greet(), &tool("v1.2.0"), &tool("v1.3.0")]),
            private: Origin::serve(private_tree.path()),
            private_database,
            root: tempfile::tempdir().unwrap(),
            private_tree,
            listen: free_address(),
            admin: free_address(),
            mirror: free_address(),
            mirror_admin: free_address(),
        };
        for folder in ["etc/sumward", "lib", "backups", "home", "bin"] {
            std::fs::create_dir_all(server.path(folder)).unwrap();
        }
        server.program("systemctl", SYSTEMCTL);
        // There is no user of the service here.
        server.program("chown", "#!/bin/sh\n");
        server
    }

    /// Puts a script in the place of a program.
    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        std::fs::write(&path, self.stand_ins(script)).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// The service runs, and has fetched a module.
    pub(crate) fn start_with_greet(&self) {
        let settings = "\
listen: 127.0.0.1:8080
admin: 127.0.0.1:9090
upstream:
  list: https://proxy.golang.org
databases:
  - sum.golang.org
";
        let file = self.path("etc/sumward/sumward.yaml");
        std::fs::write(file, self.stand_ins(settings)).unwrap();
        self.run("systemctl start sumward");
        for ending in ["info", "mod", "zip"] {
            let reply = client::get(self.listen.parse().unwrap(), &target(&greet(), ending));
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
    }

    /// Two programs as somebody else publishes them, and a checkout of one's source.
    pub(crate) fn publish_programs(&self) {
        let source = self.path("home/src/tool");
        std::fs::create_dir_all(source.join("cmd/tool")).unwrap();
        let module = tool("v1.3.0");
        std::fs::write(source.join("go.mod"), &module.go_mod).unwrap();
        std::fs::write(source.join("cmd/tool/main.go"), &module.files[0].content).unwrap();
        git::commit_all(&source);
        let commands = "\
            export GOPROXY=https://proxy.golang.org GOSUMDB=sum.golang.org CGO_ENABLED=0\n\
            GOPATH=$PWD/gopath go install -trimpath -ldflags '-s -w' example.com/tool/cmd/tool@v1.2.0\n\
            mv gopath/bin/tool tool\n\
            cd src/tool\n\
            go build -trimpath -ldflags '-w -s -X main.version=v1.3.0' -o ../../tool-main ./cmd/tool\n";
        self.run(&self.stand_ins(commands));
    }

    /// Something that was released, with its signed list.
    pub(crate) fn release(&self) {
        let package = self.path("home/packages/sumward-0.1.0-1.el9.x86_64.rpm");
        std::fs::create_dir_all(package.parent().unwrap()).unwrap();
        std::fs::write(package, "what a package holds").unwrap();
        self.run(
            "sumward bundle keygen releases.example --out release.key\n\
             cd packages && sha256sum *.rpm > SHA256SUMS\n\
             sumward checksums sign SHA256SUMS --key ../release.key --out SHA256SUMS.note > ../release.trust\n",
        );
    }

    /// The line to trust for it.
    fn release_key(&self) -> String {
        let line = std::fs::read_to_string(self.path("home/release.trust"));
        line.map_or_else(
            |_| RELEASE_KEY_SHOWN.to_owned(),
            |line| line.trim().to_owned(),
        )
    }

    /// Replaces what the guides call by a name of the world by what stands in for it.
    fn stand_ins(&self, text: &str) -> String {
        let folder = |name: &str| self.path(name).display().to_string();
        let deploy = environment::checkout().join("deploy").display().to_string();
        let private = self.private.url();
        let private_database = format!("{private}/sumdb/sum.corp.example");
        let stand_ins = [
            ("/var/lib", folder("lib")),
            ("/var/backups", folder("backups")),
            ("/etc/sumward", folder("etc/sumward")),
            ("/usr/share/doc/sumward", deploy),
            ("127.0.0.1:8080", self.listen.clone()),
            ("127.0.0.1:9090", self.admin.clone()),
            ("127.0.0.1:8081", self.mirror.clone()),
            ("127.0.0.1:9091", self.mirror_admin.clone()),
            ("https://proxy.golang.org", self.world.origin.url()),
            ("https://modules.corp.example", private),
            ("https://sum.corp.example", private_database),
            (RELEASE_KEY_SHOWN, self.release_key()),
            (KEY_SHOWN, self.private_database.verifier_key()),
            ("sum.golang.org", self.world.database.verifier_key()),
        ];
        let mut text = text.to_owned();
        for (name, stand_in) in stand_ins {
            text = text.replace(name, &stand_in);
        }
        text
    }

    /// Runs the commands of a guide and looks for what it says they print.
    pub(crate) fn follow(&self, guide: &str) -> String {
        let path = environment::checkout().join("deploy/guides").join(guide);
        let text = self.stand_ins(&std::fs::read_to_string(path).unwrap());
        let commands = blocks(&text, "sh");
        assert!(commands.len() >= 3, "{guide} has commands");
        let said = self.run(&commands.concat());
        for line in blocks(&text, "text").iter().flat_map(|block| block.lines()) {
            assert!(
                said.contains(line),
                "{guide}: nothing printed {line:?}: {said}"
            );
        }
        said
    }

    /// Runs commands on this machine; returns what they print.
    pub(crate) fn run(&self, commands: &str) -> String {
        let go = Toolchain::find("1.27.");
        let sumward = environment::program("sumward");
        let folders = [
            self.path("bin"),
            go.root().join("bin"),
            sumward.parent().unwrap().to_owned(),
        ];
        let path = folders.iter().map(|folder| folder.display().to_string());
        let path = path.collect::<Vec<_>>().join(":");
        // A file, as the service goes on running and would hold a pipe open.
        let said = self.path("said");
        let file = std::fs::File::create(&said).unwrap();
        let status = Command::new("sh")
            .args(["-euc", commands])
            .current_dir(self.path("home"))
            .env_clear()
            .env("PATH", format!("{path}:{}", environment::path()))
            .env("HOME", self.path("home"))
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-modcacherw")
            .env("GOTELEMETRY", "off")
            .env("GOCACHE", environment::kept("go-build-guides"))
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .status()
            .unwrap();
        let said = std::fs::read_to_string(said).unwrap();
        assert!(status.success(), "{commands}\n{status}: {said}");
        said
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = Command::new("sh")
            .arg(self.path("bin/systemctl"))
            .args(["stop", "sumward"])
            .status();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.path("etc/sumward/log"));
            eprintln!("{stopped:?}; the service said: {}", log.unwrap_or_default());
        }
    }
}

/// Starts and stops the service. A process that has ended may stay as a zombie where
/// nobody waits for it.
const SYSTEMCTL: &str = r#"#!/bin/sh -eu
pid=/etc/sumward/pid
log=/etc/sumward/log
runs() {
    kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status"
}
if [ "$1" != start ] && [ -f "$pid" ]; then
    kill "$(cat "$pid")" || true
    while runs "$(cat "$pid")"; do sleep 0.05; done
    rm "$pid"
fi
if [ "$1" != stop ]; then
    sumward --config /etc/sumward/sumward.yaml --data /var/lib/sumward >>"$log" 2>&1 &
    echo $! >"$pid"
    until curl -sS -o /dev/null http://127.0.0.1:8080/ 2>/dev/null; do
        runs "$(cat "$pid")" || { cat "$log"; exit 1; }
        sleep 0.05
    done
fi
"#;

/// A port that was free just now: it is written into a file of settings.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// The fenced blocks of a kind.
pub(crate) fn blocks(text: &str, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split(&format!("\n```{kind}\n")).skip(1) {
        let (block, _) = part.split_once("\n```").unwrap();
        found.push(format!("{block}\n"));
    }
    found
}
