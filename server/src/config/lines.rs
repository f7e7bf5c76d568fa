//! Which line a key is on.
//!
//! The YAML parser forgets, so the text is read once more by indentation. Flow
//! style (`{a: b}`) and folded text are not followed: a path not found is looked
//! for without its last part, and a wrong guess costs a line number only.

use std::collections::BTreeMap;

/// The line, from 1, of each key path such as `databases[0].url`.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<String, usize>);

#[derive(Debug)]
struct Open {
    indent: usize,
    path: String,
    is_item: bool,
    items: usize,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        let mut open: Vec<Open> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim_start_matches(' ');
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            lines.line(index + 1, line.len() - trimmed.len(), trimmed, &mut open);
        }
        lines
    }

    fn line(&mut self, number: usize, mut indent: usize, mut rest: &str, open: &mut Vec<Open>) {
        while let Some(after) = rest.strip_prefix("- ") {
            // A list may start at the indent of its own key.
            open.retain(|it| it.indent < indent || (it.indent == indent && !it.is_item));
            let Some(parent) = open.last_mut() else {
                return;
            };
            let path = format!("{}[{}]", parent.path, parent.items);
            parent.items += 1;
            self.0.entry(path.clone()).or_insert(number);
            open.push(Open {
                indent,
                path,
                is_item: true,
                items: 0,
            });
            let trimmed = after.trim_start_matches(' ');
            indent += rest.len() - trimmed.len();
            rest = trimmed;
        }
        let Some((key, after)) = rest.split_once(':') else {
            return;
        };
        if !after.is_empty() && !after.starts_with([' ', '\t', '\r']) {
            return;
        }
        open.retain(|it| it.indent < indent);
        let key = key.trim().trim_matches(['"', '\'']);
        let path = match open.last() {
            Some(parent) => format!("{}.{key}", parent.path),
            None => key.to_owned(),
        };
        self.0.entry(path.clone()).or_insert(number);
        open.push(Open {
            indent,
            path,
            is_item: false,
            items: 0,
        });
    }

    /// Returns the line of a path, or of the nearest path around it.
    pub(super) fn of_path(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_indentation() {
        let text = "# top\nlisten: a:1\nupstream:\n  list: https://x\n\n  breaker:\n    open_min: 5s\ncache: {hot_bytes_max: 1}\ndatabases:\n- name: a\n  url: b\n- c\nmore:\n  -   name: d\n      url: e\n";
        let lines = Lines::of(text);
        for (path, line) in [
            ("listen", 2),
            ("upstream", 3),
            ("upstream.list", 4),
            ("upstream.breaker.open_min", 7),
            ("cache.hot_bytes_max", 8),
            ("databases[0]", 10),
            ("databases[0].name", 10),
            ("databases[0].url", 11),
            ("databases[1]", 12),
            ("more[0].url", 15),
        ] {
            assert_eq!(lines.of_path(path), Some(line), "{path}");
        }
        assert_eq!(lines.of_path("absent"), None);
    }
}
