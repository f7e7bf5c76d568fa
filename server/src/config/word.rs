//! Settings that are one word, a path, or patterns.

use std::path::PathBuf;

use proto::module::pattern::Patterns;
use proto::note::VerifierKey;
use serde_norway::Value;

use super::Mode;
use super::kind::{Kind, OFF, comma_list};

/// `on` or `off`.
pub(super) struct Switch;

impl Kind for Switch {
    type Setting = bool;

    fn parse(text: &str) -> Result<bool, String> {
        match text {
            "on" | "true" => Ok(true),
            "off" | "false" => Ok(false),
            _ => Err(format!("`{text}` is neither on nor off")),
        }
    }

    fn print(on: &bool) -> String {
        if *on { "on" } else { OFF }.to_owned()
    }
}

/// `require`, `report` or `off`.
pub(super) struct ModeWord;

impl Kind for ModeWord {
    type Setting = Mode;

    fn parse(text: &str) -> Result<Mode, String> {
        match text {
            "require" => Ok(Mode::Require),
            "report" => Ok(Mode::Report),
            OFF => Ok(Mode::Off),
            _ => Err(format!("`{text}` is not one of require, report and off")),
        }
    }

    fn print(mode: &Mode) -> String {
        match mode {
            Mode::Require => "require",
            Mode::Report => "report",
            Mode::Off => OFF,
        }
        .to_owned()
    }
}

/// A path of the file system. It must be UTF-8, as a YAML file is.
pub(super) struct Path;

impl Kind for Path {
    type Setting = PathBuf;

    fn parse(text: &str) -> Result<PathBuf, String> {
        if text.is_empty() {
            return Err("is empty; want a path".to_owned());
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(format!("`{text}` is not UTF-8"));
        }
        Ok(PathBuf::from(text))
    }

    fn print(path: &PathBuf) -> String {
        path.display().to_string()
    }
}

/// Keys of those who sign bundles, as `sumward bundle keygen` prints them.
pub(super) struct TrustLines;

impl Kind for TrustLines {
    type Setting = Vec<VerifierKey>;

    fn parse(text: &str) -> Result<Vec<VerifierKey>, String> {
        let lines = text
            .split(',')
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let parse = |line: &str| {
            VerifierKey::parse(line).map_err(|error| {
                format!("`{line}`: {error}; write the line that `sumward bundle keygen` printed")
            })
        };
        lines.map(parse).collect()
    }

    fn print(keys: &Vec<VerifierKey>) -> String {
        let lines: Vec<String> = keys.iter().map(ToString::to_string).collect();
        lines.join(",")
    }

    fn read(value: &Value) -> Result<Vec<VerifierKey>, String> {
        Self::parse(&comma_list(value)?)
    }

    fn write(keys: &Vec<VerifierKey>) -> Value {
        let line = |key: &VerifierKey| Value::String(key.to_string());
        Value::Sequence(keys.iter().map(line).collect())
    }
}

/// Patterns of module paths in the syntax of `GOPRIVATE`.
pub(super) struct ModulePatterns;

impl Kind for ModulePatterns {
    type Setting = Patterns;

    fn parse(text: &str) -> Result<Patterns, String> {
        Patterns::parse(text).map_err(|error| error.to_string())
    }

    fn print(patterns: &Patterns) -> String {
        patterns.to_string()
    }

    fn read(value: &Value) -> Result<Patterns, String> {
        Self::parse(&comma_list(value)?)
    }
}
