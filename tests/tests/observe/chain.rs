//! Builds that agree, and the chain of what was signed.

use proto::attest::closure::Link;
use proto::attest::observation::{Audit, Evidence, Mode, Outcome};
use proto::buildid::BuildId;

use crate::yard::{Yard, read, verify_build};

#[test]
fn cold_and_warm_agree_and_the_program_authenticates_its_packages() {
    for (version, evidence) in [("1.21.", Evidence::Listing), ("1.27.", Evidence::Requests)] {
        let yard = Yard::new(version);
        let key = yard.key();
        let answer = yard.signed(&["--", "-trimpath", "."]);
        assert_eq!(answer.exit, 0, "{}", answer.said);
        assert_eq!(answer.value["verdict"], "agree");
        let seen = yard.observations(&answer);
        let [(first, cold), (second, warm)] = seen.as_slice() else {
            panic!("{}", answer.said);
        };
        assert_eq!([cold.cache.mode, warm.cache.mode], [Mode::Cold, Mode::Warm]);
        for (envelope, observation) in [(first, cold), (second, warm)] {
            assert_eq!(envelope.signers(std::slice::from_ref(&key)).len(), 1);
            assert_eq!(observation.cache.evidence, evidence);
            assert_eq!(observation.cache.audit, Audit::Clean {});
            let closure = yard.closure(observation);
            let link = Link::of(observation.link_preimage.as_ref().unwrap());
            let product = observation.product.as_ref().unwrap();
            let id = BuildId::parse(product.build_id.as_ref().unwrap()).unwrap();
            let BuildId::Program(id) = id else {
                panic!("{id}");
            };
            assert_eq!(link.action, id.link_action);
            assert!(link.packages.len() > 10);
            assert_eq!(closure.missing(&link), Vec::<String>::new());
        }
        assert_eq!(cold.cache.hits, 0);
        assert!(cold.cache.puts > 10);
        assert_eq!((warm.cache.hits, warm.cache.puts), (cold.cache.puts, 0));
        assert_eq!(warm.cache.closure, cold.cache.closure);
        let product = cold.product.as_ref().unwrap().sha256;
        assert_eq!(
            warm.result,
            Outcome::Built {
                expected: Some(product)
            }
        );
        // Another folder, home and key: the same inputs, program and packages.
        let elsewhere = Yard::new(version);
        let answer = elsewhere.signed(&["--", "-trimpath", "."]);
        let (_, other) = elsewhere.observations(&answer).remove(0);
        assert_eq!(other.inputs, cold.inputs);
        assert_eq!(other.cache.closure, cold.cache.closure);
        assert_eq!(other.product, cold.product);
    }
}

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn each_observation_names_the_one_before_it() {
    let yard = Yard::new("1.27.");
    let last = || std::fs::read_to_string(yard.path("host.key.last")).unwrap();
    let mut previous = None;
    for nonce in ["one", "two"] {
        let answer = yard.signed(&["--nonce", nonce, "--", "-trimpath", "."]);
        for (_, observation) in yard.observations(&answer) {
            assert_eq!(observation.chain.previous, previous);
            assert_eq!(observation.chain.nonce.as_deref(), Some(nonce));
            previous = Some(observation.digest().unwrap());
        }
        assert_eq!(last(), format!("{}\n", previous.unwrap()));
    }
    // A key in a variable has no file beside it: one is named, or the newest observation.
    let pem = std::fs::read_to_string(yard.path("host.key")).unwrap();
    let with = |file: &str| {
        let file = yard.path(file);
        let arguments = [
            "--key",
            "env:KEY",
            "--previous",
            file.to_str().unwrap(),
            "--",
            "-trimpath",
            ".",
        ];
        let answer = yard.judge(yard.command(&arguments).env("KEY", &pem));
        assert_eq!(answer.exit, 0, "{}", answer.said);
        yard.observations(&answer)
    };
    let seen = with("host.key.last");
    assert_eq!(seen[0].1.chain.previous, previous);
    let newest = yard
        .observations(&yard.signed(&["--", "-trimpath", "."]))
        .remove(1)
        .1;
    let files = std::fs::read_dir(yard.path("obs")).unwrap().flatten();
    let file = files
        .map(|file| file.path())
        .filter(|path| path.to_str().unwrap().ends_with(".observation.json"))
        .find(|path| read(path).1 == newest)
        .unwrap();
    let name = format!("obs/{}", file.file_name().unwrap().to_str().unwrap());
    assert_eq!(
        with(&name)[0].1.chain.previous,
        Some(newest.digest().unwrap())
    );
    // With neither the chain begins anew, and that is said.
    let answer = yard.judge(
        yard.command(&["--key", "env:KEY", "--", "-trimpath", "."])
            .env("KEY", &pem),
    );
    assert_eq!(yard.observations(&answer)[0].1.chain.previous, None);
    assert!(
        answer.said.contains("its chain begins anew"),
        "{}",
        answer.said
    );
}

