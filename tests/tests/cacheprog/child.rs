//! The child alone, asked by go commands that never were.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::environment;

use crate::talk::Talk;

const ACTION: [u8; 32] = [7; 32];

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn record() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn bodies_of_every_size_come_back() {
    let folder = record();
    let mut talk = Talk::with("record", folder.path());
    // Around the edges of base64, and more than any buffer on the way.
    let bodies: Vec<Vec<u8>> = [0usize, 1, 2, 3, 4, 1023, 3 << 20]
        .into_iter()
        .map(|len| (0..len).map(|at| (at * 7 % 251) as u8).collect())
        .collect();
    for (id, body) in bodies.iter().enumerate() {
        let action = sha256(&[id as u8]);
        talk.put(id as u32 + 1, action, sha256(body), body);
        let stored = talk.hear();
        let path = stored["DiskPath"].as_str().unwrap().to_owned();
        assert!(Path::new(&path).is_absolute() && Path::new(&path).extension().is_none());
        let hit = talk.get(100 + id as u32, action);
        assert_eq!(hit["DiskPath"], path.as_str());
        assert_eq!(hit["Size"].as_u64().unwrap_or(0), body.len() as u64);
        assert!(std::fs::read(path).unwrap() == *body);
    }
    assert_eq!(talk.get(200, [9; 32]), json!({"ID": 200, "Miss": true}));
    talk.say("{\"ID\":201,\"Command\":\"close\"}\n\n");
    assert_eq!(talk.hear(), json!({"ID": 201}));
    assert_eq!(talk.end(), (0, String::new()));
}

#[test]
fn a_request_that_is_wrong_is_answered_and_the_next_one_understood() {
    let folder = record();
    let mut talk = Talk::with("record", folder.path());
    let output = STANDARD.encode(sha256(b"hello"));
    let action = STANDARD.encode(ACTION);
    let put = |size: &str, body: &str| {
        format!(
            "{{\"ID\":5,\"Command\":\"put\",\"ActionID\":\"{action}\",\"OutputID\":\"{output}\",\"BodySize\":{size}}}\n\n{body}\n"
        )
    };
    let hello = STANDARD.encode("hello");
    for (request, why) in [
        (
            "{\"ID\":5,\"Command\":\"get2\"}\n\n".to_owned(),
            "unknown command",
        ),
        (
            "{\"ID\":5,\"Command\":\"get\",\"ActionID\":\"x\"}\n\n".to_owned(),
            "ActionID",
        ),
        (
            put("6", &format!("\"{hello}\"")),
            "named a body of 6 bytes and 5 came",
        ),
        (
            put("4", &format!("\"{hello}\"")),
            "named a body of 4 bytes and 5 came",
        ),
        (
            put("9223372036854775807", &format!("\"{hello}\"")),
            "a body of 9223372036854775807",
        ),
        (put("-1", &format!("\"{hello}\"")), "a body of -1"),
        (put("5", "\"!!!!!!!!\""), "not base64"),
        (
            put("5", &format!("\"{}\"", STANDARD.encode("jello"))),
            "SHA-256",
        ),
    ] {
        talk.say(&request);
        let answer = talk.hear();
        assert_eq!(answer["ID"], 5);
        let said = answer["Err"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(why), "{request}: {answer}");
        assert_eq!(talk.get(6, ACTION)["Miss"], true, "{request}");
    }
    talk.say(put("5", &format!("\"{hello}\"")));
    assert!(talk.hear()["DiskPath"].is_string());
    talk.say("{\"ID\":9,\"Command\":\"close\"}\n\n");
    assert_eq!(talk.hear(), json!({"ID": 9}));
    let (exit, said) = talk.end();
    assert_eq!(
        exit, 1,
        "a body that is not what its hash says is a finding"
    );
    assert!(said.contains("named another SHA-256"), "{said}");
}

#[test]
fn nonsense_and_cut_lines_end_the_session_with_a_report() {
    for (nonsense, why) in [
        ("what is this\n".to_owned(), "not a request"),
        ("[1,2]\n".to_owned(), "no JSON object"),
        (
            "{\"ID\":1,\"Comm".to_owned(),
            "the input ends within a line",
        ),
        (
            format!("{}\n", "x".repeat(100_000)),
            "a request of more than",
        ),
        (
            format!(
                "{{\"ID\":1,\"Command\":\"put\",\"ActionID\":\"{0}\",\"OutputID\":\"{0}\",\"BodySize\":5}}\n\n{{}}\n",
                STANDARD.encode(ACTION)
            ),
            "not a request",
        ),
    ] {
        let folder = record();
        let mut talk = Talk::with("record", folder.path());
        // The child may be gone before all of it is written.
        let _ = talk.input.as_mut().unwrap().write_all(nonsense.as_bytes());
        let (exit, said) = talk.end();
        let what = &nonsense[..nonsense.len().min(60)];
        assert!(said.contains(why), "{what}: {said}");
        assert_eq!(exit, 3, "{what}: {said}");
        let sessions = std::fs::read_dir(folder.path().join("sessions")).unwrap();
        assert_eq!(sessions.count(), 1);
    }
}

