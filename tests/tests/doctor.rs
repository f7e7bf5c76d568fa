//! `verify-build doctor` on hosts made of files and small programs: what is wrong is found and
//! nothing else, nothing is changed, nobody is asked, and no secret is printed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "doctor/deep.rs"]
mod deep;
#[path = "doctor/house.rs"]
mod house;
#[path = "doctor/pages.rs"]
mod pages;
#[path = "doctor/planted.rs"]
mod planted;

use std::net::TcpListener;
use std::process::Command;

use house::{House, is_script, rules};
use serde_json::Value;
use testkit::world::World;
use testkit::{environment, schema};

#[test]
fn a_fit_host_is_fit_and_nothing_in_it_is_changed() {
    let house = House::fit();
    let before = house.everything();
    let (exit, report) = house.report(&[]);
    assert_eq!(rules(&report), Vec::<String>::new(), "{report:#}");
    assert_eq!((exit, report["verdict"].as_str().unwrap()), (0, "fit"));
    let system = &report["facts"]["system"];
    assert_eq!(system["name"], "Rocky Linux 9.4 (Blue Onyx)");
    assert_eq!(
        system["redhat_release"],
        "Rocky Linux release 9.4 (Blue Onyx)"
    );
    assert_eq!(system["kernel"], "Linux 5.14.0-427.13.1.el9_4.x86_64");
    assert_eq!(report["facts"]["guards"]["selinux"], "enforcing");
    assert_eq!(report["facts"]["cache"]["hashed"], 2);
    assert_eq!(before, house.everything());
}

#[test]
fn programs_get_what_is_tested_and_nothing_else() {
    let mut house = House::fit();
    let log = house.text("log");
    house.program(
        "gcc",
        &format!("#!/bin/sh\n/usr/bin/env >> {log}\necho 'gcc 11.4.1'\n"),
    );
    house.set("SOMETHING_ELSE", "canary-5531");
    house.set("CPATH", "/opt/include");
    let output = house.run(&["--verbose"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Programs that were run"), "{text}");
    assert!(
        text.contains("gcc --version  (PATH LC_ALL CPATH)"),
        "{text}"
    );
    let told = std::fs::read_to_string(log).unwrap();
    assert!(told.contains("CPATH=/opt/include"), "{told}");
    assert!(
        !told.contains("canary-5531") && !told.contains("HOME="),
        "{told}"
    );
}

#[test]
fn nobody_is_asked_without_online() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let mut house = House::fit();
    house.set("GOPROXY", &proxy);
    let (exit, report) = house.report(&[]);
    assert_eq!(exit, 0, "{report:#}");
    assert!(listener.accept().is_err(), "a request left the host");
    let not_asked: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|check| check["not_asked"].as_str())
        .collect();
    assert_eq!(not_asked.len(), 2, "{not_asked:?}");
    drop(listener);
    house.set("GOSUMDB", "off");
    let (_, report) = house.report(&["--online", "--allow", "sumdb-off"]);
    assert_eq!(
        rules(&report),
        ["toolchain-unproved", "proxy-unreachable"],
        "{report:#}"
    );
}

#[test]
fn a_sumward_is_known_and_another_server_is_not_taken_for_one() {
    let world = World::with(&[]);
    // Its health is told at another address, as packages have it.
    let server = world.serve_with("admin: 127.0.0.1:0\n");
    let mut house = House::fit();
    house.set(
        "GOPROXY",
        &format!("{},{}", server.url(), world.origin.url()),
    );
    house.set("GOSUMDB", "off");
    let (_, report) = house.report(&["--online", "--allow", "sumdb-off,toolchain-unproved"]);
    let proxies = report["facts"]["settings"]["proxies"].as_array().unwrap();
    let answers: Vec<&str> = proxies
        .iter()
        .map(|proxy| proxy["answers"].as_str().unwrap())
        .collect();
    assert_eq!(answers, ["a sumward answers", "a server answers"]);
}

