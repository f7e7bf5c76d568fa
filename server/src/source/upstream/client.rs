//! The HTTP client: TLS roots, proxies on the way, redirects and their bounds.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use reqwest::{Certificate, ClientBuilder, Response};
use url::{Host, Url};

use super::http_proxy::Rules;
use super::resolver::{PublicOnly, REFUSED_INSIDE};
use super::target::{Site, is_loopback};
use super::{Error, address, redirect};
use crate::config;

/// Sends requests. Two connection pools: one that reaches any address, for what
/// the configuration names, and one that reaches public addresses only, for what
/// a public upstream redirects to.
#[derive(Debug)]
pub(super) struct Client {
    open: reqwest::Client,
    public: reqwest::Client,
    rules: Arc<Rules>,
    /// From the request to the head of the answer, a new connection included.
    pub(super) head_timeout: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// Nothing answers, or the connection broke before an answer: worth another try.
    Broken(String),
    /// No connection was made in time.
    Unconnected(String),
    /// The request was sent, and no answer began in time.
    Late(String),
    /// It answered what must not be followed or read.
    Bad(String),
}

/// Bytes of an answer's head. Hyper stops reading at some 400 KiB; what is kept
/// and handed on is held to less.
const HEAD_BYTES_MAX: usize = 64 * 1024;

impl Client {
    pub(super) fn new(settings: &config::Upstream) -> Result<Self, Error> {
        let rules = Arc::new(Rules::new(&settings.http_proxy)?);
        let extra = match &settings.ca_file {
            Some(path) => certificates(path)?,
            None => Vec::new(),
        };
        let open = build(settings, &rules, &extra, None)?;
        let guard = PublicOnly {
            rules: Arc::clone(&rules),
        };
        let public = build(settings, &rules, &extra, Some(guard))?;
        Ok(Self {
            open,
            public,
            rules,
            head_timeout: settings.head_timeout,
        })
    }

    /// Asks for a URL of a site and follows redirects.
    pub(super) async fn get(
        &self,
        site: &Site,
        url: Url,
        via: &HeaderValue,
    ) -> Result<Response, SendError> {
        let time_up = || {
            SendError::Late(format!(
                "no answer within {} s",
                self.head_timeout.as_secs()
            ))
        };
        tokio::time::timeout(self.head_timeout, self.follow(site, url, via))
            .await
            .map_err(|_| time_up())?
    }

