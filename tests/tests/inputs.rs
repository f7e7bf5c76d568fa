//! Answers and settings that were met outside, as the real programs take them: whatever
//! the go command takes by itself, it takes through the server.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::Setup;
use testkit::world::{QUICK, World, target};
use testkit::zip::archive_zip64;

fn module() -> Module {
    Module::library("example.com/thing", "v1.0.0")
}

/// Builds a program that needs the module.
fn build(go: &Go) {
    let program = go::program(&["example.com/thing"], &["example.com/thing v1.0.0"]);
    go.must(program.path(), &["mod", "tidy"]);
    go.must(program.path(), &["build", "-o", "program", "."]);
}

#[test]
fn a_zip_whose_sizes_are_told_in_64_bits_is_taken_as_go_takes_it() {
    let module = module();
    let world = World::with(&[&module]);
    let zip = archive_zip64(&module.entries());
    assert_ne!(zip, module.zip());
    std::fs::write(world.tree().join(&target(&module, "zip")[1..]), &zip).unwrap();
    let server = world.serve();
    for toolchain in Toolchain::both() {
        let key = world.database.verifier_key();
        build(&Go::new(&toolchain, &world.origin.url(), &key));
        build(&world.go(&toolchain, &server));
    }
    assert_eq!(server.get(&target(&module, "zip")).body, zip);
    let evidence = std::fs::read_dir(world.data().join("evidence")).unwrap();
    assert_eq!(evidence.count(), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_an_upstream_compresses_unasked_is_stored_and_served_as_it_was_before() {
    let module = module();
    let world = World::with(&[&module]);
    let squeeze = |ending: &str, bytes: &[u8]| {
        let header = Fault::Header("content-encoding".to_owned(), "gzip".to_owned());
        world.origin.fault(ending, Fault::Body(gzip(bytes)));
        world.origin.fault(ending, header);
    };
    squeeze("@v/list", b"v1.0.0\n");
    squeeze(".info", br#"{"Version":"v1.0.0"}"#);
    squeeze(".mod", module.go_mod.as_bytes());
    squeeze(".zip", &module.zip());
    let server = world.serve();
    let list = "/example.com/thing/@v/list".to_owned();
    for (path, want) in [
        (list, b"v1.0.0\n".to_vec()),
        (target(&module, "info"), br#"{"Version":"v1.0.0"}"#.to_vec()),
        (target(&module, "mod"), module.go_mod.clone().into_bytes()),
        (target(&module, "zip"), module.zip()),
    ] {
        let reply = server.get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.header("content-encoding"), None, "{path}");
        assert_eq!(reply.body, want, "{path}");
        let stored = world.data().join("modules").join(&path[1..]);
        assert_eq!(std::fs::read(stored).unwrap(), want, "{path}");
    }
    let asked = world.origin.asked();
    let accepts = asked.iter().map(|asked| asked.header("accept-encoding"));
    assert!(
        accepts
            .clone()
            .all(|it| it.is_none_or(|it| it == "identity"))
    );
    build(&world.go(&Toolchain::find("1.27."), &server));
}

#[test]
fn other_bytes_are_refused_when_they_come_compressed_too() {
    let module = module();
    let world = World::with(&[&module]);
    let header = Fault::Header("content-encoding".to_owned(), "gzip".to_owned());
    let other = gzip(b"module example.com/other\n");
    world.origin.fault(".mod", Fault::Body(other));
    world.origin.fault(".mod", header);
    let server = world.serve();
    let reply = server.get(&target(&module, "mod"));
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(
        reply.text().contains("checksum mismatch"),
        "{}",
        reply.text()
    );
    assert!(!world.stored(&module, "mod").exists());
}

/// A certificate that signs itself and others, as `openssl req -x509` makes it, and its
/// key.
fn authority(folder: &Path, name: &str) -> [PathBuf; 2] {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let [certificate_file, key_file] =
        ["crt", "key"].map(|ending| folder.join(format!("{name}.{ending}")));
    std::fs::write(&certificate_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    [certificate_file, key_file]
}

#[test]
fn an_upstream_is_trusted_by_its_own_certificate_and_by_no_other() {
    let module = module();
    let world = World::with(&[&module]);
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = authority(folder.path(), "own");
    let [other, _] = authority(folder.path(), "other");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    // Another server is what speaks TLS here.
    let upstream = world
        .setup()
        .with_arguments(&["--tls-cert", &text(&certificate), "--tls-key", &text(&key)])
        .start();
    let url = format!("https://{}", upstream.address());
    let verifier_key = world.database.verifier_key();
    let go = Go::new(&Toolchain::find("1.27."), &url, &verifier_key);
    build(&go.with("SSL_CERT_FILE", &text(&certificate)));
    let serve = |name: &str, arguments: &[&str]| {
        Setup::new(&folder.path().join(name), &url, &verifier_key)
            .with_config(QUICK)
            .with_arguments(arguments)
            .start()
    };
    let server = serve("trusts", &["--ca-file", &text(&certificate)]);
    build(&world.go(&Toolchain::find("1.27."), &server));
    for (name, arguments) in [
        ("nobody", Vec::new()),
        ("another", vec!["--ca-file".to_owned(), text(&other)]),
    ] {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let reply = serve(name, &arguments).get(&target(&module, "mod"));
        assert_eq!(reply.status, 503, "{name}: {}", reply.text());
        assert!(
            reply.text().contains("certificate"),
            "{name}: {}",
            reply.text()
        );
    }
}

/// Names and addresses of no machine: asked directly they are not reached, and what the
/// HTTP proxy is asked for is there.
#[test]
fn hosts_without_an_http_proxy_are_those_that_go_means() {
    let module = module();
    let world = World::with(&[&module]);
    let toolchain = Toolchain::find("1.27.");
    for (except, host, is_direct) in [
        ("", "nexus.corp.invalid", false),
        ("*", "nexus.corp.invalid", true),
        ("nexus.corp.invalid", "nexus.corp.invalid", true),
        ("corp.invalid", "nexus.corp.invalid", true),
        (".corp.invalid", "nexus.corp.invalid", true),
        (".nexus.corp.invalid", "nexus.corp.invalid", false),
        ("*.corp.invalid", "nexus.corp.invalid", true),
        ("*.nexus.corp.invalid", "nexus.corp.invalid", false),
        ("orp.invalid", "nexus.corp.invalid", false),
        ("nexus.corp.invalid:80", "nexus.corp.invalid", true),
        ("nexus.corp.invalid:8081", "nexus.corp.invalid", false),
        (
            "other.invalid, NEXUS.Corp.invalid",
            "nexus.corp.invalid",
            true,
        ),
        ("192.0.2.0/30", "192.0.2.7", false),
        ("192.0.2.0/24", "192.0.2.7", true),
    ] {
        let url = format!("http://{host}");
        let proxy = world.origin.url();
        let is_proxied = || world.origin.count("example.com/thing/@v/v1.0.0.mod") > 0;
        world.origin.forget();
        let go = Go::new(&toolchain, &url, "off")
            .with("HTTP_PROXY", &proxy)
            .with("NO_PROXY", except);
        let folder = tempfile::tempdir().unwrap();
        let download = ["mod", "download", "example.com/thing@v1.0.0"];
        let outcome = go.run(folder.path(), &download);
        assert_eq!(outcome.ok, !is_direct, "go, {except}: {}", outcome.stderr);
        assert_eq!(is_proxied(), !is_direct, "go, {except}");

        let setup = Setup::new(&folder.path().join("data"), &url, "off")
            .with_env("HTTP_PROXY", &proxy)
            .with_env("NO_PROXY", except)
            .with_config("upstream: {attempts: 1, connect_timeout: 4s}\n");
        let server = setup.start();
        world.origin.forget();
        let reply = server.get(&target(&module, "mod"));
        let want = if is_direct { 503 } else { 200 };
        assert_eq!(reply.status, want, "{except}: {}", reply.text());
        assert_eq!(is_proxied(), !is_direct, "{except}");
    }
}

#[test]
fn what_an_upstream_says_as_it_refuses_is_read_where_go_runs() {
    let module = module();
    let world = World::with(&[&module]);
    let words = "This module version is not available.";
    let refused = Fault::Status(403, format!("{words}\r\n"));
    world.origin.fault("@v/v1.0.0.mod", refused);
    let server = world.serve();
    let reply = server.get(&target(&module, "mod"));
    assert_eq!(reply.status, 403);
    let want = format!("upstream {} refused: {words}\n", world.origin.url());
    assert_eq!(reply.text(), want);
    for toolchain in Toolchain::both() {
        let folder = tempfile::tempdir().unwrap();
        let go = world.go(&toolchain, &server);
        let said = go.must_fail(
            folder.path(),
            &["mod", "download", "example.com/thing@v1.0.0"],
        );
        assert!(said.contains(want.trim_end()), "{said}");
    }
}
