//! Sources that are quick to give up.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use proto::goproxy::list::ProxyList;
use proto::module::pattern::Patterns;

use crate::config::{self, Config};
use crate::metrics::Metrics;
use crate::source::Class;
use crate::source::upstream::tests::kit::{INSTANCE, settings};
use crate::source::upstream::{FetchError, Want};
use crate::source::{Facts, Sources};

pub(super) fn config(list: &str) -> Config {
    Config {
        upstream: settings(list),
        ..Config::new(PathBuf::new())
    }
}

pub(super) fn private(modules: &str, list: Option<&str>) -> config::Private {
    config::Private {
        modules: Patterns::parse(modules).expect("patterns"),
        list: list.map(|list| ProxyList::parse(list).expect("a list")),
    }
}

pub(super) fn open(config: &Config) -> Arc<Sources> {
    let sources = Sources::new(config, INSTANCE, Metrics::new([], []));
    Arc::new(sources.expect("good settings"))
}

pub(super) fn want(class: Class) -> Want {
    Want {
        body_max: 1 << 20,
        via: "client, test-instance".parse().expect("a header value"),
        class,
    }
}

/// Asks for `path` of module `m` and takes whatever comes whole, `bad` excepted.
pub(super) async fn text(sources: &Arc<Sources>, path: &str) -> Result<String, FetchError> {
    let asking = sources.ask("m", path, want(Class::Text))?;
    let (text, _, _) = asking.text(not_bad).await?;
    Ok(text)
}

pub(super) fn not_bad(bytes: &Bytes, _: &Facts) -> Result<String, String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if text == "bad" {
        return Err("it is bad".to_owned());
    }
    Ok(text)
}
