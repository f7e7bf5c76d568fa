//! The configuration files: which there are, what each may say, and their bytes.
//!
//! Three layers, told apart by the flag that names them: `--config` (base), `--stage`,
//! `--feature`. Each is a file, or a folder that stands for its `*.yaml` in byte order. A
//! feature file may set [listed keys](FEATURE_KEYS) alone: what is turned on for a while by
//! somebody else than the owner of the server can tune it, and weaken nothing.

use std::path::PathBuf;
use std::sync::Arc;

use proto::manifest::Role;

use super::environment::Environment;
use super::layer::{Layer, Origin};
use super::problem::Problem;
use super::schema::is_among;
use super::{file, variables, yaml};
use crate::args::Flags;

/// A configuration file that was read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Its layer.
    pub(crate) role: Role,
    /// Its path as it was given.
    pub(crate) path: PathBuf,
    /// What was read of it, once: these bytes are hashed and parsed.
    pub(crate) bytes: Vec<u8>,
}

/// Keys that a feature file may set, and sections of which it may set every key: how long,
/// how much, how often; never where from, who may, what is proved or what is kept safe.
/// A new key is not among them until somebody writes it here.
pub(super) const FEATURE_KEYS: [&str; 23] = [
    "upstream.connect_timeout",
    "upstream.head_timeout",
    "upstream.read_timeout",
    "upstream.attempts",
    "upstream.backoff_min",
    "upstream.backoff_max",
    "upstream.breaker",
    "cache.list_fresh",
    "cache.negative_ttl",
    "cache.negative_entries_max",
    "cache.absences_max",
    "cache.hot_bytes_max",
    "cache.disk_free_min",
    "gc.budget",
    "gc.every",
    "limits.connections_max",
    "limits.connections_per_address_max",
    "limits.fetches_max",
    "limits.text_fetches_max",
    "limits.waiting_max",
    "limits.waiting_per_address_max",
    "log.format",
    "log.level",
];

/// Reads the configuration files, the lowest first: base, stage, feature.
pub(crate) fn read(
    flags: &Flags,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) -> Vec<Source> {
    let mut sources = Vec::new();
    for role in Role::ALL {
        for named in named(role, flags, environment) {
            let paths = file::expand(&named).unwrap_or_else(|message| {
                problems.push(Problem::new(named.display().to_string(), message));
                Vec::new()
            });
            if paths.is_empty() && role != Role::Feature && named.is_dir() {
                let message = "is a folder without a file *.yaml";
                problems.push(Problem::new(named.display().to_string(), message));
            }
            for path in paths {
                match file::read(&path) {
                    Ok(bytes) => sources.push(Source { role, path, bytes }),
                    Err(message) => {
                        problems.push(Problem::new(path.display().to_string(), message));
                    }
                }
            }
        }
    }
    sources
}

/// The files and folders of a layer as flags name them, else its variable.
fn named(role: Role, flags: &Flags, environment: &Environment) -> Vec<PathBuf> {
    let (paths, variable) = match role {
        Role::Base => (&flags.config, variables::CONFIG),
        Role::Stage => (&flags.stage, variables::STAGE),
        Role::Feature => (&flags.feature, variables::FEATURE),
    };
    if paths.is_empty() {
        environment.path(variable).into_iter().collect()
    } else {
        paths.clone()
    }
}

impl Source {
    /// Parses the file.
    pub(super) fn layer(&self, problems: &mut Vec<Problem>) -> Layer {
        let mut layer = Layer::default();
        let name = self.path.display().to_string();
        match yaml::read(&self.bytes) {
            Ok((value, lines)) => {
                let (lines, role) = (Arc::new(lines), self.role);
                let origin = Origin::File { name, role, lines };
                layer.put_all(value, &origin, problems);
            }
            Err((place, message)) => problems.push(Problem::new(name + &place, message)),
        }
        if self.role == Role::Feature {
            problems.extend(layer.keep(|key| is_among(key, &FEATURE_KEYS), |key| {
                format!(
                    "a feature file may not set it: it can weaken the server; put `{key}` into the base file (--config) or the stage file (--stage)"
                )
            }));
        }
        layer
    }
}

/// Parses and checks files alone, without flags, variables or defaults: each by itself, as
/// they are before they are signed.
pub(crate) fn check(sources: &[Source], problems: &mut Vec<Problem>) {
    for source in sources {
        source.layer(problems);
    }
}
