//! Programs inside archives, packages, images and folders, made by the tools that
//! people make them with.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::workshop::{Answer, Workshop, accepts, compare, run, verify_build};

/// Two folders that differ in one program and one text, the second made of the
/// same program built with a tag.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let mut shop = Workshop::new();
        let programs = [shop.build(&[], &[]), shop.build(&[], &["-tags=extra"])];
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for (side, program) in ["a", "b"].into_iter().zip(programs) {
            let tree = bench.path(side);
            std::fs::create_dir_all(tree.join("usr/bin")).unwrap();
            std::fs::copy(program, tree.join("usr/bin/tool")).unwrap();
            std::fs::write(tree.join("LICENSE"), "the same").unwrap();
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line of shell in the folder and returns the path of what it makes.
    fn make(&self, name: &str, line: &str) -> PathBuf {
        run(self.folder.path(), "sh", &["-ec", line]);
        self.path(name)
    }

    /// Packs a folder with everything settled that can be.
    fn tar(&self, tree: &str, name: &str, packer: &str) -> PathBuf {
        let line = format!(
            "tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner -C {tree} -cf - . | {packer} > {name}"
        );
        self.make(name, &line)
    }
}

/// The members that both have and that differ, with how they were compared.
fn differing(comparison: &Value) -> Vec<(&str, &str)> {
    let members = comparison["container"]["differing"].as_array().unwrap();
    members
        .iter()
        .map(|member| {
            (
                member["path"].as_str().unwrap(),
                member["how"].as_str().unwrap(),
            )
        })
        .collect()
}

/// The fields of metadata that differ, of the containers that were given.
fn fields(answer: &Answer) -> Vec<&str> {
    let fields = answer.report["comparisons"][0]["container"]["metadata"]
        .as_array()
        .unwrap();
    fields
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect()
}

/// Expects the program inside to be told apart by its build tags.
#[track_caller]
fn tells_the_program(answer: &Answer, inside: &[&str]) {
    assert_eq!(answer.exit, 1, "{:#}", answer.report["summary"]);
    let causes = answer.report["causes"].as_array().unwrap();
    let tags = causes.iter().find(|cause| cause["cause"] == "build-tags");
    let tags = tags.unwrap_or_else(|| panic!("{causes:#?}"));
    let index = tags["files"][0].as_u64().unwrap() as usize;
    let file = &answer.report["files"][index];
    assert_eq!(file["inside"]["path"], json!(inside));
    assert!(
        file["path"]
            .as_str()
            .unwrap()
            .ends_with(&format!(": {}", inside.join(": ")))
    );
    assert_eq!(file["self_check"]["status"], "intact");
}

