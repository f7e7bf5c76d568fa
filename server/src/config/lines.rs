//! Which line a key is on, and how much a file stands for.
//!
//! serde forgets where a value stood, and the reader of YAML under it says it of errors
//! alone. So the events of another parser, `saphyr-parser`, which have their places, are
//! walked before serde reads the text. Aliases are counted on the way: a short file may
//! stand for more values than there is memory.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScanError, Span};

/// The most values that a file may stand for, its aliases followed.
const VALUES_MAX: usize = 200_000;

/// The line, from 1, of each key path such as `databases[0].url`.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<String, usize>);

/// Why a text was not walked to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The line, from 1.
    pub(super) line: usize,
    /// The column, from 1.
    pub(super) column: usize,
    /// What is wrong there.
    pub(super) message: String,
}

impl Lines {
    /// Finds the keys of a YAML text.
    ///
    /// # Errors
    /// Where it is not YAML, has a key that is not one word, or stands for too much.
    pub(super) fn of(text: &str) -> Result<Self, Broken> {
        let mut walk = Walk::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| broken(&error))?;
            match event {
                // serde says that there is one document too many.
                Event::DocumentEnd => break,
                event => walk.event(&event, span)?,
            }
        }
        Ok(walk.lines)
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

fn broken(error: &ScanError) -> Broken {
    Broken {
        line: error.marker().line(),
        column: error.marker().col() + 1,
        message: format!("is not YAML: {}", error.info()),
    }
}

/// A walk through the events of a document.
#[derive(Default)]
struct Walk {
    lines: Lines,
    open: Vec<Open>,
    /// Values so far, aliases followed.
    values: usize,
    /// How many values each anchor stands for.
    anchors: BTreeMap<usize, usize>,
}

/// A list or mapping that has not ended.
struct Open {
    path: String,
    kind: Collection,
    anchor: usize,
    values_before: usize,
}

enum Collection {
    List { items: usize },
    Mapping { key: Option<String> },
}

impl Walk {
    fn event(&mut self, event: &Event<'_>, span: Span) -> Result<(), Broken> {
        match event {
            Event::Scalar(text, _, anchor, _) => {
                self.scalar(text, span)?;
                self.anchors.insert(*anchor, 1);
            }
            Event::Alias(anchor) => {
                self.place(span)?;
                // One that is still open stands for itself, which serde refuses.
                let values = self.anchors.get(anchor).copied().unwrap_or(1);
                self.values = self.values.saturating_add(values);
            }
            Event::SequenceStart(anchor, _) => {
                self.start(*anchor, Collection::List { items: 0 }, span)?;
            }
            Event::MappingStart(anchor, _) => {
                self.start(*anchor, Collection::Mapping { key: None }, span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(ended) = self.open.pop() {
                    let values = self.values.saturating_sub(ended.values_before);
                    self.anchors.insert(ended.anchor, values);
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        if self.values > VALUES_MAX {
            let message = format!(
                "the aliases (`*name`) stand for more than {VALUES_MAX} values; write out what is meant"
            );
            return Err(at(span, message));
        }
        Ok(())
    }

    /// A word: a key, or a value.
    fn scalar(&mut self, text: &str, span: Span) -> Result<(), Broken> {
        if let Some(Open {
            path,
            kind: Collection::Mapping { key: key @ None },
            ..
        }) = self.open.last_mut()
        {
            let path = super::schema::join(path, text);
            *key = Some(path.clone());
            self.lines.put(path, span);
            return Ok(());
        }
        self.place(span)?;
        self.values += 1;
        Ok(())
    }

    fn start(&mut self, anchor: usize, kind: Collection, span: Span) -> Result<(), Broken> {
        let path = self.place(span)?;
        let values_before = self.values;
        self.values += 1;
        self.open.push(Open {
            path,
            kind,
            anchor,
            values_before,
        });
        Ok(())
    }

    /// Returns the path of the value that begins here.
    fn place(&mut self, span: Span) -> Result<String, Broken> {
        let Some(open) = self.open.last_mut() else {
            return Ok(String::new());
        };
        match &mut open.kind {
            Collection::Mapping { key } => key
                .take()
                .ok_or_else(|| at(span, "want a key of one word".to_owned())),
            Collection::List { items } => {
                let path = format!("{}[{items}]", open.path);
                *items += 1;
                self.lines.put(path.clone(), span);
                Ok(path)
            }
        }
    }
}

impl Lines {
    fn put(&mut self, path: String, span: Span) {
        self.0.entry(path).or_insert_with(|| span.start.line());
    }
}

fn at(span: Span, message: String) -> Broken {
    Broken {
        line: span.start.line(),
        column: span.start.col() + 1,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_every_style() {
        let text = "# top\nlisten: a:1\nupstream:\n  list: https://x\n\n  breaker:\n    open_min: 5s\ncache: {hot_bytes_max: 1,\n  'list_fresh': 1m}\ndatabases:\n- name: a\n  url: b\n- c\nmore:\n  -   name: d\n      url: |\n        e: f\n        g\n  - [h,\n     i]\n";
        let lines = Lines::of(text).unwrap();
        for (path, line) in [
            ("listen", 2),
            ("upstream", 3),
            ("upstream.list", 4),
            ("upstream.breaker.open_min", 7),
            ("cache.hot_bytes_max", 8),
            ("cache.list_fresh", 9),
            ("databases[0]", 11),
            ("databases[0].name", 11),
            ("databases[0].url", 12),
            ("databases[1]", 13),
            ("more[0].url", 16),
            ("more[0].url.e", 16),
            ("more[1][1]", 20),
        ] {
            assert_eq!(lines.of_path(path), Some(line), "{path}");
        }
        assert_eq!(lines.of_path("absent"), None);
    }

    #[test]
    fn a_text_that_is_no_yaml_is_broken_in_a_place() {
        let broken = Lines::of("a: 1\nb: [").unwrap_err();
        assert!(broken.line >= 2, "{broken:?}");
        let key = Lines::of("a: 1\n? [b]\n: c\n").unwrap_err();
        assert_eq!((key.line, key.column), (2, 3), "{key:?}");
    }

    #[test]
    fn aliases_are_counted_as_what_they_stand_for() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let items = format!("*a{},", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let bomb = Lines::of(&text).unwrap_err();
        assert!(bomb.message.contains("200000 values"), "{bomb:?}");
        // One list of many, named often: no level of aliases above another.
        let wide = format!(
            "a: &a [{}]\nb: [{}]\n",
            "x,".repeat(1000),
            "*a,".repeat(1000)
        );
        assert!(Lines::of(&wide).is_err());
        let good = "a: &a 1m\nb: *a\nc: [*a, *a]\n";
        assert!(Lines::of(good).is_ok());
    }
}
