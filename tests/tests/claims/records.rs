//! Build records and rebuilds.

#[expect(
    dead_code,
    reason = "the bench of tests/rebuild.rs, of which part is needed here"
)]
#[path = "../rebuild/bench.rs"]
mod bench;

use std::path::Path;
use std::process::Command;

use bench::{Bench, json, said};
use serde_json::Value;
use testkit::git;

/// Begins every secret; the name of where it was put follows.
const CANARY: &str = "Canary7f3a";

/// Variables that reach builds or do not, each with a secret in the form that it has
/// there. `C` stands for the secret.
const SECRETS: &[(&str, &str)] = &[
    ("ALL_PROXY", "socks5://me:C@127.0.0.1:9"),
    ("HTTPS_PROXY", "me:C@127.0.0.1:9"),
    ("https_proxy", "http://C@127.0.0.1:9/"),
    ("NO_PROXY", "C.example"),
    ("GOPROXY", "https://me:C@127.0.0.1:9/C/?token=C,off"),
    ("GOPRIVATE", "example.org/C"),
    ("GOAUTH", "C"),
    ("GODEBUG", "x=C"),
    ("GOFLAGS", "'-ldflags=-X=main.key=C -X main.hidden=C'"),
    (
        "GIT_CONFIG_PARAMETERS",
        "'http.extraheader=Authorization: Basic C'",
    ),
    ("GIT_CONFIG_COUNT", "1"),
    ("GIT_CONFIG_KEY_0", "http.https://127.0.0.1/C.extraheader"),
    ("GIT_CONFIG_VALUE_0", "Authorization: Bearer C"),
    ("GIT_SSH_COMMAND", "sshpass -p C ssh -i /nowhere/C"),
    ("CGO_CFLAGS", "-O2 -DKEY=C -I/nowhere/C"),
    ("CGO_LDFLAGS", "-L/nowhere/C -lC"),
    ("CC", "/nowhere/C/gcc"),
    ("CPATH", "/nowhere/C"),
    ("LD_LIBRARY_PATH", "/nowhere/C:/lib/C"),
    ("PKG_CONFIG_PATH", "/nowhere/C"),
    ("NETRC", "/nowhere/C"),
    ("SSH_AUTH_SOCK", "/nowhere/C/agent"),
    ("USER", "C"),
    ("LOGNAME", "C"),
    ("LANG", "C.C"),
    ("TZ", "C/C"),
    ("GITHUB_TOKEN", "C"),
    ("DATABASE_URL", "postgres://me:C@db/x?key=C"),
    ("LET_THROUGH", "C"),
];

/// Sets every secret, and folders with one in their names.
fn with_secrets(bench: &Bench, folders: &[&str], words: &[&str]) -> Command {
    let mut command = bench.command(&["--format", "text"]);
    for (name, form) in SECRETS {
        // Where the form has no place for one, the letter is none either.
        command.env(name, form.replace('C', &format!("{CANARY}{name}")));
    }
    for name in folders {
        let folder = bench.beside(&format!("{CANARY}{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        command.env(name, folder);
    }
    command.args(["--pass", "LET_THROUGH"]).args(words);
    command
}

/// Expects no secret in a text, and says whose it was.
#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(at) = text.find(CANARY) {
        let from = text[..at]
            .char_indices()
            .rev()
            .nth(60)
            .map_or(0, |(at, _)| at);
        let shown: String = text[from..].chars().take(160).collect();
        panic!("{what} has a secret: {shown}");
    }
}

