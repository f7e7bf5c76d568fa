//! The HTTP client: proxies on the way, redirects and their bounds.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use reqwest::{ClientBuilder, Response};
use rustls::ClientConfig;
use url::Url;

use super::error::chain;
use super::http_proxy::Rules;
use super::reach::{Named, Reach, is_inside};
use super::resolver::{Lookups, REFUSED_INSIDE, Within};
use super::target::Site;
use super::{Error, redirect, trust};
use crate::config;
use crate::telemetry::context::Context;

/// Sends requests. A connection pool for each [`Reach`]: a connection that one request
/// may have made is not lent to another that may not.
#[derive(Debug)]
pub(super) struct Client {
    anywhere: reqwest::Client,
    network: reqwest::Client,
    public: reqwest::Client,
    named: Named,
    rules: Arc<Rules>,
    lookups: Arc<Lookups>,
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

impl SendError {
    /// What happened, in words.
    pub(super) fn text(&self) -> &str {
        let (Self::Broken(text) | Self::Unconnected(text) | Self::Late(text) | Self::Bad(text)) =
            self;
        text
    }
}

/// Bytes of an answer's head. Hyper stops reading at some 400 KiB; what is kept
/// and handed on is held to less.
const HEAD_BYTES_MAX: usize = 64 * 1024;

impl Client {
    pub(super) fn new(settings: &config::Upstream) -> Result<Self, Error> {
        let rules = Arc::new(Rules::new(&settings.http_proxy)?);
        let tls = trust::tls(settings.ca_file.as_deref())?;
        let lookups = Arc::new(Lookups::default());
        let pool = |reach| {
            let within = Within {
                reach,
                lookups: Arc::clone(&lookups),
                rules: Arc::clone(&rules),
            };
            build(settings, &tls, within)
        };
        Ok(Self {
            anywhere: pool(Reach::Anywhere)?,
            network: pool(Reach::Network)?,
            public: pool(Reach::Public)?,
            named: Named::new(settings),
            lookups: Arc::clone(&lookups),
            rules: Arc::clone(&rules),
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
        let mut sender_inside = false;
        for _ in 0..=redirect::HOPS_MAX {
            let reach = if url.origin() == first.origin() || self.named.contains(&url) {
                Reach::Anywhere
            } else if sender_inside {
                Reach::Network
            } else {
                Reach::Public
            };
            reach.check(&url).map_err(SendError::Bad)?;
            let client = self.pool(reach);
            let mut request = client.get(url.clone()).header(super::via::HEADER, via);
            if let Some(headers) = context_headers() {
                request = request.headers(headers);
            }
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
            let peer = response.remote_addr().filter(|_| !self.is_proxied(&url));
            sender_inside = is_inside(&url, peer);
            url = redirect::target(&url, response.headers()).map_err(SendError::Bad)?;
        }
        let hops = redirect::HOPS_MAX;
        Err(SendError::Bad(format!("more than {hops} redirects")))
    }

    /// Posts to a URL the configuration names, once, following nothing.
    pub(super) async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        body: bytes::Bytes,
    ) -> Result<Response, SendError> {
        let mut request = self.anywhere.post(url).headers(headers).body(body);
        if let Some(headers) = context_headers() {
            request = request.headers(headers);
        }
        let response = request.send().await.map_err(failure)?;
        check_head(response.headers())?;
        Ok(response)
    }

    /// Asks for a URL the configuration names, once, following nothing.
    pub(super) async fn probe(&self, url: Url) -> Option<Response> {
        self.anywhere.get(url).send().await.ok()
    }

    /// Returns the addresses of a name.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn lookup(&self, name: &str) -> io::Result<Arc<[SocketAddr]>> {
        self.lookups.find(name).await
    }

    /// Says whether requests for a URL go through an HTTP proxy.
    pub(super) fn is_proxied(&self, url: &Url) -> bool {
        self.rules.proxy(url).is_some()
    }

    fn pool(&self, reach: Reach) -> &reqwest::Client {
        match reach {
            Reach::Anywhere => &self.anywhere,
            Reach::Network => &self.network,
            Reach::Public => &self.public,
        }
    }
}

/// What makes whoever is asked part of the trace.
fn context_headers() -> Option<HeaderMap> {
    Context::with(|context| {
        let mut headers = HeaderMap::new();
        context?.inject(&mut headers);
        Some(headers)
    })
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

fn build(
    settings: &config::Upstream,
    tls: &ClientConfig,
    within: Within,
) -> Result<reqwest::Client, Error> {
    let proxies = Arc::clone(&within.rules);
    base_builder(settings)
        .proxy(reqwest::Proxy::custom(move |url| {
            proxies.proxy(url).cloned()
        }))
        .dns_resolver(within)
        .tls_backend_preconfigured(tls.clone())
        .build()
        .map_err(|error| Error::Client(chain(&error)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_that_lead_inside_are_refused_through_all_layers() {
        let client = Client::new(&config::Upstream::default()).expect("good settings");
        let sent = client.public.get("http://localhost:1/").send().await;
        let error = failure(sent.expect_err("refused"));
        assert!(matches!(error, SendError::Bad(_)), "{error:?}");
    }
}
