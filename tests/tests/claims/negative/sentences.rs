//! The sentences, and how each format would say them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;
use testkit::environment;

use super::cases::Case;

/// What must not be said of a changed input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sentence {
    Identical,
    Masked,
    OnlyMoved,
    /// Of a function that has other operands.
    SameCode,
    Clean,
    Official,
    /// A cause that the change is not.
    Proven,
    /// That Go itself is another one, likely or proven.
    Toolchain,
    /// The exit code of success, `--accept masked` given.
    Success,
}

pub(super) const SENTENCES: [Sentence; 9] = [
    Sentence::Identical,
    Sentence::Masked,
    Sentence::OnlyMoved,
    Sentence::SameCode,
    Sentence::Clean,
    Sentence::Official,
    Sentence::Proven,
    Sentence::Toolchain,
    Sentence::Success,
];

impl Sentence {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Masked => "equal after masking",
            Self::OnlyMoved => "only moved",
            Self::SameCode => "no code differs",
            Self::Clean => "clean",
            Self::Official => "official",
            Self::Proven => "proven, and is not so",
            Self::Toolchain => "another Go",
            Self::Success => "exit 0",
        }
    }

    /// The formats that say it of an unchanged input.
    pub(super) fn formats(self) -> &'static str {
        match self {
            Self::Identical | Self::Official => "text, json, sarif, junit, markdown, html, github",
            // In SARIF every result says what differs, and none that anything is equal.
            Self::Masked => "text, json, junit, markdown, html, github",
            Self::Clean => "text, json",
            Self::OnlyMoved | Self::SameCode | Self::Proven | Self::Toolchain | Self::Success => "",
        }
    }

    /// Words of reports for people that say it.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Identical => &["IDENTICAL", "identical", "hold the same bytes"],
            Self::Masked => &[
                "EQUAL AFTER MASKING",
                "equal after masking",
                "both files are equal",
            ],
            Self::OnlyMoved => &[
                "only moved",
                "layout shifted only",
                "all of it moved",
                "no code or data differs",
            ],
            Self::Clean => &["CLEAN", "every one as it was recorded"],
            Self::Official => &["OFFICIAL", "official content", "unchanged, and no other"],
            Self::SameCode => &[
                "the code of none differs",
                "The code of no Go function differs",
                "functions is the same",
            ],
            Self::Proven | Self::Toolchain | Self::Success => &[],
        }
    }
}

/// The formats, by the file that each is written to.
const FORMATS: [(&str, &str); 6] = [
    ("json", "report.json"),
    ("sarif", "report.sarif"),
    ("junit", "report.xml"),
    ("markdown", "report.md"),
    ("html", "report.html"),
    ("github", "github=report.txt"),
];

/// What was said of one case.
pub(super) struct Said {
    /// The answer's first line.
    pub(super) first: String,
    /// Sentences that must not appear, and the formats that have them.
    found: BTreeMap<Sentence, Vec<String>>,
}

impl Said {
    /// Runs the command of a case and looks through all that it printed.
    pub(super) fn of(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = environment::command("verify-build");
        command
            .current_dir(folder.path())
            .args(&case.arguments)
            .arg("--verbose");
        for (_, file) in FORMATS {
            command.args(["--output", file]);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        let first = text.lines().find(|line| !line.is_empty());
        let first = first.unwrap_or_else(|| panic!("{}, {}: {errors}", case.row, case.file));
        let mut said = Self {
            first: first.chars().take(160).collect(),
            found: BTreeMap::new(),
        };
        if output.status.success() {
            said.add(Sentence::Success, "exit".into());
        }
        said.read(case, "text", &text);
        for (format, file) in FORMATS {
            let file = file.rsplit('=').next().unwrap();
            let content = read(&folder.path().join(file));
            if format == "json" {
                said.read_json(case, &serde_json::from_str(&content).unwrap());
            } else {
                said.read(case, format, &content);
            }
        }
        said
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.found.is_empty()
    }

    /// The formats in which a sentence appears.
    pub(super) fn formats(&self, sentence: Sentence) -> String {
        let formats = self.found.get(&sentence);
        formats.map_or_else(String::new, |formats| formats.join(", "))
    }

    fn add(&mut self, sentence: Sentence, format: String) {
        let formats = self.found.entry(sentence).or_default();
        if !formats.contains(&format) {
            formats.push(format);
        }
    }

    fn read(&mut self, case: &Case, format: &str, content: &str) {
        for sentence in SENTENCES {
            if sentence == Sentence::SameCode && !case.changes_go_code {
                continue;
            }
            if sentence.words().iter().any(|words| content.contains(words)) {
                self.add(sentence, format.to_owned());
            }
        }
    }

    fn read_json(&mut self, case: &Case, report: &Value) {
        // Fields have names of their own; what is said stands in these.
        for (place, sentence, value) in [
            ("verdict", Sentence::Identical, "identical"),
            ("verdict", Sentence::Clean, "clean"),
            ("verdict", Sentence::Official, "official"),
            ("verdict", Sentence::Official, "repackaged"),
        ] {
            if report[place] == value {
                self.add(sentence, "json".into());
            }
        }
        for pair in list(&report["comparisons"]) {
            if pair["masked"]["equal"] == true {
                self.add(Sentence::Masked, "json".into());
            }
        }
        for cause in list(&report["causes"]) {
            let name = cause["cause"].as_str().unwrap_or_default();
            if cause["confidence"] == "proven" && !case.proven.contains(&name) {
                self.add(Sentence::Proven, name.to_owned());
            }
            if name == "toolchain-patched" && cause["confidence"] != "possible" {
                self.add(Sentence::Toolchain, "json".into());
            }
            self.read(case, "json", cause["summary"].as_str().unwrap_or_default());
        }
        self.read(case, "json", report["summary"].as_str().unwrap_or_default());
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl fmt::Display for Said {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (sentence, formats)) in self.found.iter().enumerate() {
            let comma = if index > 0 { "; " } else { "" };
            write!(out, "{comma}{} ({})", sentence.name(), formats.join(", "))?;
        }
        write!(out, " [{}]", self.first)
    }
}