/// Expects no secret in any file below a folder but programs, and counts the files.
#[track_caller]
fn assert_folder_clean(folder: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_clean(
            "a file's name",
            path.file_name().unwrap().as_encoded_bytes(),
        );
        if path.is_dir() {
            files += assert_folder_clean(&path);
        } else if !path.ends_with("tool") {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

const FORMATS: [&str; 7] = [
    "text", "json", "sarif", "junit", "markdown", "github", "html",
];

fn outputs(folder: &Path) -> Vec<String> {
    let argument = |format: &&str| format!("--output={format}={}/{format}", folder.display());
    FORMATS.iter().map(argument).collect()
}

/// The program shows what it was linked with: the secret is in it, since somebody
/// put it there, and in nothing else that leaves.
#[test]
fn no_secret_of_the_environment_leaves_in_a_record_or_report() {
    let bench = Bench::new();
    bench.write(
        "main.go",
        "package main\n\nvar key, hidden string\n\nfunc main() { println(key) }\n",
    );
    let out = bench.beside("out");
    let keep = format!("--keep={}", out.display());
    let mut words = vec!["-v", &keep];
    let outputs = outputs(&out);
    words.extend(outputs.iter().map(String::as_str));
    // Without -trimpath the program says how it was linked, and builds differ, so
    // that the comparison is printed as well.
    words.extend(["--vary", "environment,source-folder", "."]);
    // That programs show the folders they were built in is what is found out, and
    // copies lie in TMPDIR.
    let folders = ["HOME", "GOPATH", "XDG_CONFIG_HOME"];
    let output = with_secrets(&bench, &folders, &words).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_clean("standard output", &output.stdout);
    assert_clean("standard error", &output.stderr);
    let files = assert_folder_clean(&out);
    let answer = json(&out.join("json"));
    let records = answer["records"].as_array().unwrap();
    assert_eq!(files, FORMATS.len() + records.len());
    let built = Command::new(out.join("build-1/tool")).output().unwrap();
    assert!(said(&built).contains(CANARY), "no secret was there to leak");

    // The environment of the third build had all of it: by name it is there.
    let seen = &records[2]["conditions"]["environment"];
    for (name, _) in SECRETS
        .iter()
        .filter(|(name, _)| *name != "GIT_CONFIG_COUNT")
    {
        let shown = seen[*name].as_str().unwrap_or_else(|| panic!("{name}"));
        assert!(shown == "set" || shown.contains('…'), "{name}: {shown}");
    }
    let inputs = &records[0]["inputs"];
    assert_eq!(
        inputs["flags"][0],
        "-ldflags=-X main.key=… -X main.hidden=…"
    );
    assert_eq!(inputs["unstated"], serde_json::json!(["-ldflags"]));
    assert_eq!(answer["culprits"][0]["rule"], "varied-source-folder");
    assert_eq!(answer["culprits"][0]["confidence"], "proven");
}

/// What a step prints when it fails is shown to a person, without the secrets that
/// it was given.
#[test]
fn no_secret_leaves_in_what_a_failing_step_prints() {
    let bench = Bench::new();
    let folders = ["HOME", "TMPDIR", "GOPATH", "XDG_CONFIG_HOME"];
    let out = bench.beside("out");
    std::fs::create_dir(&out).unwrap();
    let dump = "{ env | tr '\\n' ' '; echo \"$HTTPS_PROXY|${GOPROXY##*=}\"; echo failed as it should; } >&2; exit 1";
    let toolexec = bench.toolexec(&format!("test -n \"$VERIFY_BUILD_STRAY\" && {{ {dump}; }}"));
    let outputs = outputs(&out);
    let mut words = vec!["-v"];
    words.extend(outputs.iter().map(String::as_str));
    words.extend(["--vary", "environment", &toolexec, "."]);
    let output = with_secrets(&bench, &folders, &words).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("failed as it should"), "{text}");
    assert!(text.contains("$HTTPS_PROXY"), "{text}");
    assert_clean("standard output", &output.stdout);
    assert_clean("standard error", &output.stderr);
    assert_eq!(assert_folder_clean(&out), FORMATS.len());

    // Where the first build fails there is an error in place of an answer.
    let toolexec = bench.toolexec(dump);
    let words = ["--vary", "umask", &toolexec, "."];
    let output = with_secrets(&bench, &folders, &words).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("failed as it should"),
        "{}",
        said(&output)
    );
    assert_clean("standard error", &output.stderr);
}

/// Two checkouts of one commit, for two people with their own home folders,
/// locales and habits: one digest of the inputs. Another file, another digest.
#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn the_digest_of_the_inputs_is_equal_on_two_hosts_and_follows_the_sources() {
    let here = checkout("hello");
    let there = checkout("hello");
    let words = ["--vary", "umask", "-tags=netgo", "-v", "-trimpath", "."];
    let first = here.rebuild(&words);
    assert_eq!(first.exit, 0, "{:#}", first.value);
    let mut command = there.command(&["--vary", "umask", "-trimpath=true", "."]);
    command
        .env("GOFLAGS", "-tags=netgo")
        .env("USER", "another")
        .env("TZ", "Europe/Vienna")
        .env("LC_ALL", "de_AT.UTF-8")
        .env("GITHUB_TOKEN", "t0ken");
    let second = there.judge(&command.output().unwrap());
    let inputs = |answer: &Value, index: usize| answer["records"][index]["inputs"].clone();
    assert_eq!(inputs(&first.value, 0), inputs(&second.value, 0));
    let digests: Vec<&Value> = [&first, &second]
        .iter()
        .flat_map(|answer| answer.value["builds"].as_array().unwrap())
        .map(|build| &build["inputs"])
        .collect();
    assert!(
        digests
            .iter()
            .all(|one| one.is_string() && *one == digests[0]),
        "{digests:?}"
    );
    let product = |answer: &Value| answer["records"][0]["product"].clone();
    assert_eq!(product(&first.value), product(&second.value));
    let inputs = inputs(&first.value, 0);
    assert_eq!(inputs["unstated"], serde_json::json!([]), "{inputs:#}");
    assert_eq!(
        inputs["flags"],
        serde_json::json!(["-tags=netgo", "-trimpath"])
    );
    assert!(inputs["source"]["h1"].as_str().unwrap().starts_with("h1:"));
    assert!(
        inputs["toolchain"]["h1"]
            .as_str()
            .unwrap()
            .starts_with("h1:")
    );
    assert_eq!(inputs["source"]["revision"]["modified"], false);
    // What is the host's is elsewhere.
    let folder = here.beside("").display().to_string();
    assert!(!inputs.to_string().contains(&folder), "{inputs:#}");

    there.write("text.txt", "changed");
    let third = there.rebuild(&["--vary", "umask", "-tags=netgo", "-trimpath", "."]);
    assert_ne!(&third.value["builds"][0]["inputs"], digests[0]);
    let changed = &third.value["records"][0]["inputs"]["source"];
    assert_ne!(changed["h1"], inputs["source"]["h1"]);
    assert_eq!(changed["revision"]["modified"], true);
}

