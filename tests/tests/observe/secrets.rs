//! What must be in no observation, and what no build may see.

use std::os::unix::fs::PermissionsExt as _;

use crate::yard::Yard;

/// Every file that was written, and what was printed.
fn everything(yard: &Yard, said: &str) -> String {
    let files = std::fs::read_dir(yard.path("obs")).unwrap().flatten();
    let texts = files
        .filter(|file| !file.path().to_str().unwrap().ends_with(".program"))
        .map(|file| {
            let bytes = std::fs::read(file.path()).unwrap();
            match proto::attest::dsse::Envelope::parse(bytes.trim_ascii_end()) {
                Ok(envelope) => String::from_utf8_lossy(&envelope.payload).into_owned(),
                Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
            }
        });
    texts.collect::<String>() + said
}

#[test]
fn no_value_that_is_not_known_to_be_harmless_is_written() {
    let yard = Yard::new("1.27.");
    let main = "package main\n\nvar key string\n\nfunc main() { println(key) }\n";
    yard.write("main.go", main);
    yard.key();
    let key = yard.path("host.key");
    let arguments = [
        "--key",
        key.to_str().unwrap(),
        "--pass",
        "PASSED",
        "--",
        "-trimpath",
        "-ldflags=-X main.key=c4nary-ldflags",
        ".",
    ];
    let mut command = yard.command(&arguments);
    command
        .env("PASSED", "c4nary-passed")
        .env("GOPROXY", "https://me:c4nary-proxy@127.0.0.1:1")
        .env("GITHUB_TOKEN", "c4nary-token")
        .env("USER", "c4nary-user")
        .env("HOSTNAME", "c4nary-host")
        .env("LANG", "c4nary-lang");
    let answer = yard.judge(&mut command);
    assert_eq!(answer.exit, 0, "{}", answer.said);
    let text = everything(&yard, &answer.said);
    assert!(text.contains("example.com/tool"));
    let found = text
        .find("c4nary")
        .map(|at| &text[at.saturating_sub(80)..at + 40]);
    assert_eq!(found, None);
    // The link holds the linker's flags, so it is held back, and that is said.
    let (_, observation) = yard.observations(&answer).remove(0);
    assert_eq!(observation.link_preimage, None);
    assert!(
        answer.said.contains("the link is not shown"),
        "{}",
        answer.said
    );
    assert!(observation.inputs.unstated.contains("-ldflags"));
}

#[test]
fn what_go_complains_of_is_cleaned_of_secrets() {
    let yard = Yard::new("1.27.");
    let script = yard.path("toolexec");
    std::fs::write(
        &script,
        "#!/bin/sh\necho \"cannot reach $PASSED\" >&2; exit 1\n",
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let flag = format!("-toolexec={}", script.display());
    let mut command = yard.command(&["--pass", "PASSED", "--", "-trimpath", &flag, "."]);
    let answer = yard.judge(command.env("PASSED", "c4nary-passed"));
    assert_eq!(answer.exit, 2, "{}", answer.said);
    let text = everything(&yard, &answer.said);
    assert!(!text.contains("c4nary"), "{text}");
    assert!(text.contains("$PASSED"), "{text}");
}

#[test]
fn a_variable_that_holds_a_key_reaches_no_program() {
    let yard = Yard::new("1.27.");
    yard.key();
    let pem = std::fs::read_to_string(yard.path("host.key")).unwrap();
    let seen = yard.path("seen");
    let script = yard.path("toolexec");
    let text = format!("#!/bin/sh\nenv >> '{}'\nexec \"$@\"\n", seen.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let flag = format!("-toolexec={}", script.display());
    // GOKEY begins as settings of go do, which pass otherwise.
    for name in ["KEY", "GOKEY"] {
        let key = format!("env:{name}");
        let mut command = yard.command(&["--key", &key, "--", "-trimpath", &flag, "."]);
        let answer = yard.judge(command.env(name, &pem));
        assert_eq!(answer.exit, 0, "{}", answer.said);
        let variables = std::fs::read_to_string(&seen).unwrap();
        assert!(variables.contains("GOCACHEPROG="), "{variables}");
        assert!(!variables.contains("KEY="), "{variables}");
        let secret = pem.lines().nth(1).unwrap();
        assert!(!variables.contains(secret));
        assert!(!everything(&yard, &answer.said).contains(secret));
    }
    let mut command = yard.command(&["--key", "env:KEY", "--pass", "KEY", "--", "."]);
    let answer = yard.judge(command.env("KEY", &pem));
    assert_eq!(answer.exit, 2);
    assert!(
        answer.said.contains("leave it out of --pass"),
        "{}",
        answer.said
    );
}
