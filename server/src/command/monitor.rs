//! `sumward monitor NAME…`: tells of each new record of a checksum database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use proto::gosum;
use proto::module::pattern::Patterns;
use proto::sumdb::Record;
use proto::webhook::Secret;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::args::{self, EXIT_USAGE, Format};
use crate::config::{self, Config};
use crate::metrics::Metrics;
use crate::output::{complain, print};
use crate::source::Sources;
use crate::sumdb::monitor::{Error, Monitor};
use crate::telemetry::events::{Notice, read_secret};

/// Follows the databases until it is stopped, or once. What is found between two runs is
/// told in the second; after a crash some of it may be told twice.
///
/// # Errors
/// What stands in the way at the start; a database that has shown two histories.
pub(crate) fn run(config: &Config, args: &args::Monitor) -> Result<ExitCode> {
    let patterns = match Patterns::parse(args.patterns.as_deref().unwrap_or_default()) {
        Ok(patterns) => patterns,
        Err(error) => return Ok(usage(&format!("--match: {error}"))),
    };
    let mut followed = Vec::new();
    for name in &args.names {
        match config.databases.iter().find(|it| it.name == *name) {
            Some(database) => followed.push(database),
            None => {
                let text = format!("{name} is not followed: --database NAME+HASH+KEY, databases");
                return Ok(usage(&text));
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let metrics = Metrics::new([], []);
    let instance = format!("{:032x}", rand::random::<u128>());
    let sources = Arc::new(Sources::new(config, &instance, metrics)?);
    let monitors = open(config, &followed, args, &sources)?;
    let hook = match (&args.webhook, &args.webhook_secret) {
        (Some(url), Some(file)) => Some(Hook {
            sources,
            url: url.clone(),
            secret: read_secret(file)?,
        }),
        (None, None) | (Some(_), None) | (None, Some(_)) => None,
    };
    runtime.block_on(follow(monitors, hook.as_ref(), &patterns, args))?;
    Ok(ExitCode::SUCCESS)
}

fn usage(text: &str) -> ExitCode {
    complain(format!("sumward: {text}"));
    ExitCode::from(EXIT_USAGE)
}

fn open(
    config: &Config,
    followed: &[&config::Database],
    args: &args::Monitor,
    sources: &Arc<Sources>,
) -> Result<Vec<Monitor>> {
    let folder = &args.state;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut monitors = Vec::new();
    for database in followed {
        let file = file_of(folder, &database.name);
        let opened = Monitor::open(database, &config.upstream, sources, &file, args.from);
        monitors.push(opened?);
    }
    Ok(monitors)
}

/// Returns the file of a database, whose name may have slashes.
fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.json", name.replace('/', "!")))
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] Error),
    #[error("the web hook does not take what was found, which is told again: {0}")]
    Hook(String),
}

async fn follow(
    mut monitors: Vec<Monitor>,
    hook: Option<&Hook>,
    patterns: &Patterns,
    args: &args::Monitor,
) -> Result<()> {
    loop {
        for monitor in &mut monitors {
            match once(monitor, hook, patterns, args.format).await {
                Ok(()) => {}
                // Nothing that this database says is told before a person has looked.
                Err(error @ Failure::Database(Error::Fork(_))) => {
                    bail!("{}: {error}", monitor.name())
                }
                Err(error) if args.once => bail!("{}: {error}", monitor.name()),
                Err(error) => complain(format!("sumward: {}: {error}", monitor.name())),
            }
        }
        if args.once {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(args.every)).await;
    }
}

async fn once(
    monitor: &mut Monitor,
    hook: Option<&Hook>,
    patterns: &Patterns,
    format: Format,
) -> Result<(), Failure> {
    monitor.advance().await?;
    loop {
        let records = monitor.next().await?;
        let Some((last, _)) = records.last() else {
            return Ok(());
        };
        let last = *last;
        let mut text = String::new();
        for (id, record) in &records {
            match found(monitor.name(), *id, record, patterns) {
                Ok(all) => {
                    for found in &all {
                        if let Some(hook) = hook {
                            hook.post(found).await.map_err(Failure::Hook)?;
                        }
                        text.push_str(&found.line(format));
                    }
                }
                Err(why) => {
                    let record = format!("{}: record {id}", monitor.name());
                    complain(format!("sumward: {record} is not understood: {why}"));
                }
            }
        }
        if print(&text).is_err() {
            // Whoever listened is gone; it is told the next time.
            return Ok(());
        }
        monitor.seen(last)?;
    }
}

/// A version that a record names, and what it says of it.
struct Found {
    database: String,
    record: u64,
    path: String,
    version: String,
    h1: Option<String>,
    go_mod_h1: Option<String>,
}

