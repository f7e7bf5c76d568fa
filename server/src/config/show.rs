//! The settings as a configuration file.

use std::path::PathBuf;

use proto::goproxy::list::redacted;
use serde_json::{Map, Value, json};

use super::unit::{print_duration, print_size};
use super::{Config, Database, word};

/// Prints every setting as YAML under the keys of the configuration file; read
/// back it gives the same settings, unless secrets were left out.
pub(super) fn print(config: &Config) -> String {
    let mut root = Map::new();
    let mut put = |key: &str, value: Value| {
        root.insert(key.to_owned(), value);
    };
    put("data", json!(config.data.display().to_string()));
    put("listen", json!(config.listen.to_string()));
    put(
        "admin",
        json!(config.admin.as_ref().map(ToString::to_string)),
    );
    let tls = config.tls.as_ref().map(|tls| {
        json!({
            "certificate": tls.certificate.display().to_string(),
            "key": tls.key.display().to_string(),
        })
    });
    put("tls", json!(tls));
    put("upstream", upstream(config));
    put("databases", config.databases.iter().map(database).collect());
    put(
        "proof",
        json!({
            "mode": word::print_mode(config.proof.mode),
            "exempt": config.proof.exempt.to_string(),
            "pause": print_duration(config.proof.pause),
        }),
    );
    put("cache", cache(config));
    put("limits", limits(config));
    put(
        "log",
        json!({
            "format": word::print_format(config.log.format),
            "level": config.log.level,
        }),
    );
    serde_norway::to_string(&root).expect("texts, numbers and maps of them are YAML")
}

fn upstream(config: &Config) -> Value {
    let upstream = &config.upstream;
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let proxy = |proxy: &Option<String>| proxy.as_deref().map(redacted);
    json!({
        "list": upstream.list.to_string(),
        "ca_file": path(&upstream.ca_file),
        "netrc": path(&upstream.netrc),
        "http_proxy": proxy(&upstream.http_proxy.http),
        "https_proxy": proxy(&upstream.http_proxy.https),
        "no_proxy": upstream.http_proxy.except,
        "connect_timeout": print_duration(upstream.connect_timeout),
        "read_timeout": print_duration(upstream.read_timeout),
        "attempts": upstream.attempts,
        "backoff_min": print_duration(upstream.backoff_min),
        "backoff_max": print_duration(upstream.backoff_max),
        "breaker": {
            "failures_max": upstream.breaker.failures_max,
            "open_min": print_duration(upstream.breaker.open_min),
            "open_max": print_duration(upstream.breaker.open_max),
        },
    })
}

fn database(database: &Database) -> Value {
    json!({
        "name": database.name,
        "key": database.key.to_string(),
        "url": database.url.as_deref().map(redacted),
        "modules": database.modules.as_ref().map(ToString::to_string),
    })
}

fn cache(config: &Config) -> Value {
    let cache = &config.cache;
    json!({
        "list_fresh": print_duration(cache.list_fresh),
        "negative_ttl": print_duration(cache.negative_ttl),
        "negative_entries_max": cache.negative_entries_max,
        "hot_bytes_max": print_size(cache.hot_bytes_max),
        "disk_free_min": print_size(cache.disk_free_min),
    })
}

fn limits(config: &Config) -> Value {
    let limits = &config.limits;
    json!({
        "connections_max": limits.connections_max,
        "header_bytes_max": print_size(limits.header_bytes_max as u64),
        "header_read_timeout": print_duration(limits.header_read_timeout),
        "idle_timeout": print_duration(limits.idle_timeout),
        "write_stall_timeout": print_duration(limits.write_stall_timeout),
        "fetches_max": limits.fetches_max,
        "waiting_max": limits.waiting_max,
        "zip_bytes_max": print_size(limits.zip_bytes_max),
        "mod_bytes_max": print_size(limits.mod_bytes_max),
        "text_bytes_max": print_size(limits.text_bytes_max),
        "drain_timeout": print_duration(limits.drain_timeout),
    })
}
