//! What the go command is told: variables of the environment, the file that `go env -w`
//! writes, the `go.env` of the installation.
//!
//! Values come in raw and are kept as they may be shown: addresses without user, path and
//! query, flags without what is not known to be harmless. What rules need to know of the rest
//! is worked out here.

mod known;
mod shown;

use std::collections::BTreeMap;

use proto::goflags;
use proto::goproxy::list::{Proxy, ProxyList};
use proto::module::pattern::Patterns;
use proto::sumdb::Setting as Database;
use serde::{Deserialize, Serialize};

use crate::host::public;
use known::is_told;

pub use known::{is_go, names_compiler_of_target};

/// What the go command is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What is set, by name.
    pub set: BTreeMap<String, Setting>,
    /// The file that `go env -w` writes.
    pub file: EnvFile,
    /// The words of GOFLAGS.
    pub flags: Vec<String>,
    /// Words of GOFLAGS that are not flags: the go command refuses them.
    pub flags_refused: usize,
    /// The servers of GOPROXY.
    pub proxies: Vec<ProxyEntry>,
    /// GOSUMDB: the database's name, or `off`.
    pub database: String,
    /// Names of settings whose value can't be understood, and why.
    pub malformed: BTreeMap<String, String>,
    /// What each list of module patterns covers.
    pub holes: Vec<Hole>,
}

/// One setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its value as it may be shown.
    pub value: String,
    /// Whether that is all of it.
    pub whole: bool,
    /// Where it was set.
    pub origin: Origin,
}

/// Where a setting was set; the first of these wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A variable of the environment.
    #[default]
    Environment,
    /// The file that `go env -w` writes.
    File,
    /// `go.env` of the installation.
    Installation,
}

impl Origin {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::File => "go env -w",
            Self::Installation => "go.env of the installation",
        }
    }
}

/// The file that `go env -w` writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvFile {
    /// Where it is; empty where there is none to be.
    pub path: String,
    /// Why it can't be read.
    pub problem: String,
    /// Names in it that the go command does not know.
    pub unknown: Vec<String>,
    /// Lines that set nothing.
    pub nonsense: usize,
    /// Names in it to which a variable gives another value.
    pub overridden: Vec<String>,
}

/// A server of GOPROXY.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProxyEntry {
    /// `off`, `direct`, or scheme and host.
    pub server: String,
    /// Whether its address has a password in it.
    pub has_password: bool,
    /// Whether it is reached unencrypted, over a network.
    pub is_plain: bool,
    /// What answers there, where that was asked.
    pub answers: String,
}

/// A list of module patterns that leaves modules unproved or tells them to nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// GONOSUMDB, GOPRIVATE, …
    pub name: String,
    /// Well-known places of public modules that it covers.
    pub covers: Vec<String>,
    /// Whether Go's own toolchains are among them.
    pub covers_toolchain: bool,
}

/// Raw values, before anything is left out.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Where the file of `go env -w` is, and its text or why there is none.
    pub file: Option<(String, Result<Option<String>, String>)>,
    /// The text of the installation's `go.env`.
    pub installation: String,
}

impl Settings {
    /// Works out what holds.
    pub fn of(raw: &Raw) -> Self {
        let mut settings = Self::default();
        let text = settings.read_file(raw);
        let mut effective: BTreeMap<&str, (&str, Origin)> = BTreeMap::new();
        let lines = |text| pairs(text).filter(|(name, _)| is_go(name));
        for (name, value) in lines(raw.installation.as_str()) {
            effective.insert(name, (value, Origin::Installation));
        }
        for (name, value) in lines(text) {
            effective.insert(name, (value, Origin::File));
        }
        for (name, value) in &raw.environment {
            let is_open = value.is_empty() && effective.contains_key(name.as_str());
            if is_told(name) && !is_open {
                if let Some((other, Origin::File)) = effective.get(name.as_str())
                    && *other != value
                {
                    settings.file.overridden.push(name.clone());
                }
                effective.insert(name, (value, Origin::Environment));
            }
        }
        for (name, (value, origin)) in effective {
            if !value.is_empty() {
                settings.take(name, value, origin);
            }
        }
        settings
    }

    /// Returns the value of a setting, where all of it may be shown.
    pub fn value(&self, name: &str) -> Option<&str> {
        let setting = self.set.get(name)?;
        setting.whole.then_some(setting.value.as_str())
    }

    /// Says whether a setting has a value.
    pub fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// Returns what was set by a variable or by `go env -w`, as it may be shown.
    pub fn by_person(&self, name: &str) -> Option<&Setting> {
        let setting = self.set.get(name)?;
        (setting.origin != Origin::Installation).then_some(setting)
    }