#[test]
fn a_child_that_is_killed_leaves_no_half_output_and_is_missed() {
    let folder = record();
    let mut talk = Talk::with("record", folder.path());
    let body = vec![b'x'; 1 << 20];
    let text = STANDARD.encode(&body);
    let request = json!({
        "ID": 1, "Command": "put", "ActionID": STANDARD.encode(ACTION),
        "OutputID": STANDARD.encode(sha256(&body)), "BodySize": body.len(),
    });
    talk.say(format!("{request}\n\n\"{}", &text[..text.len() / 2]));
    talk.child.kill().unwrap();
    talk.child.wait().unwrap();
    assert_eq!(crate::desk::outputs(folder.path()).len(), 0);

    let mut talk = Talk::with("record", folder.path());
    assert_eq!(talk.get(1, ACTION)["Miss"], true);
    talk.put(2, ACTION, sha256(&body), &body);
    assert!(talk.hear()["DiskPath"].is_string());
    talk.end();
    let output = Command::new(environment::program("verify-build"))
        .args(["cacheprog", "report"])
        .arg(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("did not come to its end"), "{text}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_session_that_ends_within_a_body_is_incomplete_in_every_mode() {
    let folder = record();
    for mode in ["record", "audit", "serve"] {
        let mut talk = Talk::with(mode, folder.path());
        let package = package(ACTION);
        talk.put(1, ACTION, sha256(&package), &package);
        assert!(talk.hear()["DiskPath"].is_string());
        let body = vec![b'x'; 1 << 20];
        let text = STANDARD.encode(&body);
        let action = [8; 32];
        let request = json!({
            "ID": 2, "Command": "put", "ActionID": STANDARD.encode(action),
            "OutputID": STANDARD.encode(sha256(&body)), "BodySize": body.len(),
        });
        talk.say(format!("{request}\n\n\"{}", &text[..text.len() / 2]));
        let (exit, said) = talk.end();
        assert_eq!(exit, 3, "{mode}: {said}");
        assert!(said.contains("INCOMPLETE: the conversation"), "{said}");
        assert!(
            said.contains("ended after 524289 of 1048576 bytes"),
            "{said}"
        );
        let session = session(folder.path());
        assert_eq!(session["ending"], "broken");
        // What was cut off is not there for anybody.
        let mut talk = Talk::with("record", folder.path());
        assert_eq!(talk.get(1, action)["Miss"], true);
        assert_eq!(talk.get(2, ACTION)["Size"], package.len());
        talk.end();
    }
}

/// A build that fails goes without a close, and so does one that is killed: what
/// a mode can still vouch for is its answer.
#[test]
fn a_session_without_a_close_claims_no_more_than_it_can() {
    let folder = record();
    let other = b"no package";
    let package = package(ACTION);
    let mut talk = Talk::with("record", folder.path());
    talk.put(1, ACTION, sha256(&package), &package);
    talk.put(2, [8; 32], sha256(other), other);
    talk.hear();
    talk.hear();
    assert_eq!(talk.end(), (0, String::new()));
    assert_eq!(session(folder.path())["ending"], "unclosed");
    assert_eq!(session(folder.path())["verdict"], "clean");

    let mut talk = Talk::with("audit", folder.path());
    talk.put(1, ACTION, sha256(&package), &package);
    talk.hear();
    let (exit, said) = talk.end();
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("1 output is equal to the record, but"),
        "{said}"
    );

    for (action, want) in [([8; 32], 0), (ACTION, 3)] {
        let mut talk = Talk::with("serve", folder.path());
        assert!(talk.get(1, action)["DiskPath"].is_string());
        let (exit, said) = talk.end();
        assert_eq!(exit, want, "{said}");
    }
}

/// A compiled package without code, with the build ID that the go command writes.
fn package(action: [u8; 32]) -> Vec<u8> {
    let part = |hash: [u8; 32]| URL_SAFE_NO_PAD.encode(&hash[..15]);
    let archive = |id: &str| {
        let header = format!("go object linux amd64 go1.27.3\nbuild id \"{id}\"\n\n$$\n");
        format!(
            "!<arch>\n__.PKGDEF       0           0     0     644     {:<10}`\n{header}",
            header.len()
        )
    };
    // The content part is the hash of the archive with zeros for its build ID.
    let zeros = "\0".repeat(41);
    let content = part(sha256(archive(&zeros).as_bytes()));
    archive(&format!("{}/{content}", part(action))).into_bytes()
}

