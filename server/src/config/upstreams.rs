//! The upstream list in the syntax of `GOPROXY`, and the proxies on the way.

use proto::goproxy::list::{Proxy, ProxyList, redacted};
use url::Url;

use super::UPSTREAM_LIST;

/// Parses the upstream list and refuses what the server cannot do.
pub(super) fn parse(text: &str) -> Result<ProxyList, String> {
    let list = ProxyList::parse(text).map_err(|error| error.to_string())?;
    let is_direct = |proxy: &Proxy| matches!(proxy, Proxy::Direct);
    if list.entries().iter().any(|entry| is_direct(&entry.proxy)) {
        return Err(format!(
            "`direct` is not supported: modules are fetched from proxies only, not from version control; write `{}`",
            without_direct(&list)
        ));
    }
    Ok(list)
}

/// Parses the URL of an HTTP proxy; `off` is none. Go takes an address without a
/// scheme for an http one.
pub(super) fn parse_http_proxy(text: &str) -> Result<Option<String>, String> {
    if text == "off" {
        return Ok(None);
    }
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let shown = redacted(&full);
    let url = Url::parse(&full).map_err(|error| format!("`{shown}` is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{shown}` is not an http or https proxy"));
    }
    Ok(Some(full))
}

/// The list to write in place of one that ends in `direct`.
fn without_direct(list: &ProxyList) -> String {
    let text = list.to_string();
    let before = text.trim_end_matches("direct").trim_end_matches([',', '|']);
    if before.is_empty() {
        UPSTREAM_LIST.to_owned()
    } else {
        before.to_owned()
    }
}