impl Found {
    fn object(&self) -> Value {
        json!({
            "database": self.database,
            "record": self.record,
            "path": self.path,
            "version": self.version,
            "h1": self.h1,
            "go_mod_h1": self.go_mod_h1,
        })
    }

    fn line(&self, format: Format) -> String {
        let Self {
            database,
            record,
            path,
            version,
            ..
        } = self;
        match format {
            Format::Text => format!("{database} {record} {path} {version}\n"),
            Format::Json => format!("{}\n", self.object()),
        }
    }
}

/// Says what a record is about, once for each version that it names: a client takes a
/// hash from any of its lines. Nothing where no pattern matches.
///
/// # Errors
/// Why the record cannot be read.
fn found(
    database: &str,
    id: u64,
    record: &Record,
    patterns: &Patterns,
) -> Result<Vec<Found>, String> {
    let lines = gosum::parse(record.as_str()).map_err(|error| error.to_string())?;
    if lines.is_empty() {
        return Err("it has no hash of a module".to_owned());
    }
    let mut versions = BTreeMap::<_, [Option<String>; 2]>::new();
    for line in &lines {
        let version = (line.module.path.as_str(), line.module.version.as_str());
        let hashes = versions.entry(version).or_default();
        hashes[usize::from(line.is_go_mod)].get_or_insert_with(|| line.h1.to_string());
    }
    let wanted = versions
        .into_iter()
        .filter(|((path, _), _)| patterns.is_empty() || patterns.matches(path));
    let all = wanted.map(|((path, version), [h1, go_mod_h1])| Found {
        database: database.to_owned(),
        record: id,
        path: path.to_owned(),
        version: version.to_owned(),
        h1,
        go_mod_h1,
    });
    Ok(all.collect())
}

/// A web hook that is told of each version.
struct Hook {
    sources: Arc<Sources>,
    url: Url,
    secret: Secret,
}

/// Bytes that are read of a web hook's answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

impl Hook {
    /// Posts what was found. The same is posted under the same id.
    async fn post(&self, found: &Found) -> Result<(), String> {
        let named = Sha256::digest(found.line(Format::Text));
        let id = format!("msg_{}", hex::encode(&named[..16]));
        let message = Notice::new(id, "record", &found.object());
        let headers = message.headers(&self.secret);
        let upstreams = self.sources.upstreams();
        let body = message.body.into();
        let posted = upstreams.post(self.url.as_str(), headers, body, ANSWER_BYTES_MAX);
        match posted.await?.status {
            200..300 => Ok(()),
            status => Err(format!("it answers {status}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_told_where_a_pattern_matches() {
        let text = "\
rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=
rsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=
";
        let record = Record::parse(text.as_bytes()).unwrap();
        let told = |patterns: &str, format| {
            let patterns = Patterns::parse(patterns).unwrap();
            let all = found("sum.example", 7, &record, &patterns).unwrap();
            all.iter().map(|it| it.line(format)).collect::<String>()
        };
        let line = "sum.example 7 rsc.io/quote v1.5.2\n";
        assert_eq!(told("", Format::Text), line);
        assert_eq!(told("a.example,rsc.io", Format::Text), line);
        assert_eq!(told("a.example", Format::Text), "");
        let value: Value = serde_json::from_str(&told("", Format::Json)).unwrap();
        assert_eq!(value["version"], "v1.5.2");
        assert_eq!(
            value["go_mod_h1"],
            "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0="
        );
    }

    #[test]
    fn no_version_hides_behind_another_and_no_record_is_passed_over() {
        let h1 = "h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=";
        let told = |text: &str, patterns: &str| {
            let record = Record::parse(text.as_bytes()).unwrap();
            let patterns = Patterns::parse(patterns).unwrap();
            let all = found("sum.example", 7, &record, &patterns)?;
            let lines = all.iter().map(|it| it.line(Format::Text));
            Ok::<_, String>(lines.collect::<String>())
        };
        let two = format!("a.example/x v1.0.0 {h1}\nb.example/y v1.0.0 {h1}\n");
        let line = "sum.example 7 b.example/y v1.0.0\n";
        assert_eq!(told(&two, "b.example").as_deref(), Ok(line));
        assert_eq!(told(&two, "").unwrap().lines().count(), 2);
        for text in ["nothing\n", "a.example/x v1.0.0 h2:AAAA\n"] {
            assert!(told(text, "b.example").is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_with_slashes_is_one_file() {
        let file = file_of(Path::new("S"), "sum.example/a/b");
        assert_eq!(file, Path::new("S/sum.example!a!b.json"));
    }
}