    async fn follow(
        &self,
        site: &Site,
        first: Url,
        via: &HeaderValue,
    ) -> Result<Response, SendError> {
        let mut url = first.clone();
        let mut inside = false;
        for hop in 0..=redirect::HOPS_MAX {
            let home = url.origin() == first.origin();
            let client = if home || inside {
                &self.open
            } else {
                &self.public
            };
            if !home && !inside {
                self.check_public(&url)?;
            }
            let mut request = client.get(url.clone()).header(super::via::HEADER, via);
            if let Some(authorization) = &site.authorization
                && redirect::keeps_credentials(&first, &url)
            {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let response = request.send().await.map_err(failure)?;
            check_head(response.headers())?;
            if !redirect::is_redirect(response.status()) {
                return Ok(response);
            }
            if hop == 0 {
                inside = self.is_inside(&first, response.remote_addr());
            }
            url = redirect::target(&url, response.headers()).map_err(SendError::Bad)?;
        }
        let hops = redirect::HOPS_MAX;
        Err(SendError::Bad(format!("more than {hops} redirects")))
    }

    /// Asks for a URL the configuration names, once, following nothing.
    pub(super) async fn probe(&self, url: Url) -> Option<Response> {
        self.open.get(url).send().await.ok()
    }

    /// Says whether requests for a URL go through an HTTP proxy.
    pub(super) fn is_proxied(&self, url: &Url) -> bool {
        self.rules.proxy(url).is_some()
    }

    /// Says whether a configured upstream lives on an internal address, whose
    /// redirects may lead to others. Behind an HTTP proxy its address is not ours to
    /// know, unless the URL says it.
    fn is_inside(&self, first: &Url, peer: Option<SocketAddr>) -> bool {
        if let Some(address) = literal(first) {
            return address::is_internal(address);
        }
        is_loopback(first)
            || (!self.is_proxied(first) && peer.is_some_and(|peer| address::is_internal(peer.ip())))
    }

    /// Refuses addresses written into a redirect; names are refused when they are resolved.
    fn check_public(&self, url: &Url) -> Result<(), SendError> {
        let internal = match literal(url) {
            Some(address) => address::is_internal(address),
            None => is_loopback(url),
        };
        if internal {
            let host = url.host_str().unwrap_or_default();
            return Err(SendError::Bad(format!(
                "redirect to the internal address {host}"
            )));
        }
        Ok(())
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn check_head(headers: &HeaderMap) -> Result<(), SendError> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if bytes > HEAD_BYTES_MAX {
        let max = HEAD_BYTES_MAX;
        return Err(SendError::Bad(format!(
            "{bytes} bytes of headers where at most {max} are taken"
        )));
    }
    Ok(())
}

fn failure(error: reqwest::Error) -> SendError {
    let (late, unconnected) = (error.is_timeout(), error.is_connect());
    // The innermost causes say what happened; the outer ones only "error sending
    // request", and the URL, which the caller knows in its redacted form.
    let mut text = chain(&error.without_url());
    for outer in ["error sending request: ", "client error (Connect): "] {
        if let Some(inner) = text.strip_prefix(outer) {
            text = inner.to_owned();
        }
    }
    if text.contains(REFUSED_INSIDE) {
        SendError::Bad(format!("redirect to a name with an {REFUSED_INSIDE}"))
    } else if late && unconnected {
        SendError::Unconnected(text)
    } else if late {
        SendError::Late(text)
    } else {
        SendError::Broken(text)
    }
}

/// Joins an error and its causes, leaving out repetitions.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    // Chains are short; the bound is for a source that names itself.
    for _ in 0..16 {
        let Some(error) = next else { break };
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

fn build(
    settings: &config::Upstream,
    rules: &Arc<Rules>,
    extra: &[Certificate],
    guard: Option<PublicOnly>,
) -> Result<reqwest::Client, Error> {
    // A second installation fails, and the first one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let proxies = Arc::clone(rules);
        let builder = base_builder(settings).proxy(reqwest::Proxy::custom(move |url| {
            proxies.proxy(url).cloned()
        }));
        match &guard {
            Some(guard) => builder.dns_resolver(guard.clone()),
            None => builder,
        }
    };
    let with_system_roots = extra
        .iter()
        .cloned()
        .fold(builder(), |builder, certificate| {
            builder.tls_certs_merge([certificate])
        })
        .build();
    // A container may hold no system roots at all. Plain http, file trees and a
    // private authority still work there; everything else will say which
    // certificate it could not trust.
    with_system_roots.or_else(|error| {
        tracing::warn!(
            error = chain(&error),
            "no certificates of the system to trust"
        );
        builder()
            .tls_certs_only(extra.iter().cloned())
            .build()
            .map_err(|error| Error::Client(chain(&error)))
    })
}

fn base_builder(settings: &config::Upstream) -> ClientBuilder {
    let mut headers = HeaderMap::new();
    // Bytes are kept as they come, so they must not come compressed.
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    reqwest::Client::builder()
        .user_agent(concat!("sumward/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .http2_max_header_list_size(64 * 1024)
        .http2_initial_stream_window_size(1024 * 1024)
        .http2_initial_connection_window_size(8 * 1024 * 1024)
}

/// Connections kept for later to one host.
const IDLE_PER_HOST_MAX: usize = 32;

fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let fail = |reason: String| Error::CaFile {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| fail(chain(&error)))?;
    if found.is_empty() {
        return Err(fail("no certificate in it".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use reqwest::dns::Resolve as _;

    use super::*;
    use crate::config::HttpProxy;

    fn client(proxy: Option<&str>) -> Client {
        let settings = config::Upstream {
            http_proxy: HttpProxy {
                http: proxy.map(str::to_owned),
                ..HttpProxy::default()
            },
            ..config::Upstream::default()
        };
        Client::new(&settings).expect("good settings")
    }

    /// Resolves `localhost` the way redirects of public upstreams are resolved.
    async fn resolved(client: &Client) -> Result<usize, String> {
        let guard = PublicOnly {
            rules: Arc::clone(&client.rules),
        };
        let name = "localhost".parse().expect("a name");
        match guard.resolve(name).await {
            Ok(addresses) => Ok(addresses.count()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused_when_resolved() {
        let client = client(None);
        let error = resolved(&client).await.expect_err("inside");
        assert!(error.contains(REFUSED_INSIDE), "{error}");
        // As it comes back through the layers of the client.
        let sent = client.public.get("http://localhost:1/").send().await;
        let error = failure(sent.expect_err("refused"));
        assert!(matches!(error, SendError::Bad(_)), "{error:?}");
    }

    #[tokio::test]
    async fn the_proxy_of_the_configuration_may_live_inside() {
        let client = client(Some("http://localhost:3128"));
        assert!(resolved(&client).await.is_ok());
    }
}