#[test]
fn no_secret_is_printed_in_any_form() {
    const SECRET: &str = "c4nary-Zx81Qp";
    let mut house = House::fit();
    let url = format!("https://me:{SECRET}@proxy.example/{SECRET}");
    house.set("GOPROXY", &url);
    house.set(
        "GOFLAGS",
        &format!("-trimpath '-ldflags=-X main.key={SECRET}'"),
    );
    house.set("CC", &format!("gcc -DKEY={SECRET}"));
    house.set("CGO_CFLAGS", &format!("-DKEY={SECRET}"));
    house.set("GITHUB_TOKEN", SECRET);
    house.set("HTTPS_PROXY", &url);
    house.set("GOAUTH", &format!("git {SECRET}"));
    house.write(
        "home/.netrc",
        &format!("machine proxy.example login me password {SECRET}\n"),
    );
    house.write(
        "home/.config/go/env",
        &format!("GONOPROXY=me:{SECRET}@corp.example\nGOVCS={SECRET}\nTOKEN={SECRET}\n"),
    );
    // Programs that complain with what they were given.
    house.program("git", &format!("#!/bin/sh\ncase $1 in --version) echo git version 2.43.5 ;; *) echo 'url.https://{SECRET}@x.insteadof https://x'; echo core.autocrlf {SECRET} ;; esac\n"));
    house.program(
        "g++",
        &format!("#!/bin/sh\necho 'bad {SECRET} in GITHUB_TOKEN' >&2\nexit 3\n"),
    );
    for format in [
        "text", "json", "junit", "markdown", "html", "sarif", "github",
    ] {
        let output = house.run(&["--verbose", "--format", format]);
        let said = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .concat();
        assert!(!said.contains(SECRET), "{format}: {said}");
        assert!(said.contains("proxy.example"), "{format}: {said}");
    }
    let script = house.run(&["--fix-script"]);
    assert!(!String::from_utf8(script.stdout).unwrap().contains(SECRET));
    let (_, report) = house.report(&[]);
    assert_eq!(report["facts"]["git"]["rewrites"], 1);
    assert_eq!(report["facts"]["settings"]["set"]["GOAUTH"]["value"], "set");
}

#[test]
fn the_script_is_printed_and_never_run() {
    let mut house = House::fit();
    house.write("root/proc/sys/vm/swappiness", "60\n");
    house.mode("cache", 0o777);
    house.set("GOEXPERIMENT", "jsonv2");
    let before = house.everything();
    let output = house.run(&["--fix-script"]);
    assert_eq!(output.status.code(), Some(1));
    let script = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = script
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(
        lines,
        [
            "sysctl -w vm.swappiness=10",
            &format!("chmod go-w {}", house.text("cache"))
        ]
    );
    // A variable of the shell that builds is none of the script's.
    let unset = "# in the shell that builds, and in the profile that sets it: unset GOEXPERIMENT\n";
    assert!(script.contains(unset), "{script}");
    assert_eq!(before, house.everything());
    // The shell takes it for a script.
    let place = house.path("home/fix.sh");
    std::fs::write(&place, &script).unwrap();
    assert!(is_script(&place));
    let parsed = Command::new("sh").arg("-n").arg(&place).status().unwrap();
    assert!(parsed.success(), "{script}");
}

#[test]
fn two_hosts_are_compared_by_what_reaches_programs() {
    let house = House::fit();
    let report = |house: &House, name: &str, arguments: &[&str]| {
        let path = house.path(&format!("home/{name}"));
        let target = format!("json={}", path.display());
        let output = house.run(&[&["--quiet", "--output", &target], arguments].concat());
        assert!(output.stdout.is_empty());
        path
    };
    let a = report(&house, "a.json", &[]);
    let same = report(&house, "same.json", &[]);
    let mut other = House::fit();
    other.write(
        "root/etc/os-release",
        "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n",
    );
    other.program("gcc", "#!/bin/sh\necho 'gcc (Debian 12.2.0-14) 12.2.0'\n");
    other.program("getconf", "#!/bin/sh\necho glibc 2.36\n");
    other.set("GOFLAGS", "-mod=mod");
    other.set("GOAMD64", "v3");
    let b = report(&other, "b.json", &[]);
    let compare = |a: &std::path::Path, b: &std::path::Path, format: &str| {
        let mut command = environment::command("verify-build");
        command
            .args(["doctor", "--format", format, "--compare"])
            .arg(a)
            .arg(b);
        command.output().unwrap()
    };
    let output = compare(&a, &b, "json");
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    schema::check_as("doctor-compare-v1", &found);
    let cause = |what: &str| {
        let all = found["differences"].as_array().unwrap();
        let one = all.iter().find(|one| one["what"] == what);
        one.unwrap_or_else(|| panic!("{what}: {all:#?}"))["cause"].clone()
    };
    for (what, want) in [
        ("C compiler", "c-compiler"),
        ("C library's version", "c-library"),
        ("GOFLAGS -trimpath", "source-path"),
        ("GOFLAGS -mod", "dependency-version"),
        ("GOAMD64", "cpu-level"),
    ] {
        assert_eq!(cause(what), want, "{what}");
    }
    assert_eq!(cause("distribution"), Value::Null);
    let output = compare(&a, &same, "text");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    // What is not a report is refused, and what to do is said.
    let refused = compare(&a, &house.path("root/etc/os-release"), "text");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--format json"));
}

