//! A published program that is built again, observed, and laid beside other hosts.

use std::process::Command;

use proto::attest::observation::Outcome;
use testkit::environment;
use testkit::git;

use crate::yard::{Yard, read, said};

fn reproduce(yard: &Yard, program: &str) -> std::process::Output {
    Command::new(environment::program("verify-build"))
        .current_dir(yard.path(""))
        .env_clear()
        .env("PATH", environment::path())
        .env("HOME", yard.path("home"))
        .env("TMPDIR", yard.path("temporary"))
        .env("GOPROXY", "off")
        .args([
            "reproduce",
            program,
            "--source",
            "source",
            "--key",
            "host.key",
        ])
        .args([
            "--observations",
            "seen",
            "--nonce",
            "n1",
            "--max-builds",
            "2",
            "--go",
        ])
        .arg(yard.go())
        .output()
        .unwrap()
}

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn a_published_program_and_its_rebuild_have_the_inputs_of_any_other_host() {
    let yard = Yard::new("1.27.");
    let key = yard.key();
    git::commit_all(&yard.path("source"));
    let published = yard.path("published");
    let published = published.to_str().unwrap();
    let answer = yard.signed(&["--", "-trimpath", "-o", published, "."]);
    assert_eq!(answer.exit, 0, "{}", answer.said);
    let (_, observed) = yard.observations(&answer).remove(0);

    let output = reproduce(&yard, "published");
    assert!(output.status.success(), "{}", said(&output));
    let files = || std::fs::read_dir(yard.path("seen")).unwrap().flatten();
    let mut seen = 0;
    for file in files().filter(|file| file.path().to_str().unwrap().ends_with(".observation.json"))
    {
        let (envelope, observation) = read(&file.path());
        assert_eq!(envelope.signers(std::slice::from_ref(&key)).len(), 1);
        assert_eq!(observation.inputs, observed.inputs);
        assert_eq!(observation.cache.closure, observed.cache.closure);
        let expected = observed.product.as_ref().unwrap().sha256;
        let built = Outcome::Built {
            expected: Some(expected),
        };
        assert_eq!(observation.result, built);
        assert_eq!(observation.chain.nonce.as_deref(), Some("n1"));
        seen += 1;
    }
    assert_eq!(seen, 2);

    // Another program than the source gives is signed as one that differs.
    yard.write(
        "greeting/more.go",
        "package greeting\n\nfunc init() { println(1) }\n",
    );
    let other = yard.path("other");
    yard.observe(&["--", "-trimpath", "-o", other.to_str().unwrap(), "."]);
    std::fs::remove_file(yard.path("source/greeting/more.go")).unwrap();
    std::fs::remove_dir_all(yard.path("seen")).unwrap();
    let output = reproduce(&yard, "other");
    assert!(!output.status.success(), "{}", said(&output));
    let file = files().find(|file| file.path().to_str().unwrap().ends_with(".observation.json"));
    let (_, observation) = read(&file.unwrap().path());
    assert!(
        matches!(observation.result, Outcome::Differed { .. }),
        "{:?}",
        observation.result
    );
}
