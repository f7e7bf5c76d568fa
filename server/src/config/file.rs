//! The configuration file.

use std::path::PathBuf;
use std::time::Duration;

use super::databases;
use super::layer::Layer;
use super::problem::Problem;
use super::word::{parse_format, parse_level, parse_mode};
use super::yaml::{Document, Section};
use super::{Config, HttpProxy, address, unit, upstreams};

/// Reads the text of a configuration file: what other sources may also give goes
/// into the layer that is returned, the rest into `config`.
pub(super) fn read(name: &str, text: &str, config: &mut Config) -> (Layer, Vec<Problem>) {
    let document = match Document::parse(name, text) {
        Ok(document) => document,
        Err(problem) => return (Layer::default(), vec![problem]),
    };
    let layer = read_root(&document, config);
    (layer, document.into_problems())
}

fn read_root(document: &Document, config: &mut Config) -> Layer {
    let mut layer = Layer::default();
    let mut root = document.root();
    layer.data = root.parsed("data", path);
    layer.listen = root.parsed("listen", address::parse);
    layer.admin = root.parsed("admin", address::parse);
    read_tls(root.section("tls"), &mut layer);
    read_upstream(root.section("upstream"), config, &mut layer);
    layer.databases = databases::read(document, &mut root);
    read_proof(root.section("proof"), config, &mut layer);
    read_cache(root.section("cache"), config);
    read_limits(root.section("limits"), config);
    read_log(root.section("log"), &mut layer);
    root.done();
    layer
}

fn read_tls(mut tls: Section<'_>, layer: &mut Layer) {
    layer.certificate = tls.parsed("certificate", path);
    layer.key = tls.parsed("key", path);
    tls.done();
}

fn read_upstream(mut section: Section<'_>, config: &mut Config, layer: &mut Layer) {
    layer.list = section.parsed("list", upstreams::parse);
    layer.ca_file = section.parsed("ca_file", path);
    layer.netrc = section.parsed("netrc", path);
    layer.http_proxy = read_http_proxy(&mut section);
    let upstream = &mut config.upstream;
    section.set("connect_timeout", &mut upstream.connect_timeout, timeout);
    section.set("read_timeout", &mut upstream.read_timeout, timeout);
    section.set("attempts", &mut upstream.attempts, |text| {
        number(text, 1, 100)
    });
    section.set("backoff_min", &mut upstream.backoff_min, timeout);
    section.set("backoff_max", &mut upstream.backoff_max, timeout);
    if upstream.backoff_max < upstream.backoff_min {
        section.problem("backoff_max", "is shorter than `backoff_min`");
    }
    let breaker = &mut upstream.breaker;
    let mut inner = section.section("breaker");
    inner.set("failures_max", &mut breaker.failures_max, |text| {
        number(text, 1, 1_000_000)
    });
    inner.set("open_min", &mut breaker.open_min, timeout);
    inner.set("open_max", &mut breaker.open_max, timeout);
    if breaker.open_max < breaker.open_min {
        inner.problem("open_max", "is shorter than `open_min`");
    }
    inner.done();
    section.done();
}

/// The three keys are one setting: with one of them here, the environment's are not
/// looked at.
fn read_http_proxy(upstream: &mut Section<'_>) -> Option<HttpProxy> {
    let http = upstream.parsed("http_proxy", upstreams::parse_http_proxy);
    let https = upstream.parsed("https_proxy", upstreams::parse_http_proxy);
    let except = upstream.list("no_proxy", |text| Ok(text.to_owned()));
    if http.is_none() && https.is_none() && except.is_none() {
        return None;
    }
    Some(HttpProxy {
        http: http.flatten(),
        https: https.flatten(),
        except,
    })
}

fn read_proof(mut section: Section<'_>, config: &mut Config, layer: &mut Layer) {
    layer.mode = section.parsed("mode", parse_mode);
    layer.exempt = section.list("exempt", databases::parse_patterns);
    section.set("pause", &mut config.proof.pause, unit::parse_duration);
    section.done();
}

fn read_cache(mut section: Section<'_>, config: &mut Config) {
    let cache = &mut config.cache;
    section.set("list_fresh", &mut cache.list_fresh, unit::parse_duration);
    section.set(
        "negative_ttl",
        &mut cache.negative_ttl,
        unit::parse_duration,
    );
    section.set(
        "negative_entries_max",
        &mut cache.negative_entries_max,
        |text| number(text, 1, 10_000_000),
    );
    section.set("hot_bytes_max", &mut cache.hot_bytes_max, unit::parse_size);
    section.set("disk_free_min", &mut cache.disk_free_min, unit::parse_size);
    section.done();
}

fn read_limits(mut section: Section<'_>, config: &mut Config) {
    let limits = &mut config.limits;
    let count = |text: &str| number(text, 1, 1_000_000);
    section.set("connections_max", &mut limits.connections_max, count);
    section.set("header_bytes_max", &mut limits.header_bytes_max, |text| {
        let bytes = size(text, HEADER_BYTES_MIN, 1 << 20)?;
        usize::try_from(bytes).map_err(|error| error.to_string())
    });
    section.set(
        "header_read_timeout",
        &mut limits.header_read_timeout,
        timeout,
    );
    section.set("idle_timeout", &mut limits.idle_timeout, timeout);
    section.set(
        "write_stall_timeout",
        &mut limits.write_stall_timeout,
        timeout,
    );
    section.set("fetches_max", &mut limits.fetches_max, count);
    section.set("waiting_max", &mut limits.waiting_max, count);
    let body = |text: &str| size(text, 1 << 10, BODY_BYTES_MAX);
    section.set("zip_bytes_max", &mut limits.zip_bytes_max, body);
    section.set("mod_bytes_max", &mut limits.mod_bytes_max, body);
    section.set("text_bytes_max", &mut limits.text_bytes_max, body);
    section.set(
        "drain_timeout",
        &mut limits.drain_timeout,
        unit::parse_duration,
    );
    section.done();
}

fn read_log(mut section: Section<'_>, layer: &mut Layer) {
    layer.format = section.parsed("format", parse_format);
    layer.level = section.parsed("level", parse_level);
    section.done();
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("is empty; want a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// A duration that must not be zero: something waits this long.
fn timeout(text: &str) -> Result<Duration, String> {
    let duration = unit::parse_duration(text)?;
    if duration.is_zero() {
        return Err("must be longer than zero".to_owned());
    }
    Ok(duration)
}

fn number<T: TryFrom<u64>>(text: &str, min: u64, max: u64) -> Result<T, String> {
    text.parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("`{text}` is no whole number from {min} to {max}"))
}

fn size(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let bytes = unit::parse_size(text)?;
    if !(min..=max).contains(&bytes) {
        let (min, max) = (unit::print_size(min), unit::print_size(max));
        return Err(format!("`{text}` is not between {min} and {max}"));
    }
    Ok(bytes)
}

/// hyper takes no smaller buffer for a request's head.
const HEADER_BYTES_MIN: u64 = 8 << 10;

/// No answer is larger: a zip beyond Go's 500 MiB is of no use to a go command.
const BODY_BYTES_MAX: u64 = 4 << 30;
