//! From what hosts observe to a certificate that somebody checks who has one file, the
//! program and a key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::yard::{Yard, said, verify_build};

/// A host that shares nothing with others but the kernel: in namespaces of its own,
/// without a network.
fn isolated(command: &Command, name: &str) -> Command {
    let mut isolated = Command::new("unshare");
    isolated
        .args([
            "--user",
            "--map-root-user",
            "--net",
            "--mount",
            "--uts",
            "sh",
            "-ec",
        ])
        // There is no interface but the loopback.
        .arg("hostname \"$1\"; shift; [ \"$(grep -c : /proc/net/dev)\" = 1 ]; exec \"$@\"")
        .args(["sh", name])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    if let Some(folder) = command.get_current_dir() {
        isolated.current_dir(folder);
    }
    isolated
}

/// Whoever certifies: a folder with a key and a quorum file.
struct Owner {
    folder: tempfile::TempDir,
}

impl Owner {
    /// Two of the hosts must agree, each on an image and with a cache of its own.
    fn of(hosts: &[Yard], level: &str) -> Self {
        let owner = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let hosts = hosts.iter().enumerate().map(|(number, host)| {
            let key = host.public("host.key").to_line();
            format!("  - {{name: host-{number}, key: {key}, org: o, image: i{number}, cache: c{number}}}\n")
        });
        let hosts: String = hosts.collect();
        let quorum = format!(
            "version: 1\nlevel: {level}\nhosts:\n{hosts}quorum: {{k: 2, of: [image, cache]}}\n"
        );
        fs::write(owner.path("quorum.yaml"), quorum).unwrap();
        let made = verify_build(&["key", "new", "--out"])
            .arg(owner.path("owner.key"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        let public = verify_build(&["key", "show", "--public"])
            .arg(owner.path("owner.key"))
            .output()
            .unwrap();
        fs::write(owner.path("owner.pem"), public.stdout).unwrap();
        owner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn certify(&self, artifact: &Path) -> Command {
        let mut command =
            verify_build(&["certify", "--quorum", "quorum.yaml", "--key", "owner.key"]);
        command
            .args(["-o", "cert.jsonl", "--artifact"])
            .arg(artifact);
        command.arg("obs").current_dir(self.folder.path());
        command.env("PATH", testkit::environment::path());
        command
    }

    /// Takes a host's observations along, in a folder of its own.
    fn take(&self, host: &Yard, name: &str) {
        let folder = self.path("obs").join(name);
        fs::create_dir_all(&folder).unwrap();
        for file in fs::read_dir(host.path("obs")).unwrap().flatten() {
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
}

#[track_caller]
fn run(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn three_hosts_an_owner_and_a_reader_that_have_no_network_pass_on_one_file() {
    let hosts: Vec<Yard> = (0..3).map(|_| Yard::new("1.27.")).collect();
    for (number, host) in hosts.iter().enumerate() {
        host.key();
        let (key, made, image) = (
            host.path("host.key"),
            host.path("tool"),
            format!("image {number}"),
        );
        let [key, made] = [&key, &made].map(|path| path.to_str().unwrap());
        let flags = [
            "--key",
            key,
            "--image",
            image.as_str(),
            "--nonce",
            "n1",
            "--",
            "-trimpath",
            "-o",
            made,
            ".",
        ];
        let mut command = isolated(&host.command(&flags), &format!("host-{number}"));
        let answer = host.judge(&mut command);
        assert_eq!(answer.exit, 0, "{}", answer.said);
    }
    let owner = Owner::of(&hosts, "L3");
    for (number, host) in hosts.iter().enumerate() {
        owner.take(host, &format!("host-{number}"));
    }
    let mut certify = owner.certify(&hosts[0].path("tool"));
    certify.args(["--nonce", "n1"]);
    let (code, text) = run(isolated(&certify, "owner"));
    assert_eq!(code, Some(0), "{text}");

    // The certificate, the program and the key: nothing else goes to who checks.
    let reader = tempfile::tempdir().unwrap();
    let at = |name: &str| reader.path().join(name);
    fs::copy(owner.path("cert.jsonl"), at("cert.jsonl")).unwrap();
    fs::copy(owner.path("owner.pem"), at("owner.pem")).unwrap();
    fs::copy(hosts[2].path("tool"), at("tool")).unwrap();
    drop((owner, hosts));
    let check = || {
        let mut check = verify_build(&[
            "check",
            "cert.jsonl",
            "tool",
            "--key",
            "owner.pem",
            "--nonce",
            "n1",
        ]);
        check
            .current_dir(reader.path())
            .env("PATH", testkit::environment::path());
        run(isolated(&check, "reader"))
    };
    let (code, text) = check();
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("Claimed: 3 of 3 groups of hosts built this program, byte for byte"),
        "{text}"
    );
    assert!(text.contains("shown       L3+F\n"), "{text}");
    assert!(
        !text.contains("does not hold") && !text.contains("not told"),
        "{text}"
    );
    let mut program = fs::read(at("tool")).unwrap();
    *program.last_mut().unwrap() ^= 1;
    fs::write(at("tool"), program).unwrap();
    assert_eq!(check().0, Some(1));
}

/// Writes a word of its own into the package `greeting` each time that it is compiled, as
/// a compiler would that is not deterministic. The cache entry is what was compiled.
const RANDOM_COMPILER: &str = "#!/bin/sh
tool=$1; shift
\"$tool\" \"$@\" || exit
case $tool in */compile)
  while [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; shift; done
  [ -z \"$out\" ] || sed -i \"s/hello from here/hi $(od -An -N6 -tx1 /dev/urandom | tr -d ' \\n')/\" \"$out\"
esac
";

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn a_compiler_that_is_not_deterministic_hides_in_one_cache_and_is_found_across_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("toolexec");
    fs::write(&script, RANDOM_COMPILER).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let toolexec = format!("-toolexec={}", script.display());
    let hosts: Vec<Yard> = (0..2).map(|_| Yard::new("1.27.")).collect();
    for (number, host) in hosts.iter().enumerate() {
        let (made, image) = (host.path("tool"), format!("image {number}"));
        let made = made.to_str().unwrap();
        let answer = host.signed(&[
            "--image",
            &image,
            "--",
            "-trimpath",
            &toolexec,
            "-o",
            made,
            ".",
        ]);
        // The warm build takes what the cold one made: one host alone sees nothing.
        assert_eq!(answer.exit, 0, "{}", answer.said);
    }
    let owner = Owner::of(&hosts, "L1");
    owner.take(&hosts[0], "host-0");
    owner.take(&hosts[1], "host-1");
    let program = hosts[0].path("tool");
    let (code, text) = run(owner.certify(&program));
    assert_eq!(code, Some(1), "{text}");
    for want in [
        "Claimed: hosts disagree, and L1 is not certified: host-1 built ",
        "votes       1 of 2 groups, 2 needed",
        "host-1 built another program",
        "the inputs of package main differ, its code does not",
        "against it: one compilation gave two archives",
        "consumed different ones of example.com/tool/greeting",
    ] {
        assert!(text.contains(want), "{want}: {text}");
    }
    assert!(
        !text.contains("damaged"),
        "each cache is what its host made: {text}"
    );
    let mut check = verify_build(&["check", "cert.jsonl", "--key", "owner.pem"]);
    check.arg(&program).current_dir(owner.folder.path());
    let (code, text) = run(check);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("one compilation gave two archives"), "{text}");
}
