//! Layers from the command line and from the environment.

use std::path::{Path, PathBuf};

use serde_norway::{Mapping, Value};

use super::environment::{Environment, PREFIX, variable};
use super::kind::{Kind as _, OFF, Part as _};
use super::layer::{Layer, Origin};
use super::partial::Partial;
use super::problem::Problem;
use super::schema::{Schema, nearest, removed};
use super::word::ModulePatterns;
use crate::args::Flags;

/// Reads the flags, `--set` among them.
pub(super) fn of_flags(flags: &Flags, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::default();
    let mut put = |flag: &'static str, path: &str, value: Option<Value>| {
        if let Some(value) = value {
            layer.put(path, value, &Origin::Flag(flag), problems);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let file = |path: &Option<PathBuf>| path.as_deref().map(path_value);
    put("--data", "data", file(&flags.data));
    put("--listen", "listen", text(&flags.listen));
    put("--admin", "admin", text(&flags.admin));
    put("--tls-cert", "tls.certificate", file(&flags.tls_cert));
    put("--tls-key", "tls.key", file(&flags.tls_key));
    put("--upstream", "upstream.list", text(&flags.upstream));
    put("--ca-file", "upstream.ca_file", file(&flags.ca_file));
    put("--netrc", "upstream.netrc", file(&flags.netrc));
    put("--database", "databases", databases_value(&flags.database));
    put("--own-database", "own.key", file(&flags.own_database));
    put("--proof", "proof.mode", text(&flags.proof));
    put("--no-proof-for", "proof.exempt", text(&flags.no_proof_for));
    put("--log-format", "log.format", text(&flags.log_format));
    put("--log-level", "log.level", text(&flags.log_level));
    for setting in &flags.set {
        put_setting(setting, &mut layer, problems);
    }
    layer
}

/// Adds the `KEY=VALUE` of a `--set`.
fn put_setting(setting: &str, layer: &mut Layer, problems: &mut Vec<Problem>) {
    let Some((path, text)) = setting.split_once('=') else {
        let message = format!("`{setting}` has no `=`; write --set KEY=VALUE");
        problems.push(Problem::new("--set", message));
        return;
    };
    put_text(path.trim(), text, &Origin::Set, layer, problems);
}

/// Reads the server's own variables, and says which of them mean nothing.
pub(super) fn of_own(
    environment: &Environment,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> Layer {
    let mut layer = Layer::default();
    let paths = Partial::schema().paths(true);
    let names: Vec<_> = paths.iter().map(|path| variable(path)).collect();
    let is_setting = |name: &str| !BESIDE.contains(&name);
    for (name, text) in environment.own().filter(|(name, _)| is_setting(name)) {
        let origin = Origin::Variable(name.to_owned());
        if let Some(at) = names.iter().position(|known| known == name) {
            put_text(&paths[at], &text, &origin, &mut layer, problems);
        } else if let Some(message) = removed_variable(name) {
            problems.push(Problem::new(name, message));
        } else if name.starts_with(ABOUT_FILES) {
            // With a slip in it no signature would be asked for.
            problems.push(Problem::new(name, unknown_variable(name, &names)));
        } else {
            warnings.push(unknown_variable(name, &names));
        }
    }
    layer
}

/// The variables that name configuration files, a layer each.
pub(super) const CONFIG: &str = "SUMWARD_CONFIG";
pub(super) const STAGE: &str = "SUMWARD_STAGE";
pub(super) const FEATURE: &str = "SUMWARD_FEATURE";

/// Who must have signed them, in which manifest, for whom, and where that is remembered.
pub(super) const CONFIG_TRUST: &str = "SUMWARD_CONFIG_TRUST";
pub(super) const CONFIG_MANIFEST: &str = "SUMWARD_CONFIG_MANIFEST";
pub(super) const CONFIG_FOR: &str = "SUMWARD_CONFIG_FOR";
pub(super) const CONFIG_STATE: &str = "SUMWARD_CONFIG_STATE";

/// What the names of those begin with.
const ABOUT_FILES: &str = "SUMWARD_CONFIG_";

/// The server's own variables that are not settings: they say where settings are.
const BESIDE: [&str; 7] = [
    CONFIG,
    STAGE,
    FEATURE,
    CONFIG_TRUST,
    CONFIG_MANIFEST,
    CONFIG_FOR,
    CONFIG_STATE,
];

fn removed_variable(name: &str) -> Option<&'static str> {
    removed(|path| variable(path) == name)
}

/// Says that a variable names no key, and which one may be meant.
fn unknown_variable(name: &str, known: &[String]) -> String {
    // What all of them begin with makes none of them likely.
    let rest = |name| str::strip_prefix(name, PREFIX).unwrap_or(name);
    let known = known.iter().map(String::as_str).chain(BESIDE);
    let known: Vec<_> = known.map(rest).collect();
    match nearest(rest(name), &known) {
        Some(known) => {
            format!("the variable {name} is not a setting; did you mean {PREFIX}{known}?")
        }
        None => format!("the variable {name} is not a setting"),
    }
}

/// Adds the text of a value: as it is, or as YAML where a list or keys are wanted.
fn put_text(
    path: &str,
    text: &str,
    origin: &Origin,
    layer: &mut Layer,
    problems: &mut Vec<Problem>,
) {
    let yaml = || serde_norway::from_str::<Value>(text);
    let value = match Partial::schema().at(path) {
        Ok(Schema::Section(_) | Schema::List(_)) => match yaml() {
            Ok(value) => value,
            Err(error) => {
                // The text may hold a password, so it is not part of this.
                let message = format!("is not YAML: {error}");
                problems.push(Problem::new(origin.place(path), message));
                return;
            }
        },
        // `[::1]:8080` is not a list, nor is the pattern `[ab].example`.
        Ok(Schema::Value) | Err(_) => match yaml() {
            Ok(list @ Value::Sequence(_)) => list,
            Ok(_) | Err(_) => Value::String(text.to_owned()),
        },
    };
    layer.put(path, value, origin, problems);
}

/// Reads the variables of the go command and of the system, for the keys that
/// nothing else says. A variable that is overridden is not even parsed: it may be
/// meant for the go command alone.
pub(super) fn of_others(
    environment: &Environment,
    above: &Layer,
    problems: &mut Vec<Problem>,
) -> Layer {
    let mut layer = Layer::default();
    let mut put = |path: &str, found: Option<(String, Value)>| {
        if let Some((name, value)) = found.filter(|_| !above.has(path)) {
            layer.put(path, value, &Origin::Variable(name), problems);
        }
    };
    let text = |names: &[&str]| {
        let (name, text) = environment.first_of(names)?;
        Some((name, Value::String(text)))
    };
    put("data", data(environment));
    put("upstream.list", text(&["GOPROXY"]));
    put(
        "databases",
        environment
            .text("GOSUMDB")
            .and_then(|text| Some(("GOSUMDB".to_owned(), databases_value(&[text])?))),
    );
    // The go command's own default for GONOSUMDB.
    put("proof.exempt", text(&["GONOSUMDB", "GOPRIVATE"]));
    put("upstream.netrc", netrc(environment));
    // The three keys are one setting.
    if !HTTP_PROXY_KEYS.iter().any(|key| above.has(key)) {
        let variables = [
            ["HTTP_PROXY", "http_proxy"],
            ["HTTPS_PROXY", "https_proxy"],
            ["NO_PROXY", "no_proxy"],
        ];
        for (key, names) in HTTP_PROXY_KEYS.iter().zip(variables) {
            put(key, text(&names));
        }
    }
    put("log.level", text(&["RUST_LOG"]));
    put("log.service_name", text(&["OTEL_SERVICE_NAME"]));
    put("traces.endpoint", traces_endpoint(environment));
    put("traces.sample", text(&["OTEL_TRACES_SAMPLER_ARG"]));
    put("errors.sentry_dsn", text(&["SENTRY_DSN"]));
    layer
}

/// The variables of OpenTelemetry: the one for traces says the whole address, the one for
/// everything what comes before the path of each kind.
fn traces_endpoint(environment: &Environment) -> Option<(String, Value)> {
    let of = |name: &str| Some((name.to_owned(), environment.text(name)?));
    let (name, text) = of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
        let (name, base) = of("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Some((name, format!("{}/v1/traces", base.trim_end_matches('/'))))
    })?;
    Some((name, Value::String(text)))
}

