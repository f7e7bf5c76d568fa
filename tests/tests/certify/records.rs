//! What is asked of the checksum database, and what is not.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use testkit::database::TestDatabase;
use testkit::schema;

use super::desk::{Desk, ended};

/// A desk whose hosts tell this hash of their toolchain, and a mirror of a database that
/// has it.
fn with_toolchain() -> (Desk, PathBuf) {
    const RELEASE: (&str, &str) = ("golang.org/toolchain", "v0.0.1-go1.27.3.linux-amd64");
    let h1 = proto::dirhash::go_mod(b"all files of the toolchain").to_string();
    let mut database = TestDatabase::new("sum.example/test", 5);
    database.add_filler(300);
    let (path, version) = RELEASE;
    let lines = format!("{path} {version} {h1}\n{path} {version}/go.mod {h1}\n");
    database.add_lines(path, version, &lines);
    let rule = format!(
        "level: L3+T\nchecksum_database: {}",
        database.verifier_key()
    );
    let mut desk = Desk::new(&rule);
    for seen in &mut desk.hosts.seen {
        seen.observation.inputs.toolchain.version = "go1.27.3".into();
        seen.observation.host.toolchain_h1 = Some(h1.clone());
    }
    let mirror = desk.hosts.folder().join("mirror");
    database.publish(&mirror);
    (desk, mirror)
}

#[test]
fn the_checksum_database_is_asked_when_told_to_and_the_certificate_keeps_its_proof() {
    let (desk, mirror) = with_toolchain();
    let (code, said) = desk.certify(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("no proof of the checksum database is here"),
        "{said}"
    );

    let url = format!("file://{}", mirror.display());
    let (code, said) = desk.certify(&["--sumdb", &url]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("shown       L3+T\n"), "{said}");
    fs::remove_dir_all(&mirror).unwrap();
    let (code, said) = desk.check(desk.program(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("shown       L3+T\n"), "{said}");

    desk.edit(|lines| {
        let line = lines.iter_mut().find(|line| line.contains("\"record\""));
        let line = line.unwrap();
        *line = line.replacen("go1.27.3", "go1.27.2", 1);
    });
    let (code, said) = desk.check(desk.program(), &[]);
    assert_eq!(code, 1, "{said}");
}

#[test]
fn what_the_database_does_not_prove_or_may_not_be_asked_is_said_and_not_shown() {
    let (desk, mirror) = with_toolchain();
    let tile = mirror.join("sumdb/sum.example/test/tile/8/0/001.p/45");
    assert!(tile.exists(), "{}", tile.display());
    let mut bytes = fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    fs::write(&tile, bytes).unwrap();
    let url = format!("file://{}", mirror.display());
    let (code, said) = desk.certify(&["--sumdb", &url]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("no proof of golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64 was had"),
        "{said}"
    );

    let (code, json) = desk.certify(&["--sumdb", &url, "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    schema::check_as("certify-v1", &json);
    assert_eq!((code, json["missing"].as_array().unwrap().len()), (3, 1));

    let output = desk.certify_with(&[("GOSUMDB", "off")], &["--online"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(
            "GOSUMDB=off: no database is to be asked; name a database or proxy by --sumdb"
        ),
        "{said}"
    );
}

#[test]
fn nobody_is_asked_where_the_settings_name_another_database() {
    let (desk, _) = with_toolchain();
    let other = TestDatabase::new("sum.example/other", 6).verifier_key();
    let output = desk.certify_with(&[("GOSUMDB", other.as_str())], &["--online"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("is another database than sum.example/test"),
        "{said}"
    );
}

#[test]
fn what_a_list_of_private_names_covers_is_not_asked_for() {
    let (desk, mirror) = with_toolchain();
    let url = format!("file://{}", mirror.display());
    for name in ["GOPRIVATE", "GONOSUMDB"] {
        let output = desk.certify_with(&[(name, "golang.org")], &["--sumdb", &url]);
        let (code, said) = ended(output);
        assert_eq!(code, 3, "{said}");
        let want = format!("{name}=golang.org covers golang.org/toolchain: no database");
        assert!(said.contains(&want), "{said}");
    }
    // Where both are set, GONOSUMDB alone counts: the go command has the other for its default.
    let both = [("GOPRIVATE", "golang.org"), ("GONOSUMDB", "corp.example")];
    let (code, said) = ended(desk.certify_with(&both, &["--sumdb", &url]));
    assert_eq!(code, 0, "{said}");
}
