//! The server under a real systemd: booted once as PID 1 over a copy of this machine's
//! root, with the program that was built and the units of `deploy/systemd`.
//!
//! What is tried stands in `tests/systemd/inside.sh`, a line for each check. It needs root,
//! and the Debian packages systemd-container, curl and python3. Not shown there, as a
//! container cannot show it: `IPAddressDeny=`, memory accounting, SELinux. A clock that jumps
//! is in `clock.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use testkit::environment::{self, checkout};

/// Every check of the script, so that one that is not reached is a failure too.
const CHECKS: [&str; 40] = [
    "verify",
    "verify-drop-ins",
    "verify-can-fail",
    "exposure",
    "exposure-addresses",
    "start",
    "ready",
    "status",
    "sockets-by-name",
    "credentials",
    "unresolved-upstream",
    "readyz-names-it",
    "no-store",
    "healthcheck",
    "healthcheck-live",
    "healthcheck-tls",
    "journal",
    "reload",
    "reload-level",
    "reload-bad-file",
    "reload-bad-file-by-signal",
    "reload-needs-restart",
    "reload-mended",
    "reload-under-load",
    "restart-refuses-nobody",
    "journal-stopped",
    "stderr-reader-killed",
    "upstream-wanted",
    "upstream-bound",
    "disk-full",
    "read-only",
    "no-core",
    "watchdog-fed",
    "watchdog-stopped",
    "watchdog-inner",
    "sandbox",
    "stop-drains",
    "unhealthy",
    "wrong-settings",
    "crash-limit",
];

#[test]
fn the_units_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    gather(folder.path());
    let scripts = checkout().join("tests/systemd");
    let output = Command::new(scripts.join("boot.sh"))
        .arg(scripts.join("inside.sh"))
        .arg(folder.path())
        .env("PATH", environment::path())
        .output()
        .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let checks: BTreeMap<_, _> = said
        .lines()
        .filter_map(|line| {
            let (outcome, name) = line.split_once(' ')?;
            Some((name.split(':').next()?, outcome))
        })
        .collect();
    for name in CHECKS {
        assert_eq!(checks.get(name), Some(&"ok"), "{name}\n{said}\n{errors}");
    }
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(
        said.lines().filter(|line| line.starts_with("ok ")).count(),
        CHECKS.len(),
        "{said}"
    );
}

/// Puts what the script needs into its folder.
fn gather(folder: &Path) {
    std::fs::copy(environment::program("sumward"), folder.join("sumward"))
        .expect("copy the program");
    let clients = checkout().join("tests/systemd/clients.py");
    std::fs::copy(clients, folder.join("clients.py")).expect("copy the clients");
    let copied = Command::new("cp")
        .arg("-R")
        .arg(checkout().join("deploy"))
        .arg(folder.join("deploy"))
        .status();
    assert!(copied.expect("run cp").success());
    let names = vec!["sumward.example".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("make a certificate");
    std::fs::write(folder.join("tls.crt"), made.cert.pem()).expect("write the certificate");
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem())
        .expect("write the key");
}