#[test]
fn archives_of_every_kind_lead_to_the_program_that_differs() {
    let bench = Bench::new();
    let packers = [
        ("tar", "cat"),
        ("tar.gz", "gzip -n"),
        ("tar.xz", "xz"),
        ("tar.zst", "zstd -q"),
    ];
    for (ending, packer) in packers {
        let [a, b] = ["a", "b"].map(|side| bench.tar(side, &format!("{side}.{ending}"), packer));
        let answer = compare(&[&a, &b]);
        tells_the_program(&answer, &["usr/bin/tool"]);
        assert_eq!(answer.causes(), ["build-tags"], "{ending}");
        let pair = &answer.report["comparisons"][0];
        assert_eq!(differing(pair), [("usr/bin/tool", "program")]);
        assert_eq!(pair["container"]["total"]["same"], 4);
        assert!(
            answer.report["summary"]
                .as_str()
                .unwrap()
                .starts_with("1 of 5 members differs; ")
        );
    }
    // A package made by dpkg-deb is an archive of archives.
    let control = "Package: tool\\nVersion: 1\\nArchitecture: amd64\\nMaintainer: x <x@example.com>\\nDescription: x\\n";
    for side in ["a", "b"] {
        bench.make(
            side,
            &format!(
                "cp -r {side} deb-{side}; mkdir deb-{side}/DEBIAN; printf '{control}' > deb-{side}/DEBIAN/control; \
                 SOURCE_DATE_EPOCH=1 dpkg-deb -Zxz --root-owner-group -b deb-{side} {side}.deb > /dev/null"
            ),
        );
    }
    let answer = compare(&[&bench.path("a.deb"), &bench.path("b.deb")]);
    tells_the_program(&answer, &["data.tar", "usr/bin/tool"]);
    assert_eq!(
        answer.report["comparisons"][0]["container"]["total"]["differing"],
        1
    );
    // Beside something else, what it installs is compared.
    let answer = compare(&[&bench.path("a"), &bench.path("a.deb")]);
    assert_eq!(fields(&answer), ["kind of container"]);
    answer.proves_only("archive-metadata");
    tells_the_program(
        &compare(&[&bench.path("a.deb"), &bench.path("b.tar.gz")]),
        &["usr/bin/tool"],
    );
    let text = verify_build()
        .args([bench.path("a.deb"), bench.path("b.deb")])
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    for part in [
        "DIFFERENT: 1 of 7 members differs; data.tar: usr/bin/tool: built with different build tags\n",
        "\ndata.tar: usr/bin/tool: different\n",
        "Members: 6 the same, 1 different, 0 only in a, 0 only in b\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn packing_alone_is_a_cause_of_its_own() {
    let bench = Bench::new();
    let plain = bench.tar("a", "a.tar.gz", "gzip -n");
    let table: [(&str, &str, &[&str]); 6] = [
        (
            "time.tar.gz",
            "tar --sort=name --mtime=@9 --owner=0 --group=0 --numeric-owner -C a -cf - . | gzip -n",
            &["modification time"],
        ),
        (
            "owner.tar.gz",
            "tar --sort=name --mtime=@1 --owner=me:7 --group=us:8 -C a -cf - . | gzip -n",
            &[
                "owner's number",
                "group's number",
                "owner's name",
                "group's name",
            ],
        ),
        (
            "mode.tar.gz",
            "tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --mode=a+w -C a -cf - . | gzip -n",
            &["mode"],
        ),
        (
            "order.tar.gz",
            "tar --no-recursion --mtime=@1 --owner=0 --group=0 --numeric-owner -C a -cf - ./usr/bin/tool ./usr/bin ./usr ./LICENSE . | gzip -n",
            &["order of members"],
        ),
        (
            "level.tar.gz",
            "tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner -C a -cf - . | gzip -n -9",
            &["gzip: level"],
        ),
        (
            "named.tar.gz",
            "tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner -C a -cf named.tar .; touch -d @5 named.tar; gzip -c named.tar",
            &["gzip: time", "gzip: file name"],
        ),
    ];
    for (name, line, want) in table {
        let other = bench.make(name, &format!("{{ {line}; }} > {name}"));
        let answer = compare(&[&plain, &other]);
        let cause = answer.proves_only("archive-metadata");
        assert_eq!(fields(&answer), want, "{name}");
        assert!(
            cause["summary"]
                .as_str()
                .unwrap()
                .starts_with("all 5 members are the same, but ")
        );
        assert_eq!(answer.report["comparisons"].as_array().unwrap().len(), 1);
    }
    let zip = bench.make("a.zip", "cd a; TZ=UTC zip -qrX ../a.zip .");
    assert_eq!(fields(&compare(&[&plain, &zip])), ["kind of container"]);
    let touched = bench.make(
        "t.zip",
        "cd a; touch -d 2001-02-03 LICENSE; TZ=UTC zip -qrX ../t.zip .",
    );
    assert_eq!(fields(&compare(&[&zip, &touched])), ["zip time"]);
    let level = bench.make("l.zip", "cd a; TZ=UTC zip -1qrX ../l.zip .");
    assert!(fields(&compare(&[&touched, &level])).contains(&"packed size"));
}

/// Expects containers of unlike kinds that hold the same: different, and good enough for
/// whoever says so.
#[track_caller]
fn holds_the_same(a: &Path, b: &Path) {
    let answer = compare(&[a, b]);
    let cause = answer.proves_only("archive-metadata");
    let said = cause["summary"].as_str().unwrap();
    assert!(
        said.contains(
            "members are the same, but they are packed in another way: kind of container"
        ),
        "{said}"
    );
    let output = verify_build()
        .args(["--accept", "members"])
        .args([a, b])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("DIFFERENT: ") && !said.contains("IDENTICAL"),
        "{said}"
    );
    accepts("members", [a, b], "accepted: both hold the same members");
}

