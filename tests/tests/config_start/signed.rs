//! Signed configuration on the real program: signed by it, refused and remembered by it.

use std::path::PathBuf;

use super::layers::{check, refused};
use super::*;

/// A folder of signed files, and the key that signs them.
struct Site {
    world: World,
    folder: tempfile::TempDir,
    line: String,
}

impl Site {
    fn new() -> Self {
        let (world, _) = world();
        let folder = tempfile::tempdir().unwrap();
        let mut site = Self {
            world,
            folder,
            line: String::new(),
        };
        site.write("sumward.yaml", "limits: {fetches_max: 7}\n");
        site.write("conf.d/10.yaml", "log: {level: debug}\n");
        site.line = site.keygen("key");
        site.sign("key", 5, &[]);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs `sumward config`; returns how it ended and what it said.
    fn config(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let line = [&["config"], arguments].concat();
        let output = self.world.setup().command(&line).output().unwrap();
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.code(), said)
    }

    fn keygen(&self, name: &str) -> String {
        let out = self.path(name).display().to_string();
        let (code, said) = self.config(&["keygen", "config.example", "--out", &out]);
        assert_eq!(code, Some(0), "{said}");
        said.lines().next().unwrap().to_owned()
    }

    fn sign(&self, key: &str, serial: u64, more: &[&str]) {
        let key = self.path(key).display().to_string();
        let serial = serial.to_string();
        let layers = self.layers();
        let layers: Vec<_> = layers.iter().map(String::as_str).collect();
        let line = [
            "sign",
            "--key",
            &key,
            "--serial",
            &serial,
            "--not-after",
            "2096-01-31",
        ];
        let (code, said) = self.config(&[&line, &layers[..], more].concat());
        assert_eq!(code, Some(0), "{said}");
    }

    fn layers(&self) -> [String; 4] {
        let path = |name: &str| self.path(name).display().to_string();
        [
            "--config".to_owned(),
            path("sumward.yaml"),
            "--feature".to_owned(),
            path("conf.d"),
        ]
    }

    /// The arguments of a server that trusts the key.
    fn arguments(&self) -> Vec<String> {
        let trust = ["--config-trust".to_owned(), self.line.clone()];
        [&self.layers()[..], &trust].concat()
    }

    #[track_caller]
    fn is_refused(&self, words: &[&str]) {
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let manifest = self.path("sumward.manifest").display().to_string();
        refused(
            &self.world,
            &arguments,
            &[&[&*manifest, "config.example"], words].concat(),
        );
    }

    /// Starts and stops a server that takes what is signed.
    #[track_caller]
    fn serves(&self) -> String {
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let server = self.world.setup().with_arguments(&arguments).start();
        assert_eq!(server.get("/healthz").status, 200);
        let (status, log) = server.terminate(Duration::from_secs(20));
        assert!(status.success(), "{log}");
        log
    }
}

#[test]
fn what_is_signed_is_served_and_each_refusal_ends_the_start_with_64() {
    let site = Site::new();
    site.serves();
    let state = site.world.data().join("config-accepted");
    assert!(
        std::fs::read_to_string(&state)
            .unwrap()
            .contains("serial 5\n")
    );
    let base = "limits: {fetches_max: 7}\n";
    site.write("sumward.yaml", "proof: {mode: off}\n");
    site.is_refused(&[
        "sumward.yaml was changed after it was signed",
        "sumward config sign",
    ]);
    site.write("sumward.yaml", base);
    site.write("conf.d/20.yaml", "log: {format: json}\n");
    site.is_refused(&["conf.d/20.yaml is read as feature file", "remove the file"]);
    std::fs::rename(site.path("conf.d/20.yaml"), site.path("aside")).unwrap();
    std::fs::rename(site.path("conf.d/10.yaml"), site.path("10.yaml")).unwrap();
    site.is_refused(&[
        "conf.d/10.yaml is listed as feature file",
        "put the file back",
    ]);
    std::fs::rename(site.path("10.yaml"), site.path("conf.d/10.yaml")).unwrap();
    site.sign("key", 6, &["--for", "eu-west"]);
    site.is_refused(&["is for `eu-west`", "--config-for"]);
    site.sign("key", 6, &["--not-before", "2095-01-01"]);
    site.is_refused(&["holds from 2095-01-01T00:00:00Z on", "wait"]);
    site.keygen("other");
    site.sign("other", 6, &[]);
    site.is_refused(&["is not signed by the trusted key", "sumward config sign"]);
    site.write("sumward.manifest", "not signed\n");
    site.is_refused(&["is not a manifest", "sumward config sign"]);
    std::fs::remove_file(site.path("sumward.manifest")).unwrap();
    site.is_refused(&["cannot be read", "--config-manifest"]);
    // What was refused was not remembered; an older one is not taken.
    site.sign("key", 4, &[]);
    site.is_refused(&[
        "has serial 4, and serial 5 was in use already",
        "higher --serial",
    ]);
    site.sign("key", 5, &["--not-before", "2020-01-01"]);
    site.is_refused(&[
        "has serial 5, which another manifest had",
        "higher --serial",
    ]);
    site.sign("key", 6, &[]);
    site.serves();
    assert!(
        std::fs::read_to_string(&state)
            .unwrap()
            .contains("serial 6\n")
    );
}

