//! `verify-build key`.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::yard::{Yard, answer, said, verify_build};

#[test]
fn a_key_is_made_shown_and_taken_by_openssl_and_its_secret_is_never_printed() {
    let yard = Yard::new("1.27.");
    for (name, flags) in [("ed.key", &[][..]), ("p256.key", &["--p256"])] {
        let path = yard.path(name);
        let made = verify_build(&["key", "new", "--out"])
            .arg(&path)
            .args(flags)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let secret = std::fs::read_to_string(&path).unwrap();
        let shown = verify_build(&["key", "show"]).arg(&path).output().unwrap();
        let json = verify_build(&["key", "show", "--format", "json"])
            .arg(&path)
            .output()
            .unwrap();
        let public = verify_build(&["key", "show", "--public"])
            .arg(&path)
            .output()
            .unwrap();
        let json_answer = answer("key-v1", &json);
        assert_eq!(json_answer.exit, 0);
        for output in [&made, &shown, &json, &public] {
            let text = said(output);
            for line in secret.lines().filter(|line| !line.starts_with("---")) {
                assert!(!text.contains(line), "{text}");
            }
            assert!(!text.contains("PRIVATE"), "{text}");
        }
        let pem = String::from_utf8(public.stdout).unwrap();
        assert_eq!(json_answer.value["public"], pem);
        let openssl = Command::new("openssl")
            .args(["pkey", "-pubout", "-in"])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&openssl.stdout),
            pem,
            "{}",
            said(&openssl)
        );
        let again = verify_build(&["key", "new", "--out"])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(again.status.code(), Some(2));
        assert!(
            said(&again).contains("never overwritten"),
            "{}",
            said(&again)
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
    }
}

#[test]
fn what_is_no_key_is_refused_before_anything_is_built() {
    let yard = Yard::new("1.27.");
    std::fs::write(yard.path("no.key"), "c4nary").unwrap();
    let key = yard.path("no.key");
    let refused = yard.observe(&["--key", key.to_str().unwrap(), "--", "-trimpath", "."]);
    assert_eq!(refused.exit, 2);
    assert!(
        refused.said.contains("is not a private key"),
        "{}",
        refused.said
    );
    assert!(!refused.said.contains("c4nary"));
    assert!(!yard.path("obs").exists());
    let refused = yard.observe(&["--key", "env:NO_SUCH_KEY", "--", "."]);
    assert_eq!(refused.exit, 2);
    assert!(
        refused.said.contains("NO_SUCH_KEY is not set"),
        "{}",
        refused.said
    );
}