#[test]
fn what_nobody_signs_says_that_it_counts_for_nothing() {
    let yard = Yard::new("1.27.");
    let out = yard.path("made");
    let answer = yard.observe(&["--", "-trimpath", "-o", out.to_str().unwrap(), "."]);
    assert_eq!(answer.exit, 0, "{}", answer.said);
    assert!(answer.said.contains("count for nothing"), "{}", answer.said);
    let (envelope, observation) = yard.observations(&answer).remove(0);
    assert!(envelope.signatures.is_empty());
    let made = std::fs::read(out).unwrap();
    let digest = proto::attest::digest::Digest::of(&made);
    assert_eq!(observation.product.unwrap().sha256, digest);
}

#[test]
fn a_build_that_fails_is_signed_as_well() {
    let yard = Yard::new("1.27.");
    let key = yard.key();
    yard.write(
        "broken.go",
        "package main\n\nfunc broken() int { return \"no\" }\n",
    );
    let answer = yard.signed(&["--", "-trimpath", "."]);
    assert_eq!(answer.exit, 2, "{}", answer.said);
    let seen = yard.observations(&answer);
    let [(envelope, observation)] = seen.as_slice() else {
        panic!("{}", answer.said);
    };
    assert_eq!(envelope.signers(&[key]).len(), 1);
    let Outcome::Failed { reason, .. } = &observation.result else {
        panic!("{:?}", observation.result);
    };
    assert!(reason.contains("broken.go:3"), "{reason}");
    assert!(!reason.contains("HASH"), "{reason}");
    assert!(observation.product.is_none());
}

#[test]
fn programs_that_differ_are_signed_kept_and_explained() {
    use std::os::unix::fs::PermissionsExt as _;
    let yard = Yard::new("1.27.");
    let main = "package main\n\nvar leak string\n\nfunc main() { println(leak) }\n";
    yard.write("main.go", main);
    let script = yard.path("toolexec");
    let text = "#!/bin/sh\ntool=$1; shift\ncase $1 in -V*) exec \"$tool\" \"$@\";; esac\n\
                case $tool in */link) set -- -X \"main.leak=$(date +%s%N)\" \"$@\";; esac\nexec \"$tool\" \"$@\"\n";
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let flag = format!("-toolexec={}", script.display());
    let answer = yard.signed(&["--", "-trimpath", &flag, "."]);
    assert_eq!(answer.exit, 1, "{}", answer.said);
    assert_eq!(answer.value["verdict"], "programs-differ");
    let seen = yard.observations(&answer);
    let first = seen[0].1.product.as_ref().unwrap().sha256;
    let Outcome::Differed { expected, causes } = &seen[1].1.result else {
        panic!("{:?}", seen[1].1.result);
    };
    assert_eq!(*expected, first);
    assert!(!causes.is_empty());
    for (_, observation) in &seen {
        let sha256 = observation.product.as_ref().unwrap().sha256;
        let program = std::fs::read(yard.path(&format!("obs/{sha256}.program"))).unwrap();
        assert_eq!(proto::attest::digest::Digest::of(&program), sha256);
    }
    let shown = verify_build(&["matrix"])
        .arg(yard.path("obs"))
        .output()
        .unwrap();
    assert_eq!(shown.status.code(), Some(1));
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("by comparing both programs"), "{text}");
}
