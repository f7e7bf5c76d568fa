use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::kit::{Origin, Reply, brief, get, open, settings, text};
use crate::metrics::Metrics;
use crate::source::upstream::Upstreams;

/// A certificate authority's PEM file, and a server's side of TLS.
fn authority() -> (NamedTempFile, TlsAcceptor) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let root = params.self_signed(&key).expect("a root");
    let issuer = Issuer::new(params, key);

    let server_key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "modules.example".to_owned()];
    let leaf = CertificateParams::new(names)
        .expect("names")
        .signed_by(&server_key, &issuer)
        .expect("a leaf");
    let private = rustls_pki_types::PrivateKeyDer::try_from(server_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private.expect("a key"))
        .expect("a server's configuration");
    (file(&root.pem()), TlsAcceptor::from(Arc::new(config)))
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

#[tokio::test]
async fn trusts_the_authority_it_is_given_and_no_other() {
    let (ca, acceptor) = authority();
    let origin = Origin::start_tls(acceptor, |_| Reply::ok("over TLS")).await;
    let url = format!("https://localhost:{}", origin.address.port());
    let mut settings = settings(&url);
    let error = get(&open(&settings), "x").await.expect_err("not trusted");
    assert_eq!(brief(&error), "unavailable");
    assert!(error.to_string().contains("certificate"), "{error}");

    settings.ca_file = Some(ca.path().to_owned());
    assert_eq!(text(&open(&settings), "x").await, "over TLS");

    let (other, _) = authority();
    settings.ca_file = Some(other.path().to_owned());
    get(&open(&settings), "x")
        .await
        .expect_err("another authority");
    assert_eq!(origin.seen().len(), 1);
}

/// A certificate as `openssl req -x509` makes it: an authority's, signed by itself, that
/// its server shows.
fn self_signed(
    name: &str,
    change: impl Fn(&mut CertificateParams),
) -> (NamedTempFile, TlsAcceptor) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let private = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private.expect("a key"))
        .expect("a server's configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (file(&certificate.pem()), acceptor)
}

#[tokio::test]
async fn trusts_a_servers_own_certificate_when_it_is_given() {
    type Change = fn(&mut CertificateParams);
    let same: Change = |_| {};
    let plain: Change = |params| params.is_ca = IsCa::NoCa;
    let old: Change = |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    };
    let cases: [(&str, &str, Change, bool); 4] = [
        ("as openssl makes it", "localhost", same, true),
        ("not an authority's", "localhost", plain, true),
        ("another name", "other.example", same, false),
        ("not valid any more", "localhost", old, false),
    ];
    for (why, name, change, want) in cases {
        let (own, acceptor) = self_signed(name, change);
        let origin = Origin::start_tls(acceptor, |_| Reply::ok("over TLS")).await;
        let mut settings = settings(&format!("https://localhost:{}", origin.address.port()));
        settings.ca_file = Some(own.path().to_owned());
        let answer = get(&open(&settings), "x").await;
        assert_eq!(answer.is_ok(), want, "{why}: {answer:?}");
        // The same name and another key.
        let (other, _) = self_signed(name, change);
        settings.ca_file = Some(other.path().to_owned());
        get(&open(&settings), "x").await.expect_err(why);
    }
}

#[tokio::test]
async fn netrc_is_used_over_https_and_not_over_http() {
    let (ca, acceptor) = authority();
    let secure = Origin::start_tls(acceptor, |_| Reply::ok("secure")).await;
    let plain = Origin::start(|_| Reply::ok("plain")).await;
    let netrc = file("machine localhost login u password p\n");
    for (origin, scheme, want) in [
        (&secure, "https", Some("Basic dTpw")),
        (&plain, "http", None),
    ] {
        let mut settings = settings(&format!("{scheme}://localhost:{}", origin.address.port()));
        settings.ca_file = Some(ca.path().to_owned());
        settings.netrc = Some(netrc.path().to_owned());
        text(&open(&settings), "x").await;
        assert_eq!(origin.seen()[0].header("authorization"), want, "{scheme}");
    }
}

/// An HTTP proxy that takes every name for one address. Returns its own address and
/// the head of the first request it got.
async fn tunnel(to: SocketAddr) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.expect("a byte"));
        }
        let mut server = TcpStream::connect(to).await.expect("a server");
        let ok = b"HTTP/1.1 200 OK\r\n\r\n";
        client.write_all(ok).await.expect("written");
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        String::from_utf8(head).expect("ASCII")
    });
    (address, serving)
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let (ca, acceptor) = authority();
    let origin = Origin::start_tls(acceptor, |_| Reply::ok("through the tunnel")).await;
    let (proxy, serving) = tunnel(origin.address).await;
    let mut settings = settings("https://u:p@modules.example/go");
    settings.ca_file = Some(ca.path().to_owned());
    settings.http_proxy.https = Some(format!("http://proxy:word@{proxy}"));
    assert_eq!(text(&open(&settings), "x").await, "through the tunnel");
    let head = serving.await.expect("ended");
    assert!(
        head.starts_with("CONNECT modules.example:443 HTTP/1.1\r\n"),
        "{head}"
    );
    let lower = head.to_ascii_lowercase();
    assert!(
        lower.contains("proxy-authorization: basic chjvehk6d29yza=="),
        "{head}"
    );
    // Each password to the one it is for.
    assert!(!lower.contains("\r\nauthorization:"), "{head}");
    let seen = origin.seen();
    assert_eq!(seen[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(seen[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn secure_upstreams_cannot_send_us_to_plain_http() {
    let (ca, acceptor) = authority();
    let plain = Origin::start(|_| Reply::ok("plain")).await;
    let target = plain.url();
    let secure = Origin::start_tls(acceptor, move |_| Reply::redirect(&target)).await;
    let mut settings = settings(&format!("https://localhost:{}", secure.address.port()));
    settings.ca_file = Some(ca.path().to_owned());
    let error = get(&open(&settings), "x").await.expect_err("a step down");
    assert_eq!(brief(&error), "bad");
    assert!(plain.seen().is_empty());
}

#[tokio::test]
async fn files_of_settings_are_read_at_the_start() {
    let metrics = || Metrics::new([], []);
    let mut settings = settings("https://a.example");
    settings.netrc = Some("/nonexistent/netrc".into());
    assert!(Upstreams::new(&settings, "i", metrics()).is_ok());
    settings.ca_file = Some("/nonexistent/ca.pem".into());
    let error = Upstreams::new(&settings, "i", metrics())
        .expect_err("no file")
        .to_string();
    assert!(error.contains("/nonexistent/ca.pem"), "{error}");
    let empty = file("no certificate\n");
    settings.ca_file = Some(empty.path().to_owned());
    assert!(Upstreams::new(&settings, "i", metrics()).is_err());
}
