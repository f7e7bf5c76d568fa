use std::os::unix::fs::symlink;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::TlsConnector;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A self-signed certificate and its key, both PEM.
struct Pair {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

fn pair() -> Pair {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        der: certificate.der().clone(),
    }
}

fn write(folder: &Path, pair: &Pair) {
    // As careful tools do: a new file renamed over the old.
    for (name, text) in [("tls.crt", &pair.certificate), ("tls.key", &pair.key)] {
        fs::write(folder.join("new"), text).unwrap();
        fs::rename(folder.join("new"), folder.join(name)).unwrap();
    }
}

fn files(folder: &Path) -> Tls {
    Tls {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
    }
}

fn open(pair: &Pair) -> (TempDir, Acceptor) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), pair);
    let acceptor = Acceptor::open(&files(folder.path()), TIMEOUT).unwrap();
    (folder, acceptor)
}

/// Shakes hands as a client that trusts `pair` alone; returns the protocol chosen
/// and an echo.
async fn talk(
    acceptor: &Acceptor,
    pair: &Pair,
    versions: &[&'static rustls::SupportedProtocolVersion],
    alpn: &str,
) -> Result<(String, Vec<u8>), String> {
    let (client, server) = duplex(64 << 10);
    let acceptor = acceptor.clone();
    let serve = tokio::spawn(async move {
        let mut stream = acceptor.accept(server).await.map_err(|e| e.to_string())?;
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        Ok::<_, String>(())
    });
    let mut stream = connect(client, pair, versions, alpn).await?;
    stream.write_all(b"hello").await.unwrap();
    let mut echo = Vec::new();
    stream.read_to_end(&mut echo).await.unwrap();
    serve.await.unwrap()?;
    let protocol = stream.get_ref().1.alpn_protocol().unwrap_or_default();
    Ok((String::from_utf8(protocol.to_vec()).unwrap(), echo))
}

async fn connect(
    stream: DuplexStream,
    pair: &Pair,
    versions: &[&'static rustls::SupportedProtocolVersion],
    alpn: &str,
) -> Result<tokio_rustls::client::TlsStream<DuplexStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(pair.der.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| error.to_string())
}

const BOTH: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

#[tokio::test]
async fn shakes_hands_in_both_versions_and_chooses_the_protocol() {
    let pair = pair();
    let (_folder, acceptor) = open(&pair);
    for version in BOTH {
        for alpn in ["h2", "http/1.1"] {
            let (protocol, echo) = talk(&acceptor, &pair, &[version], alpn).await.unwrap();
            assert_eq!(protocol, alpn);
            assert_eq!(echo, b"hello");
        }
    }
}

#[tokio::test]
async fn a_changed_certificate_is_served() {
    let (old, new) = (pair(), pair());
    let (folder, acceptor) = open(&old);
    let mut watcher = Watcher::new(acceptor.clone());
    write(folder.path(), &new);
    talk(&acceptor, &old, BOTH, "h2").await.unwrap();
    watcher.look();
    talk(&acceptor, &new, BOTH, "h2").await.unwrap();
    talk(&acceptor, &old, BOTH, "h2").await.unwrap_err();
}

#[tokio::test]
async fn a_swapped_link_is_a_change() {
    let (old, new) = (pair(), pair());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (name, pair) in [("1", &old), ("2", &new)] {
        fs::create_dir(path.join(name)).unwrap();
        write(&path.join(name), pair);
    }
    // As Kubernetes lays a secret out: tls.crt -> ..data/tls.crt, ..data -> 1.
    symlink("1", path.join("..data")).unwrap();
    symlink("..data/tls.crt", path.join("tls.crt")).unwrap();
    symlink("..data/tls.key", path.join("tls.key")).unwrap();
    let acceptor = Acceptor::open(&files(path), TIMEOUT).unwrap();
    let mut watcher = Watcher::new(acceptor.clone());
    symlink("2", path.join("..new")).unwrap();
    fs::rename(path.join("..new"), path.join("..data")).unwrap();
    watcher.look();
    talk(&acceptor, &new, BOTH, "h2").await.unwrap();
}

#[tokio::test]
async fn a_broken_pair_leaves_the_old_one_until_it_fits() {
    let (old, new) = (pair(), pair());
    let (folder, acceptor) = open(&old);
    let mut watcher = Watcher::new(acceptor.clone());
    let certificate = folder.path().join("tls.crt");
    let key = folder.path().join("tls.key");
    fs::write(&certificate, "-----BEGIN CERT").unwrap();
    watcher.look();
    talk(&acceptor, &old, BOTH, "h2").await.unwrap();
    // The new certificate is there, its key not yet.
    fs::write(&certificate, &new.certificate).unwrap();
    watcher.look();
    talk(&acceptor, &old, BOTH, "h2").await.unwrap();
    fs::remove_file(&key).unwrap();
    watcher.look();
    talk(&acceptor, &old, BOTH, "h2").await.unwrap();
    fs::write(&key, &new.key).unwrap();
    watcher.look();
    talk(&acceptor, &new, BOTH, "h2").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_given_up() {
    let (_folder, acceptor) = open(&pair());
    let (_client, server) = duplex(1024);
    let error = acceptor.accept(server).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout(TIMEOUT)));
}

#[tokio::test]
async fn a_client_that_speaks_something_else_is_refused() {
    let (_folder, acceptor) = open(&pair());
    let (mut client, server) = duplex(1024);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let error = acceptor.accept(server).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Failed(_)));
}

#[test]
fn what_cannot_be_served_is_named() {
    let (one, other) = (pair(), pair());
    let folder = tempfile::tempdir().unwrap();
    let tls = files(folder.path());
    let fails = |certificate: &str, key: &str| {
        fs::write(&tls.certificate, certificate).unwrap();
        fs::write(&tls.key, key).unwrap();
        let error = Acceptor::open(&tls, TIMEOUT).err().unwrap();
        error.to_string()
    };
    let long = "x".repeat(1 << 21);
    let broken = one.certificate.replace("MII", "!!!");
    for (certificate, key, want) in [
        ("", one.key.as_str(), "tls.crt holds no certificate"),
        (&one.key, &one.key, "tls.crt holds no certificate"),
        (&one.certificate, "", "tls.key holds no private key"),
        (
            &one.certificate,
            &one.certificate,
            "tls.key holds no private key",
        ),
        (&one.certificate, &other.key, "tls.key: "),
        (&broken, &one.key, "tls.crt: broken PEM"),
        (&long, &one.key, "tls.crt is larger than"),
    ] {
        let message = fails(certificate, key);
        assert!(message.contains(want), "{want}: {message}");
    }
    let absent = Tls {
        certificate: PathBuf::from("/absent.crt"),
        key: PathBuf::from("/absent.key"),
    };
    let message = Acceptor::open(&absent, TIMEOUT).err().unwrap().to_string();
    assert!(
        message.starts_with("/absent.crt cannot be read: "),
        "{message}"
    );
}
