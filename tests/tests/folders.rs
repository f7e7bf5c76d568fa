//! The data folder where it is not as usual: on two file systems, of somebody else,
//! read-only, something else in its place.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use testkit::module::Module;
use testkit::sumward::Setup;
use testkit::world::{QUICK, World, target};

fn module() -> Module {
    Module::library("example.com/thing", "v1.0.0").with_ballast(5 << 20)
}

#[track_caller]
fn assert_serves(world: &World, setup: &Setup) {
    let module = module();
    let server = setup.start();
    for ending in ["info", "mod", "zip"] {
        let reply = server.get(&target(&module, ending));
        assert_eq!(reply.status, 200, "{ending}: {}", reply.text());
    }
    assert!(server.get(&target(&module, "zip")).body == module.zip());
    assert!(world.stored(&module, "zip").exists());
    drop(server);
    let (whole, said) = setup.tool(&["fsck"]);
    assert!(whole, "{said}");
}

/// A folder on another file system than temporary files are on, as far as there is one.
fn elsewhere(than: &Path) -> tempfile::TempDir {
    let other = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path: &Path| std::fs::metadata(path).unwrap().dev();
    assert_ne!(device(other.path()), device(than), "one file system");
    other
}

#[test]
fn modules_may_lie_on_another_file_system() {
    let world = World::with(&[&module()]);
    let data = world.data();
    std::fs::create_dir_all(&data).unwrap();
    let other = elsewhere(&data);
    symlink(other.path(), data.join("modules")).unwrap();
    assert_serves(&world, &world.setup().with_config(QUICK));
    let folder = other.path().join("example.com/thing/@v");
    assert!(folder.join("v1.0.0.zip").is_file());
    // Started again, with the link as it is.
    world.origin.forget();
    assert_serves(&world, &world.setup().with_config(QUICK));
    assert_eq!(world.origin.count(".zip"), 0);
}

#[test]
fn what_must_lie_together_is_refused_where_it_does_not() {
    for inner in ["sumdb", "evidence", "staging"] {
        let world = World::with(&[]);
        let data = world.data();
        std::fs::create_dir_all(&data).unwrap();
        let other = elsewhere(&data);
        symlink(other.path(), data.join(inner)).unwrap();
        let named = data.join(inner).to_string_lossy().into_owned();
        assert_refused(&world.setup(), &[&named, "another file system"]);
    }
}