const HTTP_PROXY_KEYS: [&str; 3] = [
    "upstream.http_proxy",
    "upstream.https_proxy",
    "upstream.no_proxy",
];

/// The key to which [`private`] adds.
pub(super) const PRIVATE: &str = "upstream.private";

/// Reads which modules no public upstream may be asked for: those of `GONOPROXY`,
/// whose default is `GOPRIVATE`.
pub(super) fn private(environment: &Environment, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::default();
    let Some((name, text)) = environment.first_of(&["GONOPROXY", "GOPRIVATE"]) else {
        return layer;
    };
    // `none` matches no module; it is what people set to undo the default.
    let is_none = ModulePatterns::parse(&text).is_ok_and(|patterns| patterns.is_empty());
    if text == "none" || is_none {
        return layer;
    }
    let mut entry = Mapping::new();
    entry.insert("modules".into(), Value::String(text));
    let value = Value::Sequence(vec![Value::Mapping(entry)]);
    layer.put(PRIVATE, value, &Origin::Variable(name), problems);
    layer
}

/// systemd's folder for the service's state, or the folder that the XDG base
/// directory specification gives a user's program.
fn data(environment: &Environment) -> Option<(String, Value)> {
    let named = |name: &str, path: &Path| Some((name.to_owned(), path_value(path)));
    if let Some(folder) = environment.first_path("STATE_DIRECTORY") {
        return named("STATE_DIRECTORY", &folder);
    }
    let share = environment.path("XDG_DATA_HOME");
    // The specification has relative paths ignored.
    if let Some(share) = share.filter(|path| path.is_absolute()) {
        return named("XDG_DATA_HOME", &share.join("sumward"));
    }
    let home = environment.path("HOME")?;
    named("HOME", &home.join(".local/share/sumward"))
}

/// The file `NETRC` names, or `~/.netrc`, where there is one.
fn netrc(environment: &Environment) -> Option<(String, Value)> {
    let (name, path) = match environment.path("NETRC") {
        Some(path) => ("NETRC", path),
        None => ("HOME", environment.path("HOME")?.join(".netrc")),
    };
    path.exists().then(|| (name.to_owned(), path_value(&path)))
}

/// What is not UTF-8 in a path is kept recognisable, so that it is refused.
fn path_value(path: &Path) -> Value {
    Value::String(path.to_string_lossy().into_owned())
}

/// What `databases` is for texts in the syntax of `GOSUMDB`.
fn databases_value(texts: &[String]) -> Option<Value> {
    match texts {
        [] => None,
        [off] if off == OFF => Some(Value::String(OFF.to_owned())),
        texts => {
            let texts = texts.iter().cloned().map(Value::String);
            Some(Value::Sequence(texts.collect()))
        }
    }
}