#[test]
fn a_host_is_held_to_what_a_site_requires() {
    let house = House::fit();
    let file = house.text("home/expect.yaml");
    let written = house.run(&["--expect", &file, "--init"]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("go: [\"go1.27.3\"]"), "{text}");
    let (exit, report) = house.report(&["--expect", &file]);
    assert_eq!(exit, 0, "{report:#}");
    assert!(report["expectations"].as_array().unwrap().len() >= 6);
    // Never over an existing one.
    let again = house.run(&["--expect", &file, "--init"]);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    house.program("gcc", "#!/bin/sh\necho 'gcc (GCC) 13.2.0'\n");
    house.mode("cache", 0o777);
    let (exit, report) = house.report(&["--expect", &file]);
    assert_eq!((exit, report["verdict"].as_str().unwrap()), (3, "unmet"));
    let unmet: Vec<&str> = report["expectations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["status"] == "unmet")
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(unmet.len(), 2, "{unmet:?}");
    assert!(
        unmet[0].starts_with("cc: ") && unmet[1] == "cache-private: true",
        "{unmet:?}"
    );
    // A name that means nothing ends the run before the host is looked at.
    house.write("home/odd.yaml", "version: 1\ngoversion: x\n");
    let odd = house.run(&["--expect", &house.text("home/odd.yaml")]);
    assert_eq!(odd.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&odd.stderr).contains("goversion"));
}

#[test]
fn units_are_checked_and_ours_are_clean() {
    let unit = |path: &std::path::Path| {
        let mut command = environment::command("verify-build");
        let output = command
            .args(["doctor", "--format", "json", "--unit"])
            .arg(path)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        schema::check_as("doctor-v1", &report);
        (output.status.code().unwrap(), rules(&report))
    };
    for name in ["sumward.service", "sumward.socket"] {
        let path = environment::checkout().join("deploy/systemd").join(name);
        assert_eq!(unit(&path), (0, Vec::new()), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.service");
    std::fs::write(&path, "[Service]\nExecStart=/usr/bin/x\nHealthCheckHTTPUrl=http://localhost/\nWatchdogSec=10\nRestart=always\nRestartSec=5\nStartLimitIntervalSec=60\n").unwrap();
    let (exit, found) = unit(&path);
    assert_eq!(exit, 1);
    let mut found = found;
    found.sort();
    assert_eq!(
        found,
        [
            "unit-restart-limit",
            "unit-root",
            "unit-unknown",
            "unit-unknown",
            "unit-watchdog"
        ]
    );
}

#[test]
fn a_wrong_command_line_and_nothing_else_ends_with_2() {
    let house = House::fit();
    for arguments in [
        &["--no-such-flag"][..],
        &["--allow", "no-such-finding"],
        &["--init"],
        &["--sysctls", "/no/such/file"],
        &["--compare", "a.json"],
        &["--unit", "/no/such.service"],
    ] {
        let mut plain = House::fit();
        plain.arguments.clear();
        let output = plain.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    house.write(
        "home/sysctls",
        "# ours\nvm.swappiness = 30\nkernel.none=1\n",
    );
    let (exit, report) = house.report(&["--sysctls", &house.text("home/sysctls")]);
    assert_eq!((exit, rules(&report)), (1, vec!["sysctl".to_owned()]));
    let untold = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|check| check["untold"].as_str());
    assert_eq!(untold, Some("kernel.none: this kernel has no such setting"));
}