#[test]
fn serve_hands_out_no_package_that_another_action_made() {
    let folder = record();
    let own = package(ACTION);
    let mut changed = own.clone();
    *changed.last_mut().unwrap() = b'x';
    let unsigned = String::from_utf8(own.clone()).unwrap();
    let unsigned = unsigned.replace("build id", "build-id").into_bytes();
    // The index is right, and the files are what their names say.
    let bodies = [own, package([8; 32]), changed, unsigned];
    let mut talk = Talk::with("record", folder.path());
    for (id, body) in bodies.iter().enumerate() {
        talk.put(1, ACTION, sha256(body), body);
        assert!(talk.hear()["DiskPath"].is_string());
        talk.end();
        let mut served = Talk::with("serve", folder.path());
        let answer = served.get(1, ACTION);
        served.say("{\"ID\":2,\"Command\":\"close\"}\n\n");
        served.hear();
        let (exit, said) = served.end();
        let session = session(folder.path());
        if id == 0 {
            assert_eq!((exit, &answer["Size"]), (0, &body.len().into()), "{said}");
            assert_eq!(session["requests"]["hits_of_action"], 1);
        } else {
            assert_eq!((exit, &answer["Miss"]), (1, &true.into()), "{id}: {said}");
            assert_eq!(session["findings"][0]["rule"], "other-maker");
            assert!(!said.contains("AS INDEXED"), "{said}");
        }
        talk = Talk::with("record", folder.path());
    }
    talk.end();
}

/// The newest session of a record.
fn session(record: &Path) -> Value {
    let sessions = std::fs::read_dir(record.join("sessions")).unwrap();
    let newest = sessions.map(|entry| entry.unwrap().path()).max().unwrap();
    serde_json::from_slice(&std::fs::read(newest).unwrap()).unwrap()
}

#[test]
fn a_full_disk_is_an_answer_not_an_end() {
    let folder = record();
    let program = environment::program("verify-build");
    // A limit on the size of files refuses writes as a full disk does.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec '{}' cacheprog record '{}'",
        program.display(),
        folder.path().display()
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]);
    let mut talk = Talk::start(command);
    let large = vec![b'x'; 1 << 20];
    talk.put(1, ACTION, sha256(&large), &large);
    let answer = talk.hear();
    assert!(
        answer["Err"]
            .as_str()
            .unwrap()
            .starts_with("keeping the body: "),
        "{answer}"
    );
    talk.put(2, ACTION, sha256(b"small"), b"small");
    assert!(talk.hear()["DiskPath"].is_string());
    assert_eq!(talk.get(3, ACTION)["Size"], 5);
    let tmp = std::fs::read_dir(folder.path().join("tmp")).unwrap();
    assert_eq!(tmp.count(), 0, "nothing half written stays");
    talk.say("{\"ID\":4,\"Command\":\"close\"}\n\n");
    assert_eq!(talk.hear(), json!({"ID": 4}));
    let (exit, said) = talk.end();
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("1 request could not be carried out"),
        "{said}"
    );
}

#[test]
fn what_a_killed_session_left_is_removed_a_day_later() {
    let folder = record();
    Talk::with("record", folder.path()).end();
    let left = folder.path().join("tmp/session-old");
    std::fs::create_dir(&left).unwrap();
    for (age_hours, want) in [(1, true), (48, false)] {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age_hours * 3600);
        let open = std::fs::File::open(&left).unwrap();
        open.set_modified(then).unwrap();
        Talk::with("serve", folder.path()).end();
        assert_eq!(left.exists(), want, "{age_hours} hours");
    }
}

#[test]
fn serve_sees_a_change_while_a_file_is_in_use() {
    let folder = record();
    let mut talk = Talk::with("record", folder.path());
    talk.put(1, ACTION, sha256(b"hello"), b"hello");
    talk.hear();
    talk.end();
    let mut talk = Talk::with("serve", folder.path());
    let hit = talk.get(1, ACTION);
    std::fs::write(hit["DiskPath"].as_str().unwrap(), "jello").unwrap();
    assert_eq!(
        talk.get(2, ACTION)["Miss"],
        true,
        "touched, so looked at again"
    );
    talk.say("{\"ID\":3,\"Command\":\"close\"}\n\n");
    assert_eq!(talk.hear(), json!({"ID": 3}));
    let (exit, said) = talk.end();
    assert_eq!(exit, 1);
    assert!(
        said.contains("was changed after it was handed out"),
        "{said}"
    );
}

#[test]
fn audit_and_serve_need_a_record() {
    let folder = record();
    for mode in ["audit", "serve"] {
        let output = Command::new(environment::program("verify-build"))
            .args(["cacheprog", mode])
            .arg(folder.path().join("nothing"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty(), "stdout belongs to the go command");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("it is not a folder"), "{said}");
    }
}
