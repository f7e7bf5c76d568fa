//! The side without a network: a namespace of its own, with no way out of it. Bundles come
//! into it as files and nothing else does.

use std::process::Command;

use testkit::environment;
use testkit::go::{self, Toolchain};
use testkit::origin::Origin;
use testkit::records::Records;

use super::Gap;

const SUMDB: &str = "sum.golang.org";

/// Takes a bundle in, serves it and runs the go command, in a network namespace that has a
/// loopback interface and nothing else. Then comes what adds to it.
const SCRIPT: &str = r#"
ip link set lo up
test "$(ip -o link | wc -l)" = 1
"$SUMWARD" bundle import "$FIRST" --trust "$TRUST" --data "$DATA"
"$SUMWARD" --data "$DATA" --listen 127.0.0.1:8080 >"$HOME/log" 2>&1 &
server=$!
until grep -q 'serves on' "$HOME/log"; do kill -0 $server; sleep 0.05; done
export GOPROXY=http://127.0.0.1:8080
"$GO" mod tidy
"$GO" build ./...
"$GO" test ./...
"$GO" mod vendor
"$GO" build -mod=vendor ./...
cp go.sum first.sum
rm -r vendor
if "$GO" get github.com/google/uuid@v1.5.0; then exit 1; fi
"$SUMWARD" bundle import "$SECOND" --trust "$TRUST" --data "$DATA"
"$GO" get github.com/google/uuid@v1.5.0
"$GO" build ./...
kill $server
wait $server || true
"#;

#[test]
fn a_namespace_without_a_way_out_builds_from_the_bundle() {
    let test = "a_namespace_without_a_way_out_builds_from_the_bundle";
    let Some(records) = Records::or_skip(test) else {
        return;
    };
    let may = Command::new("unshare").args(["-n", "ip", "link"]).output();
    if !may.is_ok_and(|it| it.status.success()) {
        eprintln!("skipped: {test}: this user may make no network namespace");
        return;
    }
    let origin = Origin::serve(&records.mirror());
    let gap = Gap::new(&origin.url(), SUMDB);
    let go_mod = records.sample().join("go.mod").display().to_string();
    gap.create("first", &["--from", &go_mod]);
    let list = gap.path("more.txt");
    std::fs::write(&list, "github.com/google/uuid@v1.5.0\n").unwrap();
    let (list, since) = (list.display().to_string(), gap.text("first"));
    gap.create("second", &["--from", &list, "--since", &since]);
    drop(origin);
    for toolchain in Toolchain::both() {
        let program = go::copy_program(&records.sample());
        std::fs::remove_file(program.path().join("go.sum")).unwrap();
        let home = tempfile::tempdir().unwrap();
        let cache = environment::kept(&format!("go-build-{}", toolchain.version()));
        let output = Command::new("unshare")
            .args(["-n", "sh", "-euc", SCRIPT])
            .current_dir(program.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/sbin:/sbin", environment::path()))
            .env("HOME", home.path())
            .env("SUMWARD", environment::program("sumward"))
            .env("DATA", home.path().join("data"))
            .env("FIRST", gap.path("first"))
            .env("SECOND", gap.path("second"))
            .env("TRUST", &gap.trust)
            .env("GO", toolchain.program())
            .env("GOSUMDB", SUMDB)
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-modcacherw")
            .env("GOTELEMETRY", "off")
            .env("GOCACHE", cache)
            .env("SUMWARD_UPSTREAM_LIST", "off")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let log = std::fs::read_to_string(home.path().join("log")).unwrap_or_default();
        assert!(output.status.success(), "{said}\n{log}");
        let sums = std::fs::read_to_string(program.path().join("first.sum")).unwrap();
        let recorded = std::fs::read_to_string(records.sample().join("go.sum")).unwrap();
        assert_eq!(sums, recorded, "go {}", toolchain.version());
    }
}