    /// Says by which list public modules are, or may be, left unproved: by GONOSUMDB
    /// wherever it is set, also to what can't be understood.
    pub fn hole(&self) -> Option<&'static str> {
        if self.is_set("GONOSUMDB") {
            return Some("GONOSUMDB is set");
        }
        let is_hole = self.holes.iter().any(|hole| {
            hole.name == "GOPRIVATE" && (!hole.covers.is_empty() || hole.covers_toolchain)
        });
        is_hole.then_some("GOPRIVATE covers public modules")
    }

    fn read_file<'a>(&mut self, raw: &'a Raw) -> &'a str {
        let Some((path, text)) = &raw.file else {
            return "";
        };
        self.file.path.clone_from(path);
        let text = match text {
            Ok(text) => text.as_deref().unwrap_or_default(),
            Err(problem) => {
                self.file.problem.clone_from(problem);
                return "";
            }
        };
        for line in text.lines().map(str::trim) {
            match line.split_once('=') {
                _ if line.is_empty() || line.starts_with('#') => {}
                Some((name, _)) if is_go(name) => {}
                Some((name, _)) if is_name(name) => self.file.unknown.push(name.to_owned()),
                _ => self.file.nonsense += 1,
            }
        }
        text
    }

    fn take(&mut self, name: &str, value: &str, origin: Origin) {
        let shown = shown::setting(name, value);
        self.set.insert(
            name.to_owned(),
            Setting {
                value: shown.text,
                whole: shown.is_whole,
                origin,
            },
        );
        match name {
            "GOFLAGS" => self.take_flags(value),
            "GOPROXY" => self.take_proxies(value),
            "GOSUMDB" => match Database::parse(value) {
                Ok(Database::Off) => self.database = "off".into(),
                Ok(Database::Database { .. }) => self.database = shown::database(value),
                Err(error) => self.is_malformed(name, &error),
            },
            "GONOSUMDB" | "GOPRIVATE" | "GONOPROXY" | "GOINSECURE" => {
                self.take_patterns(name, value)
            }
            _ => {}
        }
    }

    fn is_malformed(&mut self, name: &str, error: &dyn std::error::Error) {
        // The error may name the value, which may hold a password.
        let _ = error;
        self.malformed
            .insert(name.to_owned(), "its value can't be understood".into());
    }

    /// A word of GOFLAGS must be a flag, its value after `=`.
    ///
    /// Source: cmd/go/internal/base/goflags.go
    fn take_flags(&mut self, value: &str) {
        for word in goflags::split(value) {
            let name = word.trim_start_matches('-').split('=').next();
            let is_flag = word.starts_with('-') && name.is_some_and(|name| !name.is_empty());
            if is_flag {
                self.flags.push(public::flag(&word, None).text);
            } else {
                self.flags_refused += 1;
            }
        }
    }

    fn take_proxies(&mut self, value: &str) {
        let list = match ProxyList::parse(value) {
            Ok(list) => list,
            Err(error) => return self.is_malformed("GOPROXY", &error),
        };
        self.proxies = list
            .entries()
            .iter()
            .map(|entry| match &entry.proxy {
                Proxy::Off => ProxyEntry::named("off"),
                Proxy::Direct => ProxyEntry::named("direct"),
                Proxy::Url(url) => shown::server(url),
            })
            .collect();
    }

    fn take_patterns(&mut self, name: &str, value: &str) {
        match Patterns::parse(value) {
            Err(error) => self.is_malformed(name, &error),
            Ok(patterns) => self.holes.push(Hole {
                name: name.to_owned(),
                covers: PUBLIC
                    .iter()
                    .filter(|(_, path)| patterns.matches(path))
                    .map(|(place, _)| (*place).to_owned())
                    .collect(),
                covers_toolchain: patterns.matches(proto::toolchain::MODULE),
            }),
        }
    }
}

impl ProxyEntry {
    fn named(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ..Self::default()
        }
    }
}

/// Places of public modules, and a module that none of them is likely to have: what
/// covers that covers the place.
const PUBLIC: [(&str, &str); 6] = [
    ("github.com", "github.com/0/0"),
    ("gitlab.com", "gitlab.com/0/0"),
    ("golang.org/x", "golang.org/x/0"),
    ("gopkg.in", "gopkg.in/0.v0"),
    ("google.golang.org", "google.golang.org/0"),
    ("go.uber.org", "go.uber.org/0"),
];

/// Lines `name=value`, comments left out.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
