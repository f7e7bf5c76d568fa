//! Stored files that somebody cuts or changes while the server runs: one failed answer
//! at most, an alarm, and then the right bytes again.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::sumward::Sumward;
use testkit::world::{World, target};

fn module() -> Module {
    Module::library("example.com/thing", "v1.0.0").with_ballast(3 << 20)
}

/// What a client gets on a connection of its own: the body, where the answer is good
/// and whole.
type Ask<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// Reads an answer to its end.
fn whole_body(stream: &mut (impl std::io::Read + std::io::Write), target: &str) -> Option<Vec<u8>> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // TLS may end without its last word: the length tells whether it is whole.
    let _ = stream.read_to_end(&mut answer);
    let end = memchr::memmem::find(&answer, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let body = answer.split_off(end + 4);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    let is_whole = length.parse() == Ok(body.len());
    (head.starts_with("http/1.1 200 ") && is_whole).then_some(body)
}

fn plain(address: SocketAddr, target: &str) -> Option<Vec<u8>> {
    whole_body(&mut TcpStream::connect(address).ok()?, target)
}

fn over_tls(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    target: &str,
) -> Option<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address).ok()?;
    whole_body(&mut StreamOwned::new(connection, stream), target)
}

/// Damages the stored zip in several ways, each time with the answers in memory or open.
fn damage_and_ask(world: &World, module: &Module, server: &Sumward, ask: Ask<'_>) {
    let zip = target(module, "zip");
    let path = world.stored(module, "zip");
    let damages: [(&str, Damage); 5] = [
        ("cut to nothing", |path| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(0).unwrap();
        }),
        ("cut in the middle", |path| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(1 << 20).unwrap();
        }),
        ("another in its place", |path| {
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, "another").unwrap();
        }),
        ("gone", |path| std::fs::remove_file(path).unwrap()),
        ("changed in place", |path| {
            let file = File::options().write(true).open(path).unwrap();
            // The clock of a file system may stand still for some milliseconds.
            let before = file.metadata().unwrap();
            let changed = |metadata: std::fs::Metadata| (metadata.ctime(), metadata.ctime_nsec());
            while changed(file.metadata().unwrap()) == changed(before.clone()) {
                file.write_all_at(b"another", 2 << 20).unwrap();
            }
        }),
    ];
    for (how, damage) in damages {
        for _ in 0..3 {
            assert!(ask(&zip) == Some(module.zip()), "before: {how}");
        }
        damage(&path);
        let answers: Vec<_> = (0..4).map(|_| ask(&zip)).collect();
        let failed = answers.iter().filter(|body| body.is_none()).count();
        assert!(failed <= 1, "{how}: {failed} answers failed");
        for body in answers.into_iter().flatten() {
            assert!(body == module.zip(), "{how}: wrong bytes");
        }
        assert_eq!(std::fs::read(&path).unwrap(), module.zip(), "{how}");
    }
    let alarm = server.wait_for("ERROR");
    assert!(alarm.contains("example.com/thing"), "{alarm}");
}

/// What somebody does to a file.
type Damage = fn(&Path);

#[test]
fn a_hot_zip_that_is_cut_costs_one_answer_at_most() {
    let module = module();
    let world = World::with(&[&module]);
    let server = world.serve();
    let ask = |target: &str| plain(server.address(), target);
    damage_and_ask(&world, &module, &server, &ask);
}

/// A certificate of its own, in files where the server finds them.
fn pair(folder: &Path) -> CertificateDer<'static> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn serve_tls(world: &World, folder: &Path) -> Sumward {
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (certificate, key) = (file("tls.crt"), file("tls.key"));
    world
        .setup()
        .with_arguments(&["--tls-cert", &certificate, "--tls-key", &key])
        .start()
}

#[test]
fn over_tls_as_well() {
    let module = module();
    let world = World::with(&[&module]);
    let folder = tempfile::tempdir().unwrap();
    let trusted = pair(folder.path());
    let server = serve_tls(&world, folder.path());
    let ask = |target: &str| over_tls(server.address(), &trusted, target);
    damage_and_ask(&world, &module, &server, &ask);
}

#[test]
fn go_goes_on_over_plain_http_and_tls() {
    let module = module();
    for tls in [false, true] {
        let world = World::with(&[&module]);
        let folder = tempfile::tempdir().unwrap();
        pair(folder.path());
        let (server, scheme) = if tls {
            (serve_tls(&world, folder.path()), "https")
        } else {
            (world.serve(), "http")
        };
        let url = format!("{scheme}://{}", server.address());
        let certificate = folder.path().join("tls.crt");
        let go = Go::new(
            &Toolchain::find("1.27."),
            &url,
            &world.database.verifier_key(),
        )
        .with("SSL_CERT_FILE", &certificate.to_string_lossy());
        let program = go::program(&["example.com/thing"], &["example.com/thing v1.0.0"]);
        for _ in 0..2 {
            go.must(program.path(), &["mod", "tidy"]);
            go.forget_modules();
        }
        let path = world.stored(&module, "zip");
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(0).unwrap();
        let _ = go.run(program.path(), &["mod", "download"]);
        go.forget_modules();
        go.must(program.path(), &["mod", "download"]);
        go.must(program.path(), &["build", "-o", "program", "."]);
    }
}

#[test]
fn a_damaged_lookup_and_a_damaged_tile_are_fetched_anew() {
    let module = module();
    let mut world = World::with(&[&module]);
    world.database.add_filler(300);
    world.publish();
    let sumdb = format!("sumdb/{}", testkit::world::DATABASE);
    for file in ["lookup/example.com/thing@v1.0.0", "tile/8/0/000"] {
        let target = format!("/{sumdb}/{file}");
        let good = world.serve().get(&target);
        assert_eq!(good.status, 200, "{target}: {}", good.text());
        let path = world.data().join(&sumdb).join(file);
        assert!(std::fs::read(&path).unwrap() == good.body);
        for place in [10, good.body.len() / 2, good.body.len() - 10] {
            let mut bytes = good.body.clone();
            bytes[place] ^= 1;
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, &bytes).unwrap();
            let reply = world.serve().get(&target);
            assert_eq!(reply.status, 200, "{target} {place}: {}", reply.text());
            assert!(reply.body == good.body, "{target}: byte {place} is damaged");
            let healed = std::fs::read(&path).unwrap();
            assert!(healed == good.body, "{target}: byte {place} stays damaged");
        }
    }
}