/// Runs the server to its end, which is expected to come at once.
#[track_caller]
fn assert_refused(setup: &Setup, words: &[&str]) {
    let (status, said) = setup.run_to_end();
    assert!(!status.success(), "{said}");
    for words in words {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named() {
    for inner in ["", "modules", "index", "staging", "sumdb"] {
        let world = World::with(&[]);
        let path = match inner {
            "" => world.data(),
            inner => world.data().join(inner),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "a file").unwrap();
        let named = path.to_string_lossy().into_owned();
        assert_refused(&world.setup(), &[&named, "is not a folder"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_named() {
    for inner in ["", "modules"] {
        let world = World::with(&[]);
        let path = match inner {
            "" => world.data(),
            inner => world.data().join(inner),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink("/nowhere/at/all", &path).unwrap();
        let named = path.to_string_lossy().into_owned();
        assert_refused(&world.setup(), &[&named, "/nowhere/at/all"]);
    }
}

/// Runs `script` with the server's command line as its arguments, away from here.
fn run(script: &str, wrapper: &[&str], setup: &Setup, data: &Path) -> Output {
    let command = setup.command(&[]);
    Command::new(wrapper[0])
        .args(&wrapper[1..])
        .args(["sh", "-c", script, "sh"])
        .arg(data)
        .arg(command.get_program())
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    said
}

/// A copy of the program where every user can run it.
fn program_for_all(folder: &Path, setup: &Setup) -> PathBuf {
    let program = folder.join("sumward");
    let original = setup.command(&[]).get_program().to_owned();
    if std::fs::hard_link(&original, &program).is_err() {
        std::fs::copy(&original, &program).unwrap();
    }
    program
}

#[test]
fn a_folder_of_somebody_else_is_refused_with_the_user_and_the_missing_right() {
    let world = World::with(&[]);
    let home = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(home.path(), 0o755);
    let setup = world.setup();
    let program = program_for_all(home.path(), &setup);
    // Who may do everything becomes nobody; others are refused as they are.
    let is_root = rustix::process::geteuid().is_root();
    let wrapper: &[&str] = if is_root {
        &[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ]
    } else {
        &["env"]
    };
    let uid = if is_root {
        65534
    } else {
        rustix::process::geteuid().as_raw()
    };
    for (inner, mode, right) in [
        ("", 0o555, "may not write to"),
        ("", 0o666, "may not enter"),
        ("", 0o311, "may not list"),
        ("modules", 0o555, "may not write to"),
        ("index", 0o555, "may not write to"),
    ] {
        let data = home.path().join(format!("data{mode:o}{inner}"));
        let folder = data.join(inner);
        std::fs::create_dir_all(&folder).unwrap();
        if is_root && !inner.is_empty() {
            rustix::fs::chown(&data, Some(rustix::fs::Uid::from_raw(65534)), None).unwrap();
        }
        // For an owner, the owner's rights count.
        open(&folder, if is_root { mode } else { (mode & 0o7) * 0o111 });
        let mut command = Command::new(wrapper[0]);
        let output = command
            .args(&wrapper[1..])
            .arg(&program)
            .args(["--listen", "127.0.0.1:0", "--upstream", "off", "--data"])
            .arg(&data)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        open(&folder, 0o755);
        let said = said(&output);
        assert!(!output.status.success(), "{said}");
        let named = folder.to_string_lossy().into_owned();
        let user = format!("uid {uid}");
        for words in [named.trim_end_matches('/'), &user, right] {
            assert!(said.contains(words), "{words:?} is not in: {said}");
        }
        assert!(!said.contains("index rebuild"), "{said}");
    }
}

#[test]
fn what_lies_on_a_read_only_file_system_is_served_and_nothing_else() {
    let module = module();
    let other = Module::library("example.com/other", "v1.0.0");
    let world = World::with(&[&module, &other]);
    let setup = world.setup().with_config(QUICK);
    let server = setup.start();
    for ending in ["info", "mod", "zip"] {
        assert_eq!(server.get(&target(&module, ending)).status, 200);
    }
    assert_eq!(server.get("/example.com/thing/@v/list").status, 200);
    drop(server);
    let before = files(&world.data());
    // The server's own view of the folder is read-only; curl asks beside it.
    let script = r#"
        data=$1; shift
        mount --bind "$data" "$data" && mount -o remount,ro,bind "$data" || exit 90
        "$@" >"$data.out" 2>&1 &
        server=$!
        trap 'kill $server' EXIT
        for _ in $(seq 300); do
            url=$(sed -n 's/^sumward serves on //p' "$data.out")
            [ -n "$url" ] && break
            sleep 0.1
        done
        for path in /example.com/thing/@v/v1.0.0.zip /example.com/thing/@v/list \
            /example.com/thing/@v/v1.0.0.mod /example.com/other/@v/v1.0.0.zip; do
            echo "$path $(curl -s -o "$data.body" -w '%{http_code} %{size_download}' "$url$path")"
        done
        cat "$data.out"
    "#;
    let unshare = ["unshare", "--map-root-user", "--mount"];
    let output = run(script, &unshare, &setup, &world.data());
    let said = said(&output);
    let zip = format!("@v/v1.0.0.zip 200 {}", module.zip().len());
    assert!(
        said.contains(&format!("/example.com/thing/{zip}")),
        "{said}"
    );
    for words in ["thing/@v/list 200", "thing/@v/v1.0.0.mod 200"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(
        said.contains("/example.com/other/@v/v1.0.0.zip 503"),
        "{said}"
    );
    assert!(said.contains("read-only"), "{said}");
    assert_eq!(files(&world.data()), before);
}

fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                found.push((entry.path(), metadata.len()));
            }
        }
    }
    found.sort();
    found
}
