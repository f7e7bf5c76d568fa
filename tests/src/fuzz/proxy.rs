//! Requests, settings and answers of the GOPROXY protocol.

use proto::goproxy::list::{Proxy, ProxyList};
use proto::goproxy::sumdb::SumdbRequest;
use proto::goproxy::{self, Request};
use proto::info::{Info, versions};
use proto::modcache::{Found, find};
use proto::module::{Version, pseudo};

use super::names::is_safe_path;
use super::text;

/// The path of a file below a module cache or the storage of another proxy.
pub fn modcache(data: &[u8]) {
    let Found::File(request) = find(&text(data)) else {
        return;
    };
    let place = request.path();
    is_safe_path(&place);
    assert!(request.version().is_some(), "{place}");
    // Every place of a tree is found where it lies.
    assert_eq!(find(&place), Found::File(request));
}

/// The path of a URL, or what follows `/sumdb/<name>/`.
pub fn goproxy_request(data: &[u8]) {
    let text = text(data);
    if let Ok(request) = SumdbRequest::parse(&text) {
        assert_eq!(request.path(), text);
        is_safe_path(&text);
    }
    let Ok(path) = goproxy::decode(&text) else {
        return;
    };
    assert_eq!(goproxy::decode(&goproxy::encode(&path)).as_ref(), Ok(&path));
    let path = path.strip_prefix('/').unwrap_or(&path);
    let Ok(request) = Request::parse(path) else {
        return;
    };
    assert_eq!(request.path(), path);
    is_safe_path(path);
    assert!(path.is_ascii() && path == path.to_lowercase());
    if let Some(module) = request.version() {
        assert!(path.contains(&module.version.escaped()));
        assert_eq!(&module.path, request.module());
    }
}

/// A value of GOPROXY.
pub fn proxy_list(data: &[u8]) {
    let text = text(data);
    let Ok(list) = ProxyList::parse(&text) else {
        return;
    };
    assert!(!list.entries().is_empty());
    let mut raw = String::new();
    for entry in list.entries() {
        let name = match &entry.proxy {
            Proxy::Url(url) => {
                let user = authority(url).rsplit_once('@').map(|(user, _)| user);
                let shown = format!("{:?}", entry.proxy);
                if user.is_some_and(|user| user != "xxxxx") {
                    assert!(authority(&shown).starts_with("xxxxx@"), "{shown}");
                }
                // A folder's name may end in a space, which a list trims.
                if url.trim_end() != url {
                    return;
                }
                url.clone()
            }
            other => other.to_string(),
        };
        raw.push_str(&name);
        raw.push(match entry.separator {
            goproxy::list::Fallback::NotFound => ',',
            goproxy::list::Fallback::AnyError => '|',
        });
    }
    assert_eq!(ProxyList::parse(&raw).as_ref(), Ok(&list), "{raw}");
}

fn authority(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or_default()
}

/// An answer to `.info`.
pub fn info(data: &[u8]) {
    let Ok(info) = Info::parse(data) else {
        return;
    };
    assert!(Version::parse(&info.version).is_ok());
    // Strings that are not read may be broken, as they may for Go.
    let json: Result<serde_json::Value, _> = serde_json::from_str(&text(data));
    let Ok(serde_json::Value::Object(object)) = json else {
        return;
    };
    let named = |value: &serde_json::Value| value.as_str() == Some(&info.version);
    assert!(object.values().any(named));
}

/// An answer to `list`.
pub fn version_list(data: &[u8]) {
    let Ok(list) = versions::parse(data) else {
        return;
    };
    let text = text(data);
    for listed in list {
        assert!(!pseudo::is_pseudo(listed.version.as_str()));
        assert!(text.contains(listed.version.as_str()));
    }
}
