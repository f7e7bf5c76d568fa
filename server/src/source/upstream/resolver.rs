//! Resolving names that a public upstream redirects to.

use std::io;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address;
use super::http_proxy::Rules;
use super::target::is_localhost;

/// What the refusal of such a name says.
pub(super) const REFUSED_INSIDE: &str = "internal address";

/// Resolves names as the system does and refuses those that lead inside, at the
/// moment of connecting: a name that changes its address in between gains nothing.
#[derive(Debug, Clone)]
pub(super) struct PublicOnly {
    pub(super) rules: Arc<Rules>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        // The HTTP proxy of the configuration may well live inside.
        let trusted = self.rules.names(&name);
        Box::pin(async move {
            if is_localhost(&name) && !trusted {
                return Err(inside(&name));
            }
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !trusted && found.iter().any(|found| address::is_internal(found.ip())) {
                return Err(inside(&name));
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

fn inside(name: &str) -> Box<dyn std::error::Error + Send + Sync> {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{name} has an {REFUSED_INSIDE}"),
    )
    .into()
}
