//! Layers of files, and what a start and `config check` say of them alike.

use std::process::Output;

use super::*;

/// Both say the same and end with 64: a start, and `config check`.
#[track_caller]
pub(crate) fn refused(world: &World, arguments: &[&str], words: &[&str]) {
    let (status, started) = world.setup().with_arguments(arguments).run_to_end();
    let output = check(world, arguments);
    let checked = String::from_utf8_lossy(&output.stderr).into_owned();
    for (code, said) in [(status.code(), &started), (output.status.code(), &checked)] {
        assert_eq!(code, Some(EX_USAGE), "{arguments:?}: {said}");
        for words in words {
            assert!(said.contains(words), "{words:?} in {said:?}");
        }
    }
}

pub(crate) fn check(world: &World, arguments: &[&str]) -> Output {
    let data = world.data().display().to_string();
    let line = [&["config", "check", "--data", &data], arguments].concat();
    world.setup().command(&line).output().unwrap()
}

#[test]
fn features_lie_over_stages_and_flags_over_all() {
    let (world, _) = world();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let base = write(
        "base.yaml",
        "limits: {waiting_max: 1, fetches_max: 1}\nlog: {level: info}\n",
    );
    let stage = write("stage.yaml", "limits:\n  waiting_max: 2\n");
    write("conf.d/10.yaml", "log: {level: warn}\n");
    let feature = write("conf.d/20.yaml", "log:\n  level: debug\n  format: json\n");
    let conf_d = folder.path().join("conf.d").display().to_string();
    let layers = ["--config", &base, "--stage", &stage, "--feature", &conf_d];
    let line = [
        &["config", "show", "--origin", "--listen", "127.0.0.1:0"],
        &layers[..],
    ]
    .concat();
    let setup = world.setup().with_env("SUMWARD_CACHE_LIST_FRESH", "7m");
    let shown = setup.command(&line).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for want in [
        "listen: 127.0.0.1:0  # --listen\n".to_owned(),
        "  list_fresh: 7m  # SUMWARD_CACHE_LIST_FRESH\n".to_owned(),
        format!("  level: debug  # {feature}:2 (feature)\n"),
        format!("  waiting_max: 2  # {stage}:2 (stage)\n"),
        format!("  fetches_max: 1  # {base}:1\n"),
        format!("  list: {}  # GOPROXY\n", world.origin.url()),
        "  negative_ttl: 30s  # default\n".to_owned(),
    ] {
        assert!(shown.contains(&want), "{want} in {shown}");
    }
    let line = [
        &["config", "show", "--format", "json", "--origin"],
        &layers[..],
    ]
    .concat();
    let shown = setup.command(&line).output().unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["settings"]["limits"]["waiting_max"], 2);
    let place = &shown["origins"]["limits.waiting_max"];
    assert_eq!(
        (&place["layer"], &place["line"]),
        (&"stage".into(), &2.into())
    );
    let server = world.setup().with_arguments(&layers).start();
    // The format that the feature says.
    server.wait_for("{\"");
    drop(server);
    // What may weaken the server is not for features.
    let unsafe_key = write("conf.d/30.yaml", "# careless\nproof:\n  mode: off\n");
    let place = format!("{unsafe_key}:3: proof.mode: a feature file may not set it");
    refused(&world, &layers, &[&place, "(--config)", "(--stage)"]);
}

#[test]
fn files_that_are_no_configuration_are_refused_at_once() {
    let (world, _) = world();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let bomb = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(999), "*a,".repeat(999));
    std::fs::write(path("bomb.yaml"), bomb).unwrap();
    std::fs::write(path("large.yaml"), " ".repeat(2 << 20)).unwrap();
    std::fs::write(path("latin.yaml"), b"data: /d\xe9\n").unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        path("fifo.yaml"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    for (name, words) in [
        ("bomb.yaml", "stand for more than 200000 values"),
        ("large.yaml", "is larger than 1 MiB"),
        ("latin.yaml", "latin.yaml:1: is not UTF-8"),
        ("fifo.yaml", "is a device, pipe or socket"),
        ("absent.yaml", "cannot be read"),
    ] {
        refused(&world, &["--config", &path(name)], &[name, words]);
    }
}

#[test]
fn certificates_that_cannot_be_served_are_refused_with_their_line() {
    let (world, _) = world();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = path("tls.yaml");
    let yaml = format!(
        "tls:\n  certificate: {}\n  key: {}\n",
        path("c.pem"),
        path("k.pem")
    );
    std::fs::write(&file, yaml).unwrap();
    let make = |until: i32| {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(path("c.pem"), certificate.pem()).unwrap();
        std::fs::write(path("k.pem"), key.serialize_pem()).unwrap();
    };
    let config = ["--config", &*file];
    let at = |line: usize, words: &str| format!("{file}:{line}: {words}");
    refused(
        &world,
        &config,
        &[
            &at(2, "tls.certificate: "),
            &at(3, "tls.key: "),
            "cannot be read",
        ],
    );
    make(2021);
    refused(
        &world,
        &config,
        &[
            &at(2, "tls.certificate: "),
            "has expired: it held until 2021-01-01",
            "renew it",
        ],
    );
    make(4000);
    let key = std::fs::read(path("k.pem")).unwrap();
    make(4000);
    assert!(check(&world, &config).status.success());
    std::fs::write(path("k.pem"), key).unwrap();
    refused(&world, &config, &[&at(2, "tls.certificate: "), "k.pem"]);
    std::fs::copy(path("c.pem"), path("k.pem")).unwrap();
    refused(
        &world,
        &config,
        &[&at(3, "tls.key: "), "has no private key in it"],
    );
    // A credential that the unit does not hand down.
    std::fs::write(
        &file,
        format!("tls:\n  certificate: {}\n  key: tls.key\n", path("c.pem")),
    )
    .unwrap();
    let setup = world.setup().with_env("CREDENTIALS_DIRECTORY", &path(""));
    let (status, said) = setup.with_arguments(&config).run_to_end();
    assert_eq!(status.code(), Some(EX_USAGE), "{said}");
    assert!(said.contains("LoadCredential=tls.key:"), "{said}");
}
