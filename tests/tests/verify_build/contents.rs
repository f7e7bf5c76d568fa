//! Containers that are inspected: what is in them, and which builds.

use std::path::Path;

use serde_json::Value;
use testkit::schema;

use crate::workshop::{Workshop, run, verify_build};

/// Packs a program and a text in every way, a Debian package and a module zip
/// among them.
const PACK: &str = "\
mkdir -p top/bin top/DEBIAN; cp \"$1\" top/bin/tool; echo text > top/README; ln -s tool top/bin/link
tar -C top --exclude=DEBIAN -cf a.tar .
gzip -nk a.tar; xz -k a.tar; zstd -qk a.tar
(cd top; zip -qry ../a.zip README bin)
printf 'Package: tool\\nVersion: 1\\nArchitecture: amd64\\nMaintainer: x <x@example.com>\\nDescription: x\\n' > top/DEBIAN/control
dpkg-deb -Zxz -b top a.deb > /dev/null
mkdir -p 'm/example.com/m@v1.0.0'; printf 'module example.com/m\\n' > m/example.com/m@v1.0.0/go.mod
(cd m; zip -qrD ../m.zip example.com)
mkdir deep; cp a.tar.gz deep; tar -cf deep.tar deep";

fn inspect(file: &Path) -> (String, Value) {
    let output = |format: &str| {
        let mut command = verify_build();
        let output = command.args(["inspect", "--format", format]).arg(file);
        let output = output.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        output.stdout
    };
    let report: Value = serde_json::from_slice(&output("json")).unwrap();
    schema::check(&report);
    (String::from_utf8(output("text")).unwrap(), report)
}

/// The paths of members that were looked into and are Go builds, each with its
/// version.
fn builds(report: &Value) -> Vec<(String, String)> {
    let contents = report["contents"].as_array().unwrap();
    let members = contents
        .iter()
        .flat_map(|one| one["members"].as_array().unwrap());
    let found = members.filter_map(|member| {
        let file = &report["files"][member["file"].as_u64()? as usize];
        let version = file["go_version"].as_str()?;
        assert_eq!(member["sha256"], file["sha256"]);
        assert_eq!(file["self_check"]["status"], "intact");
        Some((member["path"].as_str()?.to_owned(), version.to_owned()))
    });
    found.collect()
}

#[test]
fn every_container_tells_its_members_and_the_builds_among_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Workshop::new();
    let program = shop.build(&[], &[]);
    let path = |name: &str| folder.path().join(name);
    let program = program.to_str().unwrap();
    run(folder.path(), "sh", &["-ec", PACK, "sh", program]);
    let (_, alone) = inspect(Path::new(program));
    assert_eq!(alone["contents"], serde_json::json!([]));
    let version = alone["files"][0]["go_version"].as_str().unwrap();
    let want = vec![("bin/tool".to_owned(), version.to_owned())];
    for name in [
        "a.tar",
        "a.tar.gz",
        "a.tar.xz",
        "a.tar.zst",
        "a.zip",
        "a.deb",
        "top",
    ] {
        let (text, report) = inspect(&path(name));
        assert_eq!(builds(&report), want, "{name}");
        assert!(
            text.contains(&format!("ELF, linux/amd64, {version}")),
            "{text}"
        );
        assert!(
            text.contains("holds: the bytes give the content ID, static"),
            "{text}"
        );
        let summary = report["summary"].as_str().unwrap();
        assert!(summary.ends_with(", 1 Go build"), "{summary}");
        let contents = report["contents"].as_array().unwrap();
        let members = contents.last().unwrap()["members"].as_array().unwrap();
        let member = |path: &str| members.iter().find(|one| one["path"] == path).unwrap();
        assert_eq!(member("README")["size"], 5);
        assert_eq!(member("bin")["kind"], "folder");
        assert_eq!(member("bin/link")["kind"], "link", "{name}");
    }
    let (_, report) = inspect(&path("deep.tar"));
    let inside = report["files"].as_array().unwrap().last().unwrap()["inside"].clone();
    let down = serde_json::json!(["deep/a.tar.gz", "bin/tool"]);
    assert_eq!(inside["path"], down);
    let (text, _) = inspect(&path("m.zip"));
    assert!(text.contains("module       example.com/m@v1.0.0"), "{text}");
    // printf 'module example.com/m\n' | sha256sum, and so on: dirhash.Hash1.
    assert!(
        text.contains(&format!("module sum   {MODULE_SUM}")),
        "{text}"
    );
}

/// What go.sum says of the module; made with sha256sum, as dirhash.Hash1 says.
const MODULE_SUM: &str = "h1:yJwNngL0tCKlmRg8yireic46hRGohEbhwD/WSE0Ax3I=";

#[test]
fn a_container_that_is_cut_off_says_so_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name);
    std::fs::write(name("text"), vec![b'x'; 100_000]).unwrap();
    run(folder.path(), "sh", &["-ec", "tar -cf a.tar text"]);
    let bytes = std::fs::read(name("a.tar")).unwrap();
    std::fs::write(name("cut.tar"), &bytes[..50_000]).unwrap();
    let (text, report) = inspect(&name("cut.tar"));
    let reason = report["contents"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("text: it is cut off"), "{reason}");
    assert!(text.contains("unreadable   text: it is cut off"), "{text}");
}
