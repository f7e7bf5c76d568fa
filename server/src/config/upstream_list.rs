//! The upstream list in the syntax of `GOPROXY`, and the proxies on the way.

use proto::goproxy::list::{Proxy, ProxyList, redacted};
use serde::{Deserialize, Serialize};
use serde_norway::Value;
use url::{Host, Url};

use super::Private;
use super::kind::{Kind, Said, comma_list, name};
use super::schema::Schema;
use super::upstream::UPSTREAM_LIST;
use super::word::ModulePatterns;

/// Module proxies, never `direct`.
pub(super) struct Upstreams;

impl Kind for Upstreams {
    type Setting = ProxyList;

    fn parse(text: &str) -> Result<ProxyList, String> {
        let list = ProxyList::parse(text).map_err(|error| error.to_string())?;
        for entry in list.entries() {
            match &entry.proxy {
                Proxy::Url(url) => check_url(url)?,
                Proxy::Off => {}
                Proxy::Direct => {
                    return Err(format!(
                        "`direct` is not supported: modules are fetched from proxies only, not from version control; write `{}`",
                        without_direct(&list)
                    ));
                }
            }
        }
        Ok(list)
    }

    fn print(list: &ProxyList) -> String {
        list.to_string()
    }
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

/// Checks that a URL can be asked, and that it sends no password in the clear.
pub(super) fn check_url(text: &str) -> Result<(), String> {
    let shown = redacted(text);
    let url = Url::parse(text).map_err(|error| format!("`{shown}` is not a URL: {error}"))?;
    let has_userinfo = !url.username().is_empty() || url.password().is_some();
    if has_userinfo && url.scheme() == "http" && !is_this_machine(&url) {
        return Err(format!(
            "`{shown}` would send its credentials over plain http; use https, or leave them out"
        ));
    }
    Ok(())
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Where private modules come from: a list of entries.
pub(super) struct PrivateEntries;

/// An entry as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PrivateEntry {
    modules: Option<Said<ModulePatterns>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<Said<Upstreams>>,
}

const ENTRY_KEYS: [&str; 2] = ["modules", "list"];

impl Kind for PrivateEntries {
    type Setting = Vec<Private>;

    fn parse(text: &str) -> Result<Vec<Private>, String> {
        Self::read(&Value::String(text.to_owned()))
    }

    fn print(entries: &Vec<Private>) -> String {
        format!("{:?}", Self::write(entries))
    }

    fn read(value: &Value) -> Result<Vec<Private>, String> {
        let Value::Sequence(items) = value else {
            return Err(format!(
                "want a list such as [{{modules: corp.example, list: 'https://proxy.corp.example'}}], found {}",
                name(value)
            ));
        };
        items.iter().map(read_private).collect()
    }

    fn write(entries: &Vec<Private>) -> Value {
        let entry = |entry: &Private| PrivateEntry {
            modules: Some(Said(entry.modules.clone())),
            list: entry.list.clone().map(Said),
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        serde_norway::to_value(entries).expect("patterns and lists are texts")
    }

    fn schema() -> Schema {
        Schema::List(&ENTRY_KEYS)
    }
}

fn read_private(value: &Value) -> Result<Private, String> {
    if !value.is_mapping() {
        return Err(format!("want `modules` and `list`, found {}", name(value)));
    }
    let entry: PrivateEntry = serde_norway::from_value(value.clone()).map_err(|e| e.to_string())?;
    match entry.modules {
        Some(Said(modules)) if !modules.is_empty() => Ok(Private {
            modules,
            list: entry.list.map(|list| list.0),
        }),
        Some(_) | None => Err("needs `modules`: the patterns of the modules it is for".to_owned()),
    }
}

/// The URL of an HTTP proxy. Go takes an address without a scheme for an http one.
pub(super) struct HttpProxyUrl;

impl Kind for HttpProxyUrl {
    type Setting = String;

    fn parse(text: &str) -> Result<String, String> {
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let shown = redacted(&full);
        let url = Url::parse(&full).map_err(|error| format!("`{shown}` is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{shown}` is not an http or https proxy"));
        }
        Ok(full)
    }

    fn print(url: &String) -> String {
        redacted(url)
    }
}

/// The comma list of `NO_PROXY`, as it is written.
pub(super) struct NoProxy;

impl Kind for NoProxy {
    type Setting = Option<String>;

    fn parse(text: &str) -> Result<Option<String>, String> {
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn print(hosts: &Option<String>) -> String {
        hosts.clone().unwrap_or_default()
    }

    fn read(value: &Value) -> Result<Option<String>, String> {
        Self::parse(&comma_list(value)?)
    }
}
