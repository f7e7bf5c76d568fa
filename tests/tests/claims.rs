//! What `verify-build` must not say: for each kind of change, the sentences whose
//! evidence is not there, beside what it must say instead.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "claims/caches.rs"]
mod caches;
#[path = "claims/causes.rs"]
mod causes;
#[path = "claims/files.rs"]
mod files;
#[cfg(test)]
#[path = "claims/gccgo.rs"]
mod gccgo;
#[path = "claims/installations.rs"]
mod installations;
#[cfg(test)]
#[path = "claims/lint.rs"]
mod lint;
#[cfg(test)]
#[path = "claims/negative.rs"]
mod negative;
#[path = "claims/records.rs"]
mod records;
#[cfg(test)]
#[path = "claims/settings.rs"]
mod settings;
#[path = "verify_build/workshop.rs"]
#[expect(dead_code, reason = "the tests of verify-build use all of it")]
mod workshop;

use std::ffi::OsStr;

use testkit::environment;

/// Runs the program and returns exit code and all that it said.
#[track_caller]
fn said(arguments: &[&OsStr]) -> (i32, String) {
    let output = environment::command("verify-build")
        .args(arguments)
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

/// Expects an answer that begins with this word and does not hold any of those.
#[track_caller]
fn answers(arguments: &[&OsStr], exit: i32, word: &str, never: &[&str]) -> String {
    let (got, text) = said(arguments);
    assert!(text.starts_with(&format!("{word}: ")), "{text}");
    assert_eq!(got, exit, "{text}");
    for words in never {
        assert!(!text.contains(words), "{words}: {text}");
    }
    text
}
