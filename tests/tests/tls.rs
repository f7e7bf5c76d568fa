//! TLS: the real go command over https, HTTP/2 by ALPN, and certificates that
//! are renewed while the server runs.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use testkit::go::{self, Toolchain};
use testkit::module::Module;
use testkit::sumward::Setup;
use testkit::world::{World, wait_until};

struct Pair {
    certificate: String,
    der: CertificateDer<'static>,
    key: String,
}

fn new_pair() -> Pair {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    Pair {
        certificate: made.cert.pem(),
        der: made.cert.der().clone(),
        key: made.signing_key.serialize_pem(),
    }
}

/// Puts the pair where the server reads it, each file in one step.
fn install(folder: &Path, pair: &Pair) {
    for (name, content) in [("tls.key", &pair.key), ("tls.crt", &pair.certificate)] {
        let part = folder.join(format!("{name}.part"));
        std::fs::write(&part, content).unwrap();
        std::fs::rename(part, folder.join(name)).unwrap();
    }
}

fn setup(world: &World, folder: &Path) -> Setup {
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    world.setup().with_arguments(&[
        "--tls-cert",
        &file("tls.crt"),
        "--tls-key",
        &file("tls.key"),
    ])
}

/// Shakes hands trusting only `pair`; the protocol agreed on, if any.
fn shake_hands(address: SocketAddr, trusted: &Pair) -> Option<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).ok()?;
    }
    Some(connection.alpn_protocol().unwrap_or_default().to_vec())
}

#[test]
fn go_builds_over_tls() {
    let module = Module::library("example.com/thing", "v1.0.0").with_ballast(2 << 20);
    let world = World::with(&[&module]);
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), &new_pair());
    let server = setup(&world, folder.path()).start();
    let url = format!("https://{}", server.address());
    assert!(server.log().contains(&url), "{}", server.log());
    let certificate = folder.path().join("tls.crt");
    for toolchain in Toolchain::both() {
        let go = go::Go::new(&toolchain, &url, &world.database.verifier_key())
            .with("SSL_CERT_FILE", &certificate.to_string_lossy());
        let program = go::program(&["example.com/thing"], &["example.com/thing v1.0.0"]);
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "program", "."]);
    }
}

#[test]
fn http_2_is_agreed_on_and_a_renewed_certificate_is_used() {
    let world = World::with(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (new_pair(), new_pair());
    install(folder.path(), &first);
    let server = setup(&world, folder.path()).start();
    let address = server.address();
    assert_eq!(shake_hands(address, &first), Some(b"h2".to_vec()));
    assert_eq!(shake_hands(address, &second), None);

    install(folder.path(), &second);
    wait_until("the new certificate is shown", || {
        shake_hands(address, &second).is_some()
    });
    // One that is broken changes nothing.
    std::fs::write(folder.path().join("tls.crt"), "not a certificate").unwrap();
    server.wait_for("tls.crt");
    assert!(shake_hands(address, &second).is_some());
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let world = World::with(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (status, log) = setup(&world, folder.path()).run_to_end();
    assert!(!status.success() && log.contains("tls.crt"), "{log}");
    let (first, second) = (new_pair(), new_pair());
    let mixed = Pair {
        key: second.key,
        ..first
    };
    install(folder.path(), &mixed);
    let (status, log) = setup(&world, folder.path()).run_to_end();
    assert!(!status.success(), "{log}");
}
