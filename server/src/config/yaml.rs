//! Reading a YAML document so that every mistake in it is reported at once.
//!
//! serde's own `deny_unknown_fields` stops at the first. Here a [`Section`] is
//! asked for the keys it may have, and what nobody asked for is unknown.

use std::cell::RefCell;

use serde_norway::{Mapping, Value};

use super::problem::Problem;

mod lines;

/// A parsed file and the problems found in it so far.
#[derive(Debug)]
pub(super) struct Document {
    file: String,
    root: Value,
    lines: lines::Lines,
    problems: RefCell<Vec<(Option<usize>, Problem)>>,
}

/// A mapping of the document and the keys it was asked for.
#[derive(Debug)]
pub(super) struct Section<'a> {
    document: &'a Document,
    path: String,
    entries: Option<&'a Mapping>,
    known: Vec<&'static str>,
}

impl Document {
    /// Parses `text`; `file` is its name in problems.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let root = serde_norway::from_str(text).map_err(|error| {
            let place = error
                .location()
                .map_or_else(String::new, |at| format!(":{}:{}", at.line(), at.column()));
            Problem::new(format!("{file}{place}"), error.to_string())
        })?;
        Ok(Self {
            file: file.to_owned(),
            root,
            lines: lines::Lines::of(text),
            problems: RefCell::default(),
        })
    }

    /// Returns the document's outermost mapping; an empty file has no entries.
    pub(super) fn root(&self) -> Section<'_> {
        self.mapping(String::new(), &self.root)
    }

    /// Reports a problem with the value at `path`.
    pub(super) fn problem(&self, path: &str, message: impl Into<String>) {
        let number = self.lines.of_path(path);
        let line = number.map_or_else(String::new, |line| format!(":{line}"));
        let key = if path.is_empty() {
            String::new()
        } else {
            format!(": {path}")
        };
        let source = format!("{}{line}{key}", self.file);
        self.problems
            .borrow_mut()
            .push((number, Problem::new(source, message)));
    }

    /// Returns what was found wrong, from top to bottom.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(line, _)| *line);
        problems.into_iter().map(|(_, problem)| problem).collect()
    }

    fn mapping<'a>(&'a self, path: String, value: &'a Value) -> Section<'a> {
        let entries = match value {
            Value::Mapping(entries) => Some(entries),
            Value::Null => None,
            other => {
                let message = format!("want keys and values, found {}", kind(other));
                self.problem(&path, message);
                None
            }
        };
        Section {
            document: self,
            path,
            entries,
            known: Vec::new(),
        }
    }
}

impl<'a> Section<'a> {
    /// Returns the section under `key`; it has no entries when absent.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let value = self.value(key).unwrap_or(&Value::Null);
        self.document.mapping(self.path_of(key), value)
    }

    /// Returns the value under `key`, `parse`d; `None` when absent, and when it is
    /// wrong, which is then reported.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let path = self.path_of(key);
        let result = scalar(value).and_then(|text| parse(&text));
        result
            .inspect_err(|message| self.document.problem(&path, message))
            .ok()
    }

    /// Puts the value under `key` into `into`, which keeps its default otherwise.
    pub(super) fn set<T>(
        &mut self,
        key: &'static str,
        into: &mut T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) {
        if let Some(value) = self.parsed(key, parse) {
            *into = value;
        }
    }

    /// Returns the comma list under `key`, which may be written as a YAML list.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(Value::Sequence(items)) = self.value(key) else {
            return self.parsed(key, parse);
        };
        let path = self.path_of(key);
        let texts: Result<Vec<_>, _> = items.iter().map(scalar).collect();
        let result = texts.and_then(|texts| parse(&texts.join(",")));
        result
            .inspect_err(|message| self.document.problem(&path, message))
            .ok()
    }

    /// Returns the entries of the YAML list under `key`: texts and sections.
    pub(super) fn entries(&mut self, key: &'static str) -> Option<Vec<Entry<'a>>> {
        let value = self.value(key)?;
        let path = self.path_of(key);
        let Value::Sequence(items) = value else {
            let message = format!("want a list, found {}", kind(value));
            self.document.problem(&path, message);
            return None;
        };
        let entry = |(index, value): (usize, &'a Value)| {
            let path = format!("{path}[{index}]");
            match scalar(value) {
                Ok(text) => Entry::Text { path, text },
                Err(_) => Entry::Section(self.document.mapping(path, value)),
            }
        };
        Some(items.iter().enumerate().map(entry).collect())
    }

    /// Whether `text` stands under `key`.
    pub(super) fn is_text(&mut self, key: &'static str, text: &str) -> bool {
        self.value(key)
            .is_some_and(|value| scalar(value).is_ok_and(|value| value == text))
    }

    /// Reports a problem with the value under `key`.
    pub(super) fn problem(&self, key: &str, message: &str) {
        self.document.problem(&self.path_of(key), message);
    }

    /// Reports the keys that nobody asked for, each with the nearest known one.
    pub(super) fn done(self) {
        for (key, _) in self.entries.into_iter().flatten() {
            let key = scalar(key).unwrap_or_default();
            if self.known.contains(&key.as_str()) {
                continue;
            }
            let path = self.path_of(&key);
            let message = match nearest(&key, &self.known) {
                Some(known) => format!("unknown key; did you mean `{known}`?"),
                None => format!("unknown key; known here: {}", self.known.join(", ")),
            };
            self.document.problem(&path, message);
        }
    }

    /// The path of this section, for problems with the whole of it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries?.get(key).filter(|value| !value.is_null())
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

/// An entry of a YAML list.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    Text { path: String, text: String },
    Section(Section<'a>),
}

fn scalar(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        // YAML reads `off` as a text or as a truth value, by its version.
        Value::Bool(true) => Ok("on".to_owned()),
        Value::Bool(false) => Ok("off".to_owned()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => {
            Err(format!("want one value, found {}", kind(value)))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "keys and values",
        Value::Tagged(_) => "a tagged value",
    }
}

/// Returns the known word most like `word`, if any is like it at all.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Below this a suggestion misleads: `netrc` for `cert` is 0.6.
const LIKENESS_MIN: f64 = 0.8;