/// A program with an embedded file, in a repository whose commit has one name
/// wherever it is made.
fn checkout(text: &str) -> Bench {
    let bench = Bench::new();
    bench.write("text.txt", text);
    bench.write(
        "main.go",
        "package main\n\nimport _ \"embed\"\n\n//go:embed text.txt\nvar text string\n\nfunc main() { println(text) }\n",
    );
    git::commit_all(&bench.source());
    bench
}

/// A linker that now and then gives something else: the warm build had bad luck.
#[test]
fn a_linker_that_fails_now_and_then_is_no_poisoned_cache() {
    let counted = |number: &str| {
        let count = "count=\"$(dirname \"$0\")/count\"; echo x >> \"$count\"";
        format!("$({count}; case $(wc -l < \"$count\") in ({number}) echo flaky;; esac)")
    };
    // The second build is the warm one, and the fifth is it again.
    for (number, kind, confidence) in [("2", "nothing", "proven"), ("[25]", "warm-cache", "likely")]
    {
        let bench = Bench::new();
        let leak = bench.leak(&counted(number));
        let answer = bench.rebuild(&["--vary", "umask", &leak, "-trimpath", "."]);
        assert_eq!(answer.exit, 1, "{:#}", answer.value["summary"]);
        assert_eq!(answer.culprits(), [kind]);
        let culprit = &answer.value["culprits"][0];
        assert_eq!(culprit["confidence"], confidence, "{culprit:#}");
        let text = answer.value.to_string();
        for never in ["cache-poisoned", "cache-stale-cgo", "go clean -cache"] {
            assert!(!text.contains(never), "{number}: {never}");
        }
        let summary = answer.value["summary"].as_str().unwrap();
        match kind {
            "nothing" => assert!(!summary.contains("cache"), "{summary}"),
            _ => assert!(summary.starts_with("likely a warm cache"), "{summary}"),
        }
    }
}

/// Where nothing was varied nothing is known of what could matter.
#[test]
fn a_rebuild_that_varied_nothing_calls_nothing_reproducible() {
    let bench = Bench::new();
    let words = [
        "--vary",
        "umask",
        "--skip",
        "umask",
        "-o",
        "out",
        "-trimpath",
        ".",
    ];
    let answer = bench.rebuild(&words);
    assert_eq!(answer.exit, 3, "{:#}", answer.value["summary"]);
    assert_eq!(answer.value["verdict"], "inconclusive");
    let summary = answer.value["summary"].as_str().unwrap();
    assert!(summary.contains("nothing varied"), "{summary}");
    assert!(!bench.source().join("out").exists());
    // That much is known: the same bytes with both caches.
    assert_eq!(answer.value["claim"]["level"], "L1");
}

/// Compiles another file in place of main.go; go has it in no key of its cache.
const SWAP: &str = r#"
case " $* " in *" -p main "*)
  count=$#
  for word in "$@"; do
    case $word in *main.go) word="$(dirname "$0")/other.go";; esac
    set -- "$@" "$word"
  done
  shift "$count";;
esac"#;

/// That a cache is to blame shows in what it holds, and what it holds is evidence.
#[test]
fn a_cache_with_another_package_under_the_same_key_is_poisoned() {
    let bench = Bench::new();
    bench.write(
        "../other.go",
        "package main\n\nfunc main() { println(\"other\") }\n",
    );
    let toolexec = bench.toolexec(SWAP);
    let cache = bench.beside("cache");
    let primed = Command::new(bench.go())
        .args(["build", &toolexec, "-trimpath", "-o", "/dev/null", "."])
        .current_dir(bench.source())
        .env("HOME", bench.beside("home"))
        .env("GOCACHE", &cache)
        .env("GOTOOLCHAIN", "local")
        .env("CGO_ENABLED", "0")
        .output()
        .unwrap();
    assert!(primed.status.success(), "{}", said(&primed));
    let gocache = format!("--gocache={}", cache.display());
    let answer = bench.rebuild(&["--vary", "umask", &gocache, "-trimpath", "."]);
    assert_eq!(answer.exit, 1, "{:#}", answer.value["summary"]);
    assert_eq!(answer.culprits(), ["given-cache"]);
    let culprit = &answer.value["culprits"][0];
    assert_eq!(culprit["rule"], "cache-poisoned");
    assert_eq!(culprit["confidence"], "proven");
    let summary = culprit["summary"].as_str().unwrap();
    assert!(
        summary.contains("other content for 1 compiled package"),
        "{summary}"
    );
    let fix = culprit["fix"].as_str().unwrap();
    assert!(
        fix.starts_with("keep a copy of the cache as evidence"),
        "{fix}"
    );
    assert!(!fix.contains("go clean"), "{fix}");
}