#[test]
fn what_only_one_side_has_is_said_and_other_files_are_compared_as_bytes() {
    let bench = Bench::new();
    std::fs::copy(bench.path("a/usr/bin/tool"), bench.path("b/usr/bin/tool")).unwrap();
    std::fs::write(bench.path("b/LICENSE"), "the other").unwrap();
    std::fs::write(bench.path("b/README"), "more").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", bench.path("a/link")).unwrap();
    std::os::unix::fs::symlink("/etc/group", bench.path("b/link")).unwrap();
    bench.make("a", "mkfifo a/pipe b/pipe; chmod -x a/usr/bin/tool");
    let answer = compare(&[&bench.path("a"), &bench.path("b")]);
    assert_eq!(answer.causes(), ["archive-members", "archive-metadata"]);
    let pair = &answer.report["comparisons"][0];
    assert_eq!(differing(pair), [("LICENSE", "bytes"), ("link", "kind")]);
    assert_eq!(pair["container"]["only_in_b"][0]["path"], "README");
    assert_eq!(pair["container"]["differing"][0]["first_offset"], 4);
    assert_eq!(fields(&answer), ["mode"]);
    // Unlike things are compared by what they hold.
    let other = bench.tar("b", "b.tar", "cat");
    holds_the_same(&bench.path("b"), &other);
    let around = bench.make(
        "around.tar",
        "cp -r b tool-1.0; tar -cf around.tar tool-1.0",
    );
    holds_the_same(&bench.path("b"), &around);
    let program = bench.path("b/usr/bin/tool");
    let packed = bench.make("tool.gz", "gzip -nc b/usr/bin/tool > tool.gz");
    let answer = compare(&[&program, &packed]);
    answer.proves_only("archive-metadata");
    assert_eq!(
        answer.report["comparisons"][0]["container"]["total"]["same"],
        1
    );
}

#[test]
fn an_entry_that_may_not_be_read_is_an_error() {
    let bench = Bench::new();
    bench.make(
        "a",
        "mkdir b/closed; ln -s nowhere b/dangling; chmod 000 b/closed",
    );
    let output = verify_build()
        .args([bench.path("a"), bench.path("b")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Whoever runs as root may read everything.
    if rustix::process::geteuid().is_root() {
        assert_eq!(output.status.code(), Some(1), "{said}");
    } else {
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("b/closed"), "{said}");
    }
    bench.make("a", "chmod 700 b/closed");
}

#[test]
fn rpm_packages_are_told_apart_by_header_and_payload() {
    let bench = Bench::new();
    let spec = "Name: tool\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\n%description\nx\n%install\n\
                mkdir -p %{buildroot}\ncp -r %{tree}/usr %{buildroot}/usr\n%files\n/usr/bin/tool\n";
    std::fs::write(bench.path("tool.spec"), spec).unwrap();
    let top = bench.folder.path().display().to_string();
    let build = |name: &str, tree: &str, payload: &str, host: &str| {
        bench.make(
            name,
            &format!(
                "SOURCE_DATE_EPOCH=1 HOME={top} rpmbuild -bb --quiet --target x86_64-linux \
                 --define 'tree {top}/{tree}' --define '_topdir {top}/rpm' --define '_tmppath {top}' --define '_binary_payload {payload}' \
                 --define '_buildhost {host}' --define 'use_source_date_epoch_as_buildtime 1' \
                 --define 'clamp_mtime_to_source_date_epoch 1' --define '__os_install_post %{{nil}}' \
                 --define '_build_id_links none' --define 'debug_package %{{nil}}' tool.spec > log 2>&1 || {{ cat log >&2; exit 1; }}; \
                 mv rpm/RPMS/*/*.rpm {name}"
            ),
        )
    };
    let one = build("one.rpm", "a", "w6.xzdio", "here");
    let host = build("host.rpm", "a", "w6.xzdio", "there");
    let answer = compare(&[&one, &host]);
    answer.proves_only("archive-metadata");
    assert!(
        fields(&answer).contains(&"rpm: build host"),
        "{:?}",
        fields(&answer)
    );
    let zstd = build("zstd.rpm", "a", "w3.zstdio", "here");
    let answer = compare(&[&one, &zstd]);
    assert!(fields(&answer).contains(&"compression"));
    assert_eq!(
        answer.report["comparisons"][0]["container"]["total"]["same"],
        1
    );
    let other = build("other.rpm", "b", "w9.gzdio", "here");
    tells_the_program(&compare(&[&one, &other]), &["usr/bin/tool"]);
}
