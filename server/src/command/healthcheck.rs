//! `sumward healthcheck`: a running server is asked whether it is well.
//!
//! One line is said, and the exit status is 0 or 1 alone, as container engines want it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use http::Method;
use hyper::body::Bytes;
use rustls_pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::server::{Server, nothing};
use crate::app::control;
use crate::args::{Flags, Healthcheck};
use crate::config::environment::Environment;
use crate::config::{Address, Config};
use crate::output::{complain, print};
use crate::serve::tls;

/// How long all of it may take.
const CHECK_MAX: Duration = Duration::from_secs(3);

/// Where a server is asked.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Tcp { address: SocketAddr, tls: bool },
    Unix { path: PathBuf, tls: bool },
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { address, tls } => {
                let scheme = if *tls { "https" } else { "http" };
                write!(f, "{scheme}://{address}")
            }
            Self::Unix { path, .. } => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Asks, and says what came of it.
pub(super) fn run(check: &Healthcheck, flags: &Flags) -> ExitCode {
    match asked(check, flags) {
        // Nobody may read it.
        Ok(text) => {
            let _ = print(&format!("{text}\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let text = format!("{error:#}").replace('\n', "; ");
            complain(format!("sumward healthcheck: {text}"));
            ExitCode::FAILURE
        }
    }
}

fn asked(check: &Healthcheck, flags: &Flags) -> Result<String> {
    let place = place(check, flags)?;
    let path = if check.live { "/healthz" } else { "/readyz" };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async {
        let answer = tokio::time::timeout(CHECK_MAX, ask(&place, path)).await;
        answer.unwrap_or_else(|_| bail!("no answer within {} s", CHECK_MAX.as_secs()))
    });
    let (status, body) = answer.with_context(|| format!("asking {place}{path}"))?;
    let said = said(&body);
    if status.is_success() {
        Ok(format!("{place}{path}: {said}"))
    } else {
        bail!("{place}{path} answers {status}: {said}")
    }
}

fn place(check: &Healthcheck, flags: &Flags) -> Result<Place> {
    let Some(address) = &check.address else {
        // Whether files are signed is the server's to judge. It serves on when the
        // signature over them expires.
        let loaded = Config::load_unsigned(flags, &Environment::read());
        return place_of(&loaded?.config);
    };
    if let Some(path) = address.strip_prefix("unix:") {
        return Ok(Place::Unix {
            path: path.into(),
            tls: check.tls,
        });
    }
    let address = address
        .parse()
        .map_err(|_| anyhow!("`{address}` is neither IP:PORT nor unix:/path"))?;
    Ok(Place::Tcp {
        address: reachable(address),
        tls: check.tls,
    })
}

/// Returns where a server with these settings is asked: at its address, so that it is
/// also known that connections are taken there, and by the socket for commands where the
/// settings do not know the address, or nobody but a proxy may connect.
fn place_of(config: &Config) -> Result<Place> {
    let (address, tls) = match &config.admin {
        Some(admin) => (admin, false),
        None => (&config.listen, config.tls.is_some()),
    };
    let is_for_proxies = config.admin.is_none() && config.clients.proxy_protocol;
    match address {
        Address::Tcp(address) if address.port() != 0 && !is_for_proxies => Ok(Place::Tcp {
            address: reachable(*address),
            tls,
        }),
        Address::Unix(path) if !is_for_proxies => Ok(Place::Unix {
            path: path.clone(),
            tls,
        }),
        Address::Tcp(_) | Address::Unix(_) | Address::Inherited(_) => {
            let data = config.data.display();
            let noted = control::noted(&config.data)
                .with_context(|| format!("looking in {data} for a running server"))?;
            let path = noted.with_context(|| {
                format!("no server has {data} open; give --address if one does")
            })?;
            Ok(Place::Unix { path, tls: false })
        }
    }
}

/// One that listens at every address is reached by that of this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}

async fn ask(place: &Place, path: &str) -> Result<(http::StatusCode, Bytes)> {
    match place {
        Place::Tcp { address, tls } => {
            let stream = match TcpStream::connect(address).await {
                // Without IPv6, `:8080` is an address of IPv4.
                Err(_) if address.ip() == IpAddr::V6(Ipv6Addr::LOCALHOST) => {
                    TcpStream::connect((Ipv4Addr::LOCALHOST, address.port())).await
                }
                connected => connected,
            };
            speak(stream.context("connecting")?, *tls, address.ip(), path).await
        }
        Place::Unix { path: socket, tls } => {
            let stream = UnixStream::connect(socket).await.context("connecting")?;
            speak(stream, *tls, IpAddr::V4(Ipv4Addr::LOCALHOST), path).await
        }
    }
}

async fn speak<S>(stream: S, tls: bool, ip: IpAddr, path: &str) -> Result<(http::StatusCode, Bytes)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if !tls {
        return get(Server::over(stream).await?, path).await;
    }
    let connector = TlsConnector::from(Arc::new(tls::client_of_self()?));
    let stream = connector
        .connect(ServerName::IpAddress(ip.into()), stream)
        .await
        .context("TLS handshake")?;
    get(Server::over(stream).await?, path).await
}

async fn get(mut server: Server, path: &str) -> Result<(http::StatusCode, Bytes)> {
    server.answer(Method::GET, path, nothing()).await
}

/// Puts an answer in a few words.
fn said(body: &[u8]) -> String {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        let text = String::from_utf8_lossy(body);
        return text.lines().next().unwrap_or_default().to_owned();
    };
    let degraded = answer.get("degraded").and_then(Value::as_array);
    let degraded: Vec<_> = degraded
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("condition")?.as_str())
        .collect();
    let ready = match answer.get("ready").and_then(Value::as_bool) {
        Some(true) => "ready",
        Some(false) => "not ready",
        None => "no word of being ready",
    };
    if degraded.is_empty() {
        ready.to_owned()
    } else {
        format!("{ready}, degraded: {}", degraded.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new("/nowhere/sumward".into())
    }

    #[test]
    fn the_server_is_found_by_its_settings() {
        let mut config = config();
        let place = |config: &Config| place_of(config).unwrap().to_string();
        assert_eq!(place(&config), "http://127.0.0.1:8080");
        config.tls = Some(crate::config::Tls {
            certificate: "c".into(),
            key: "k".into(),
        });
        config.listen = Address::Tcp("[::]:443".parse().unwrap());
        assert_eq!(place(&config), "https://[::1]:443");
        config.listen = Address::Tcp("0.0.0.0:443".parse().unwrap());
        assert_eq!(place(&config), "https://127.0.0.1:443");
        config.admin = Some(Address::Unix("/run/a.sock".into()));
        assert_eq!(place(&config), "unix:/run/a.sock");
    }

    #[test]
    fn a_server_that_is_not_there_is_told_of_in_words() {
        let mut config = config();
        config.listen = Address::Inherited("main".to_owned());
        let error = place_of(&config).unwrap_err().to_string();
        assert!(error.contains("--address"), "{error}");
    }

    #[test]
    fn answers_are_put_in_a_few_words() {
        for (body, want) in [
            (&b"ok\n"[..], "ok"),
            (b"", ""),
            (br#"{"ready": true, "degraded": []}"#, "ready"),
            (br#"{"ready": true}"#, "ready"),
            (
                br#"{"ready": false, "degraded": [{"condition": "disk_full", "reason": "x"}, 7]}"#,
                "not ready, degraded: disk_full",
            ),
            (br#"{}"#, "no word of being ready"),
        ] {
            assert_eq!(said(body), want);
        }
    }
}