#[test]
fn one_that_has_expired_is_refused() {
    let site = Site::new();
    let key = std::fs::read_to_string(site.path("key")).unwrap();
    let signer = proto::note::SignerKey::parse(key.trim()).unwrap();
    let note = std::fs::read_to_string(site.path("sumward.manifest")).unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    let text = format!("{text}\n").replace("2096", "2020");
    let note = proto::note::sign(&text, &[&signer]).unwrap();
    std::fs::write(site.path("sumward.manifest"), note).unwrap();
    site.is_refused(&["held until 2020-01-31T23:59:59Z", "later --not-after"]);
}

#[test]
fn a_serial_that_cannot_be_remembered_is_said_and_served_on() {
    let site = Site::new();
    // In the place of the file that is renamed: root may write anywhere.
    std::fs::create_dir_all(site.path("state.new")).unwrap();
    let state = site.path("state").display().to_string();
    let arguments = site.arguments();
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--config-state", &state]);
    let server = site.world.setup().with_arguments(&arguments).start();
    let said = server.wait_for("cannot be remembered");
    assert!(said.contains(&state), "{said}");
    assert_eq!(server.get("/healthz").status, 200);
    assert!(!site.path("state").exists());
}

#[test]
fn what_lies_over_a_signed_key_is_said_by_verify_and_by_the_start() {
    let site = Site::new();
    let arguments = site.arguments();
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--set", "limits.fetches_max=9"]);
    let data = site.world.data().display().to_string();
    let (code, said) = site.config(&[&["verify", "--data", &data], &arguments[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    let file = site.path("sumward.yaml").display().to_string();
    let overridden = format!("limits.fetches_max ({file}:1) by --set");
    for want in [
        "serial 5, signed by config.example, holds",
        "feature conf.d/10.yaml",
        "none is remembered",
    ] {
        assert!(said.contains(want), "{want} in {said}");
    }
    assert!(
        said.contains(&format!("overridden: {overridden}\n")),
        "{said}"
    );
    let line = [
        &["verify", "--format", "json", "--data", &data],
        &arguments[..],
    ]
    .concat();
    let (_, said) = site.config(&line);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&said["serial"], &said["overridden"][0]),
        (&5.into(), &overridden.clone().into())
    );
    // Without a home it is not known which serial was in use, and it is not guessed.
    let homeless = |more: &[&str]| {
        let line = [&["config", "verify"], &arguments[..], more].concat();
        let mut command = site.world.setup().command(&line);
        command.env_remove("HOME").output().unwrap().status.code()
    };
    assert_eq!(homeless(&[]), Some(EX_USAGE));
    let state = site.path("state").display().to_string();
    assert_eq!(homeless(&["--config-state", &state]), Some(0));
    let server = site.world.setup().with_arguments(&arguments).start();
    server.wait_for(&overridden);
    // Nobody asks for a signature: nothing to verify.
    let layers = site.layers();
    let layers: Vec<_> = layers.iter().map(String::as_str).collect();
    let (code, said) = site.config(&[&["verify", "--data", &data], &layers[..]].concat());
    assert_eq!(code, Some(EX_USAGE));
    assert!(said.contains("--config-trust"), "{said}");
    assert!(check(&site.world, &layers).status.success());
}

#[test]
fn nothing_is_signed_that_no_server_would_take() {
    let site = Site::new();
    let before = std::fs::read(site.path("sumward.manifest")).unwrap();
    site.write("conf.d/10.yaml", "data: /elsewhere\n");
    let layers = site.layers();
    let layers: Vec<_> = layers.iter().map(String::as_str).collect();
    let key = site.path("key").display().to_string();
    let sign = |day: &str| {
        let line = ["sign", "--key", &key, "--serial", "6", "--not-after", day];
        site.config(&[&line, &layers[..]].concat())
    };
    for (day, words) in [
        (
            "2096-01-31",
            "10.yaml:1: data: a feature file may not set it",
        ),
        ("2020-01-31", "--not-after: `2020-01-31` is over"),
        (
            "soon",
            "--not-after: `soon` is not a time; write a day such as",
        ),
    ] {
        let (code, said) = sign(day);
        assert_eq!(code, Some(EX_USAGE), "{said}");
        assert!(said.contains(words), "{words} in {said}");
    }
    assert_eq!(
        std::fs::read(site.path("sumward.manifest")).unwrap(),
        before
    );
}
