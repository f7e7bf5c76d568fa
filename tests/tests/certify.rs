//! `verify-build certify`, `check` and `quorum` on programs that the go command built, with
//! observations of hosts that are two folders and two build caches on this machine.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "certify/desk.rs"]
mod desk;
#[path = "certify/hosts.rs"]
mod hosts;
#[path = "certify/logged.rs"]
mod logged;
#[path = "certify/records.rs"]
mod records;

use std::fs;
use std::path::Path;

use desk::{Desk, ended, run, text};
use hosts::owner;
use proto::attest::digest::Digest;
use proto::attest::dsse::Envelope;
use proto::attest::export::in_toto::{self, LAYOUT_FILE, Layout, link_file};
use proto::attest::observation::{Audit, Mode};
use serde_json::Value;
use testkit::{environment, schema};

#[test]
fn two_hosts_that_share_nothing_reach_l3_and_one_file_proves_it() {
    let desk = Desk::new("level: L3");
    let artifact = text(desk.program()).to_owned();
    let (code, said) = desk.certify(&["--artifact", &artifact]);
    assert_eq!(code, 0, "{said}");
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("Claimed: 2 of 2 groups of hosts built this program"),
        "{first}"
    );
    assert!(
        first.contains("Not claimed: a build cache and a host that agree to lie"),
        "{first}"
    );
    assert!(said.contains("shown       L3\n"), "{said}");

    let (code, said) = desk.check(desk.program(), &[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.lines().next().unwrap(), first);
    assert!(
        said.contains("holds: the link's preimage gives part A of its build ID"),
        "{said}"
    );
    assert!(!said.contains("does not hold"), "{said}");

    let (code, json) = desk.check(desk.program(), &["--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    schema::check_as("check-v1", &json);
    assert_eq!(code, 0);
    assert_eq!(json["decision"]["reached"], "L3");
    let (_, json) = desk.certify(&["--format", "json"]);
    schema::check_as("certify-v1", &serde_json::from_str(&json).unwrap());
}

#[test]
fn the_same_evidence_gives_the_same_certificate() {
    let desk = Desk::new("level: L3");
    let at = ["--at", "2026-11-26T00:00:00Z"];
    desk.certify(&at);
    let one = fs::read(&desk.certificate).unwrap();
    desk.certify(&at);
    assert_eq!(fs::read(&desk.certificate).unwrap(), one);
}

#[test]
fn another_file_another_owner_and_a_changed_certificate_do_not_pass() {
    let desk = Desk::new("level: L3");
    desk.certify(&[]);
    let other = desk.hosts.folder().join("other");
    let mut bytes = fs::read(desk.program()).unwrap();
    bytes.push(0);
    fs::write(&other, bytes).unwrap();
    let (code, said) = desk.check(&other, &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("it is about"), "{said}");

    let host = desk.hosts.folder().join("host.pem");
    fs::write(&host, hosts::key(0).public().to_pem()).unwrap();
    let (code, said) = run(&[
        "check",
        text(&desk.certificate),
        text(desk.program()),
        "--key",
        text(&host),
    ]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.starts_with("Nothing is claimed of this file"),
        "{said}"
    );

    let whole = fs::read(&desk.certificate).unwrap();
    // The last line is a list of packages; the second an observation.
    for change in [
        |lines: &mut Vec<String>| drop(lines.pop()),
        |lines: &mut Vec<String>| drop(lines.remove(1)),
        |lines: &mut Vec<String>| lines.swap_remove(0).clear(),
        |lines: &mut Vec<String>| lines[1] = lines[1].replacen("eyJ", "eyK", 1),
    ] {
        fs::write(&desk.certificate, &whole).unwrap();
        desk.edit(change);
        let (code, said) = desk.check(desk.program(), &[]);
        assert!(code == 1 || code == 2, "{code}: {said}");
    }
    fs::write(&desk.certificate, &whole).unwrap();
    desk.edit(|lines| lines.reverse());
    assert_eq!(desk.check(desk.program(), &[]).0, 2);
}

#[test]
fn a_newer_quorum_file_or_another_nonce_is_demanded_by_who_checks() {
    let mut desk = Desk::new("level: L3");
    desk.certify(&["--nonce", "n"]);
    let (code, said) = desk.check(desk.program(), &["--nonce", "n"]);
    assert_eq!(code, 1, "no host has signed the nonce: {said}");
    for seen in &mut desk.hosts.seen {
        seen.observation.chain.nonce = Some("n".into());
    }
    desk.certify(&["--nonce", "n"]);
    for (more, want) in [
        (&["--quorum-version", "1"][..], 0),
        (&["--quorum-version", "2"], 1),
        (&["--nonce", "n"], 0),
        (&["--nonce", "m"], 1),
        (&["--quorum", text(&desk.quorum)], 0),
    ] {
        let (code, said) = desk.check(desk.program(), more);
        assert_eq!(code, want, "{more:?}: {said}");
    }
    let changed = desk.hosts.quorum("level: L2");
    fs::write(&desk.quorum, changed).unwrap();
    assert_eq!(
        desk.check(desk.program(), &["--quorum", text(&desk.quorum)])
            .0,
        1
    );
}

#[test]
fn what_is_not_shown_is_no_pass_and_says_why() {
    let mut desk = Desk::new("level: L3");
    desk.hosts.seen.retain(|seen| seen.key == 0);
    let (code, said) = desk.certify(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.starts_with("Nothing is claimed: 1 of 2 groups"),
        "{said}"
    );
    assert_eq!(desk.check(desk.program(), &[]).0, 3);

    let empty = tempfile::tempdir().unwrap();
    let (code, said) = ended(desk.certify_in(empty.path(), &[], &[]));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no observation lies there"), "{said}");
}

#[test]
fn a_lying_host_and_a_damaged_cache_are_certified_against() {
    let mut desk = Desk::new("level: L3");
    let artifact = text(desk.program()).to_owned();
    for seen in desk.hosts.seen.iter_mut().filter(|seen| seen.key == 1) {
        let product = seen.observation.product.as_mut().unwrap();
        product.sha256 = Digest([7; 32]);
    }
    let (code, said) = desk.certify(&["--artifact", &artifact]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("host-1 built another program"), "{said}");
    assert_eq!(desk.check(desk.program(), &[]).0, 1);

    let mut desk = Desk::new("level: L3");
    for seen in desk
        .hosts
        .seen
        .iter_mut()
        .filter(|seen| seen.observation.cache.mode == Mode::Warm)
    {
        seen.observation.cache.audit = Audit::Damaged {
            findings: vec!["package fmt is poisoned".into()],
        };
    }
    let (code, said) = desk.certify(&[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("package fmt is poisoned"), "{said}");
}

#[test]
fn exports_are_written_and_say_no_more_than_the_decision() {
    let mut desk = Desk::new("level: L3");
    // Where tests/oracles.sh finds them.
    let folder = environment::kept("certify-exports");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let [bundles, links, vsa, provenance, reference] = [
        "bundles",
        "in-toto",
        "vsa.json",
        "provenance.json",
        "cyclonedx.json",
    ]
    .map(path);
    let flags = |desk: &Desk| {
        desk.certify(&[
            "--bundle",
            &bundles,
            "--in-toto",
            &links,
            "--vsa",
            &vsa,
            "--provenance",
            &provenance,
            "--cyclonedx",
            &reference,
        ])
    };
    let (code, said) = flags(&desk);
    assert_eq!(code, 0, "{said}");
    for (name, key) in [
        ("owner", owner()),
        ("0", hosts::key(0)),
        ("1", hosts::key(1)),
    ] {
        fs::write(folder.join(format!("{name}.pem")), key.public().to_pem()).unwrap();
    }
    assert_eq!(fs::read_dir(&bundles).unwrap().count(), 5);
    assert_eq!(fs::read_dir(&links).unwrap().count(), 2);
    let payload = |path: &str| -> Value {
        let bytes = fs::read(path).unwrap();
        let envelope = Envelope::parse(&bytes).unwrap();
        assert_eq!(envelope.signers(&[owner().public()]).len(), 1);
        serde_json::from_slice(&envelope.payload).unwrap()
    };
    let program = fs::read(desk.program()).unwrap();
    fs::write(folder.join("tool"), &program).unwrap();
    let sha256 = Digest::of(&program).to_string();
    for statement in [payload(&vsa), payload(&provenance)] {
        assert_eq!(statement["subject"][0]["digest"]["sha256"], sha256.as_str());
    }
    let summary = payload(&vsa);
    assert_eq!(summary["predicate"]["verificationResult"], "PASSED");
    assert_eq!(summary["predicate"]["verifiedLevels"][0], "VERIFY_BUILD_L3");
    let reference: Value = serde_json::from_slice(&fs::read(&reference).unwrap()).unwrap();
    let hash = &reference["metadata"]["component"]["externalReferences"][0]["hashes"][0];
    let certificate = fs::read(&desk.certificate).unwrap();
    assert_eq!(
        hash["content"],
        Digest::of(&certificate).to_string().as_str()
    );

    write_layout(&folder, &program);
    desk.hosts.seen.truncate(2);
    let (code, said) = flags(&desk);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no link is written"), "{said}");
    // The decision itself is not held back.
    assert_ne!(fs::read(&desk.certificate).unwrap(), certificate);
}

/// Writes the hosts' own links, and a layout that asks for both.
fn write_layout(folder: &Path, program: &[u8]) {
    let quorum = folder.join("quorum");
    fs::create_dir(&quorum).unwrap();
    let makers = [hosts::key(0), hosts::key(1)];
    let publics = [makers[0].public(), makers[1].public()];
    let layout = Layout {
        product: "tool",
        makers: &publics,
        threshold: 2,
        expires_s: 4_000_000_000,
    };
    let layout = in_toto::layout(&layout, &owner()).unwrap();
    fs::write(quorum.join(LAYOUT_FILE), layout.bytes()).unwrap();
    for maker in &makers {
        let link = in_toto::link("tool", Digest::of(program), maker).unwrap();
        fs::write(quorum.join(link_file(&maker.public())), link.bytes()).unwrap();
    }
}

#[test]
fn an_owner_who_is_a_host_may_not_sign() {
    let desk = Desk::new("level: L3");
    fs::write(&desk.key, hosts::key(0).to_secret_pem().unwrap()).unwrap();
    let (code, said) = desk.certify(&[]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("have one key") && !said.contains("PRIVATE"),
        "{said}"
    );
}

#[test]
fn quorum_files_are_checked_explained_and_begun() {
    let desk = Desk::new("level: L3");
    desk.hosts.write();
    let (code, said) = run(&["quorum", "explain", text(&desk.quorum)]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("2 of 2 groups must have built the same program"),
        "{said}"
    );
    let (code, said) = run(&["quorum", "check", text(&desk.quorum)]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("any one of them can hold up everything"),
        "{said}"
    );
    let (_, json) = run(&["quorum", "check", "--format", "json", text(&desk.quorum)]);
    schema::check_as("quorum-v1", &serde_json::from_str(&json).unwrap());

    let obs = desk.hosts.observations();
    for number in 0..2 {
        let pem = hosts::key(number).public().to_pem();
        fs::write(obs.join(format!("{number}.pem")), pem).unwrap();
    }
    let (code, first) = run(&["quorum", "init", text(&obs)]);
    assert_eq!(code, 0, "{first}");
    fs::write(&desk.quorum, first).unwrap();
    let (code, said) = desk.certify(&[]);
    assert_eq!(code, 0, "{said}");

    fs::write(&desk.quorum, "version: 1\nlevel: L9\n").unwrap();
    let (code, said) = run(&["quorum", "check", text(&desk.quorum)]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_certificate_is_checked_where_there_is_no_network() {
    let desk = Desk::new("level: L3");
    desk.certify(&[]);
    let program = environment::program("verify-build");
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--net"])
        .arg(program)
        .args([
            "check",
            text(&desk.certificate),
            text(desk.program()),
            "--key",
            text(&desk.public),
        ])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
