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
use serde_json::json;

use crate::args::{self, EXIT_USAGE, Format};
use crate::config::{self, Config};
use crate::metrics::Metrics;
use crate::output::{complain, print};
use crate::source::Sources;
use crate::sumdb::monitor::{Error, Monitor};

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
    let monitors = open(config, &followed, args)?;
    runtime.block_on(follow(monitors, &patterns, args))?;
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
) -> Result<Vec<Monitor>> {
    let folder = &args.state;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let metrics = Metrics::new([], []);
    let instance = format!("{:032x}", rand::random::<u128>());
    let sources = Arc::new(Sources::new(config, &instance, metrics)?);
    let mut monitors = Vec::new();
    for database in followed {
        let file = file_of(folder, &database.name);
        let opened = Monitor::open(database, &config.upstream, &sources, &file, args.from);
        monitors.push(opened?);
    }
    Ok(monitors)
}

/// Returns the file of a database, whose name may have slashes.
fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.json", name.replace('/', "!")))
}

async fn follow(
    mut monitors: Vec<Monitor>,
    patterns: &Patterns,
    args: &args::Monitor,
) -> Result<()> {
    loop {
        for monitor in &mut monitors {
            match once(monitor, patterns, args.format).await {
                Ok(()) => {}
                // Nothing that this database says is told before a person has looked.
                Err(error @ Error::Fork(_)) => bail!("{}: {error}", monitor.name()),
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

async fn once(monitor: &mut Monitor, patterns: &Patterns, format: Format) -> Result<(), Error> {
    monitor.advance().await?;
    loop {
        let records = monitor.next().await?;
        let Some((last, _)) = records.last() else {
            return Ok(());
        };
        let last = *last;
        let mut text = String::new();
        for (id, record) in &records {
            match told(monitor.name(), *id, record, patterns, format) {
                Ok(lines) => text.push_str(&lines),
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

/// Says what a record is about, a line for each version that it names: a client takes a
/// hash from any of its lines. Nothing where no pattern matches.
///
/// # Errors
/// Why the record cannot be read.
fn told(
    database: &str,
    id: u64,
    record: &Record,
    patterns: &Patterns,
    format: Format,
) -> Result<String, String> {
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
    let mut text = String::new();
    for ((path, version), [h1, go_mod_h1]) in versions {
        if !patterns.is_empty() && !patterns.matches(path) {
            continue;
        }
        text.push_str(&match format {
            Format::Text => format!("{database} {id} {path} {version}\n"),
            Format::Json => {
                let object = json!({
                    "database": database,
                    "record": id,
                    "path": path,
                    "version": version,
                    "h1": h1,
                    "go_mod_h1": go_mod_h1,
                });
                format!("{object}\n")
            }
        });
    }
    Ok(text)
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
            told("sum.example", 7, &record, &patterns, format).unwrap()
        };
        let line = "sum.example 7 rsc.io/quote v1.5.2\n";
        assert_eq!(told("", Format::Text), line);
        assert_eq!(told("a.example,rsc.io", Format::Text), line);
        assert_eq!(told("a.example", Format::Text), "");
        let value: serde_json::Value = serde_json::from_str(&told("", Format::Json)).unwrap();
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
            told("sum.example", 7, &record, &patterns, Format::Text)
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
