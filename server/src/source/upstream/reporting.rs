//! The client that carries traces and reports of errors away: on threads of its own that
//! may block, with the trust and by the HTTP proxies of upstreams.

use std::sync::Arc;
use std::time::Duration;

use super::error::chain;
use super::http_proxy::Rules;
use super::{Error, trust};
use crate::config;

/// How long one request may take in all.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// Makes the client. To be called outside of the async runtime, which must not be blocked.
///
/// # Errors
/// The settings of upstreams cannot be used.
pub(crate) fn client(settings: &config::Upstream) -> Result<reqwest::blocking::Client, Error> {
    let rules = Arc::new(Rules::new(&settings.http_proxy)?);
    let tls = trust::tls(settings.ca_file.as_deref())?;
    reqwest::blocking::Client::builder()
        .user_agent(concat!("sumward/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .proxy(reqwest::Proxy::custom(move |url| rules.proxy(url).cloned()))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(settings.connect_timeout.min(REQUEST_MAX))
        .timeout(REQUEST_MAX)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|error| Error::Client(chain(&error)))
}
