//! Everything varied at once: each variation reaches the build, and a program
//! built with -trimpath takes no notice.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use testkit::git;

use crate::bench::{Bench, json, said};

/// Takes down what the compiler of package main sees around it.
const TAKE_DOWN: &str = r#"
case " $* " in *" -p main "*)
  {
    echo "umask=$(umask)"; echo "time-zone=$TZ"; echo "locale=$LC_ALL"
    echo "home=$HOME"; echo "tmpdir=$TMPDIR"; echo "user=$(id -u)$USER"
    echo "cpu-count=$(nproc)"; echo "gomaxprocs=$GOMAXPROCS"
    echo "hostname=$(uname -n)"; echo "file-times=$(stat -c %Y main.go)"
    echo "source-folder=$(pwd)"; echo "goroot=$tool"
    echo "module-cache=$GOMODCACHE"; echo "environment=$VERIFY_BUILD_STRAY"
    echo "clock=$SOURCE_DATE_EPOCH"
    echo "file-order=$(ls -U | tr '\n' ' ')"; echo
  } >> "$(dirname "$0")/facts"
esac"#;

/// A program in a repository, with a module beside it that takes another's
/// place.
fn program() -> Bench {
    let bench = Bench::with("1.27.");
    bench.write(
        "go.mod",
        "module example.com/tool\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n",
    );
    bench.write(
        "main.go",
        "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Text) }\n",
    );
    bench.write("../lib/go.mod", "module example.com/lib\n\ngo 1.21\n");
    bench.write("../lib/lib.go", "package lib\n\nconst Text = \"hello\"\n");
    for number in 0..12 {
        bench.write(&format!("file-{number}.txt"), "");
    }
    git::commit_all(&bench.source());
    bench
}

fn facts(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let fact = |line: &str| {
        let (name, value) = line.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    text.split_terminator("\n\n")
        .map(|build| build.lines().map(fact).collect())
        .collect()
}

#[test]
fn a_trimmed_program_is_the_same_whatever_surrounds_it() {
    let bench = program();
    let toolexec = bench.toolexec(TAKE_DOWN);
    let (kept, output) = (bench.beside("kept"), bench.beside("out"));
    let (keep, out) = (kept.to_str().unwrap(), output.to_str().unwrap());
    let answer = bench.rebuild(&["--keep", keep, &toolexec, "-o", out, "-trimpath", "."]);
    assert_eq!(
        answer.exit, 0,
        "{:#} {:#}",
        answer.value["summary"], answer.value["failing"]
    );
    assert_eq!(answer.value["verdict"], "reproducible");
    assert_eq!(answer.value["claim"]["level"], "L1");
    let builds = answer.value["builds"].as_array().unwrap();
    let mode = |build: &serde_json::Value| build["cache"].as_str().unwrap().to_owned();
    let modes: Vec<String> = builds.iter().map(mode).collect();
    assert_eq!(modes, ["cold", "warm", "cold"]);

    // Each variation was seen by the compiler; a warm build compiles nothing.
    let [plain, varied] = facts(&bench.beside("facts")).try_into().unwrap();
    let names = answer.varied();
    for name in names.iter().filter(|name| **name != "parallel-builds") {
        assert_ne!(plain[*name], varied[*name], "{name}");
    }
    assert_eq!(names.len() + answer.untried().len(), 17);
    assert!(names.len() >= 10, "{names:?}");
    assert!(names.contains(&"clock"));

    // The repository came along: the stamp is in every program.
    let record = &answer.value["records"][2];
    assert_eq!(record["product"]["settings"]["vcs.modified"], "false");
    assert_eq!(record["inputs"]["source"]["revision"]["modified"], false);

    // What is kept is what was told, and the program is delivered.
    let first = std::fs::read(kept.join("build-1/out")).unwrap();
    assert_eq!(first, std::fs::read(&output).unwrap());
    assert_eq!(json(&kept.join("build-1.json")), answer.value["records"][0]);
    a_second_run_gives_equal_records(&bench, &[&toolexec, "-trimpath", "."], &answer.value);
}

fn a_second_run_gives_equal_records(bench: &Bench, build: &[&str], first: &serde_json::Value) {
    let records = bench.beside("records");
    let ours = ["--vary", "umask", "--format", "text", "--record"];
    let words = [&ours[..], &[records.to_str().unwrap(), "-o", "out"], build].concat();
    let output = bench.command(&words).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let begins =
        "REPRODUCIBLE here: 3 builds, cold and warm cache, 1 variation, one digest sha256:";
    assert!(text.starts_with(begins), "{text}");
    for number in [1, 2] {
        let bytes = std::fs::read(records.join(format!("build-{number}.json"))).unwrap();
        let mut again: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        // The form is canonical: no space, sorted, a line end.
        assert_eq!(bytes, format!("{again}\n").as_bytes());
        let mut before = first["records"][number - 1].clone();
        for record in [&mut again, &mut before] {
            record.as_object_mut().unwrap().remove("observed").unwrap();
        }
        assert_eq!(again, before);
    }
    bench.assert_nothing_left();
}

#[test]
fn what_is_not_on_the_list_reaches_no_build_unless_it_is_let_through() {
    let bench = Bench::new();
    let leak = bench.leak("$SECRET_TOKEN$LET_THROUGH");
    let kept = bench.beside("kept");
    let words = ["--vary", "umask", "--pass", "LET_THROUGH", "--keep"];
    let words = [
        &words[..],
        &[kept.to_str().unwrap(), &leak, "-o", "new/bin/", "."],
    ]
    .concat();
    let mut command = bench.command(&words);
    command
        .env("SECRET_TOKEN", "s3cret")
        .env("LET_THROUGH", "seen");
    let output = command.output().unwrap();
    let answer = bench.judge(&output);
    assert_eq!(answer.exit, 0);
    let built = Command::new(kept.join("build-1/tool")).output().unwrap();
    assert_eq!(said(&built), "seen\n");
    // A folder to put the program in, as go build reads it.
    let delivered = bench.source().join("new/bin/tool");
    assert_eq!(said(&Command::new(delivered).output().unwrap()), "seen\n");
    // Its value may be a password: the record has its name alone.
    let recorded = &answer.value["records"][0]["conditions"]["environment"];
    assert_eq!(recorded["LET_THROUGH"], "set");
    assert!(recorded.get("SECRET_TOKEN").is_none());
    assert_eq!(recorded["PATH"], "set");
}

/// Where a workspace is built from its top there is no go.mod.
#[test]
fn a_workspace_is_copied_with_all_its_modules() {
    let bench = Bench::new();
    for name in ["go.mod", "main.go"] {
        std::fs::remove_file(bench.source().join(name)).unwrap();
    }
    bench.write("go.work", "go 1.21\n\nuse (\n\t./app\n\t./lib\n)\n");
    bench.write(
        "app/go.mod",
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n",
    );
    bench.write(
        "app/main.go",
        "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Text) }\n",
    );
    bench.write("lib/go.mod", "module example.com/lib\n\ngo 1.21\n");
    bench.write("lib/lib.go", "package lib\n\nconst Text = \"hello\"\n");
    let answer = bench.rebuild(&["--vary", "source-folder,file-times", "-trimpath", "./app"]);
    assert_eq!(answer.exit, 0, "{:#}", answer.value["summary"]);
    assert_eq!(answer.varied(), ["source-folder", "file-times"]);
    let inputs = &answer.value["records"][0]["inputs"];
    assert_eq!(inputs["unstated"], serde_json::json!(["GOWORK"]));
}
