//! Settings as they may be shown. A report of this command is for the people of the
//! host and those they give it to: paths, servers and patterns are shown, and nothing that
//! could be a password.

use crate::host::public::{self, SET, Shown, WITHHELD};

use super::ProxyEntry;
use super::known::names_compiler_of_target;

/// Settings that are a path, or several.
const PATHS: &[&str] = &[
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "GOBIN",
    "GOCACHE",
    "GOENV",
    "GOMODCACHE",
    "GOPATH",
    "GOROOT",
    "GOROOT_FINAL",
    "GOTMPDIR",
    "GOWORK",
    "GO_LDSO",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_SYSROOT_DIR",
    "TMPDIR",
];

/// Settings that are a program and its arguments.
const PROGRAMS: &[&str] = &[
    "AR",
    "CC",
    "CXX",
    "FC",
    "GCCGO",
    "GOCACHEPROG",
    "PKG_CONFIG",
];

/// Settings that are lists of module patterns.
const PATTERNS: &[&str] = &["GOINSECURE", "GONOPROXY", "GONOSUMDB", "GOPRIVATE"];

/// Returns a setting as it may be shown.
pub(super) fn setting(name: &str, value: &str) -> Shown {
    let plain = |is_plain: bool| Shown {
        text: if is_plain { value } else { SET }.to_owned(),
        is_whole: is_plain,
    };
    match name {
        _ if PATHS.contains(&name) => plain(is_path(value)),
        _ if PATTERNS.contains(&name) => plain(is_patterns(value)),
        _ if PROGRAMS.contains(&name) || names_compiler_of_target(name) => program(value),
        "GODEBUG" => debug(value),
        "GOPROXY" => proxies(value),
        "GOSUMDB" => {
            let text = database(value);
            let is_whole = text == value;
            Shown { text, is_whole }
        }
        _ => public::variable(name, value),
    }
}

/// Returns the name of a database, without key and address.
pub(super) fn database(value: &str) -> String {
    let key = value.split_ascii_whitespace().next().unwrap_or_default();
    let name = key.split('+').next().unwrap_or_default();
    if is_host(name) { name } else { SET }.to_owned()
}

/// Returns a server of GOPROXY by scheme and host.
pub(super) fn server(url: &str) -> ProxyEntry {
    let parsed = url::Url::parse(url).ok();
    let Some(parsed) = parsed.filter(url::Url::has_host) else {
        let is_file = url.starts_with("file:");
        return ProxyEntry {
            server: if is_file { "file:" } else { SET }.to_owned(),
            ..ProxyEntry::default()
        };
    };
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    let is_here = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
    ProxyEntry {
        server: format!("{}://{host}{port}", parsed.scheme()),
        has_password: parsed.password().is_some() || !parsed.username().is_empty(),
        is_plain: parsed.scheme() == "http" && !is_here,
        answers: String::new(),
    }
}

fn proxies(value: &str) -> Shown {
    let mut is_whole = true;
    let shown = |entry: &str| match entry.trim() {
        word @ ("off" | "direct" | "") => word.to_owned(),
        address => {
            let bare = !address.contains("://");
            let full = if bare {
                format!("https://{address}")
            } else {
                address.to_owned()
            };
            let server = server(&full).server;
            is_whole &= !bare && server == address;
            server
        }
    };
    let texts: Vec<String> = value.split([',', '|']).map(shown).collect();
    Shown {
        text: texts.join(","),
        is_whole: is_whole && !value.contains('|'),
    }
}

/// The program, and of its arguments those that may be shown.
fn program(value: &str) -> Shown {
    let mut words = proto::goflags::split(value).into_iter();
    let first = words.next().unwrap_or_default();
    let is_shown = is_path(&first);
    let rest: Vec<String> = words.collect();
    let rest = public::variable("CGO_CFLAGS", &rest.join(" "));
    let first = if is_shown { first } else { WITHHELD.to_owned() };
    Shown {
        text: format!("{first} {}", rest.text).trim_end().to_owned(),
        is_whole: is_shown && rest.is_whole,
    }
}

fn is_path(value: &str) -> bool {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+:~ ".contains(letter);
    value.chars().all(is_plain) && !value.contains("://")
}

/// How names are looked up, and nothing else of it: `netdns=go,…`.
fn debug(value: &str) -> Shown {
    let is_shown = |pair: &str| {
        let order = pair.strip_prefix("netdns=");
        order.is_some_and(|order| order.split('+').all(|word| NETDNS.contains(&word)))
    };
    let pairs = value.split(',');
    let shown: Vec<&str> = pairs
        .map(|pair| if is_shown(pair) { pair } else { WITHHELD })
        .collect();
    Shown {
        is_whole: !shown.contains(&WITHHELD),
        text: shown.join(","),
    }
}

/// Source: package net, "Name Resolution"
const NETDNS: [&str; 5] = ["go", "cgo", "1", "2", "9"];

fn is_patterns(value: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-~*?,[]".contains(letter);
    value.chars().all(is_plain)
}

fn is_host(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/.-".contains(letter);
    !text.is_empty() && text.chars().all(is_plain)
}
