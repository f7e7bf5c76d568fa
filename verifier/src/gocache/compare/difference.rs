//! One package, or one other step, that came out differently.

use proto::finding::{Confidence, Evidence, Finding, Level};
use proto::gocache::Id;
use proto::gocache::kind::Kind;
use proto::gocache::modindex::Change;
use proto::goobj::diff::{Form, MemberChange};

use crate::cause::Name;
use crate::diff::compiled;

/// An action whose outputs differ, with what belongs to it.
#[derive(Debug)]
pub struct Difference {
    /// The action: that of the package, where it is one.
    pub action: Id,
    /// What the output is.
    pub kind: Kind,
    /// The import path, or the program's.
    pub package: Option<String>,
    /// The first few source files of the package.
    pub sources: Vec<String>,
    /// The version of Go that made it.
    pub go_version: Option<String>,
    /// The outputs that differ, that of the action itself first.
    pub parts: Vec<Part>,
    /// Members of the archives that differ; `None` when they were not looked
    /// into.
    pub members: Option<Vec<MemberChange>>,
    /// What two module indexes say differently; `None` when they were not looked into.
    pub index: Option<IndexChange>,
    /// The likeliest cause.
    pub cause: Name,
    /// How sure it is.
    pub confidence: Confidence,
    /// What would leave the same traces.
    pub also: Vec<Name>,
    /// What to change.
    pub fix: &'static str,
}

/// In what two module indexes differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexChange {
    /// The folder below its module's root, of the index of a single one.
    pub folder: Option<String>,
    /// The first difference that can change what is built; `None` when positions and
    /// comments are all that differs.
    pub change: Option<Change>,
}

/// An output that differs.
#[derive(Debug)]
pub struct Part {
    /// What it is to the package; `None` for the compiled package itself, or for
    /// what is no package's.
    pub description: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The outputs' names.
    pub outputs: [Id; 2],
    /// Their sizes in bytes.
    pub sizes: [u64; 2],
}

const FIX_NONDETERMINISM: &str = "first keep a copy of both caches as evidence (cp -a); then clear them and build the package twice on each host; if it differs there too, take another version of Go, and report it with both files; also look for -toolexec wrappers in GOFLAGS and for who else can write to the caches";
const FIX_STALE_CGO: &str = "C headers and libraries outside the package are in no key: build both with an empty cache (GOCACHE set to a new folder; keep the old ones as evidence) and the same C side, and give caches of different C sides different folders";
const FIX_STALE_INDEX: &str = "first keep a copy of both caches as evidence (cp -a); then clear both (go clean -cache) and build again; do not set the times of source files to a fixed value, or build with GODEBUG=goindex=0";
const FIX_LINK: &str =
    "compare the programs with verify-build: the host linker, or what it takes in, differs";
const FIX_OTHER: &str = "compare both files by hand; whether it reaches programs is not known";

impl Difference {
    /// Judges what differs; to be called when members are known.
    pub fn judge(&mut self) {
        // The folder's name stands in what cgo makes of each Go file. Its other
        // files hold what was taken from C.
        let other_c = self.parts.iter().any(|part| {
            let name = part.description.as_deref().unwrap_or_default();
            part.kind == Kind::Generated && !name.ends_with(".cgo1.go")
        });
        let members = self.members.as_deref().unwrap_or_default();
        let of = |forms: &[Form]| members.iter().any(|member| forms.contains(&member.form));
        let foreign = of(&[Form::Foreign]);
        let go = of(&[Form::Go, Form::Assembly, Form::Export]);
        let (cause, confidence, also, fix): (_, _, &[Name], _) = match self.kind {
            Kind::Archive if other_c || (foreign && !go) => (
                Name::CacheStaleCgo,
                Confidence::Likely,
                &[Name::CCompiler, Name::Toolexec],
                FIX_STALE_CGO,
            ),
            Kind::Archive if foreign => (
                Name::CacheStaleCgo,
                Confidence::Possible,
                &[Name::CompilerNondeterminism, Name::Toolexec],
                FIX_STALE_CGO,
            ),
            Kind::Archive => (
                Name::CompilerNondeterminism,
                if go {
                    Confidence::Likely
                } else {
                    Confidence::Possible
                },
                &[Name::Toolexec, Name::CachePoisoned],
                FIX_NONDETERMINISM,
            ),
            Kind::ModuleIndex => (
                Name::StaleModuleIndex,
                match &self.index {
                    Some(index) if index.change.is_some() => Confidence::Likely,
                    _ => Confidence::Possible,
                },
                &[Name::SourceContent, Name::CachePoisoned],
                FIX_STALE_INDEX,
            ),
            Kind::Program => (Name::HostLinker, Confidence::Possible, &[], FIX_LINK),
            _ if other_c => (
                Name::CacheStaleCgo,
                Confidence::Possible,
                &[],
                FIX_STALE_CGO,
            ),
            _ => (Name::Unexplained, Confidence::Possible, &[], FIX_OTHER),
        };
        self.cause = cause;
        self.confidence = confidence;
        self.also = also.to_vec();
        self.fix = fix;
    }

    /// Returns what was found in one sentence.
    pub fn summary(&self) -> String {
        let subject = match (&self.package, self.kind) {
            (Some(path), Kind::Program) => format!("program {path}"),
            (Some(path), _) if path == "main" && !self.sources.is_empty() => {
                format!("package main ({})", self.sources.join(" "))
            }
            (Some(path), _) => format!("package {path}"),
            (None, kind) if !self.sources.is_empty() => {
                format!("{} of {}", kind.as_str(), self.sources.join(" "))
            }
            (None, kind) => format!("an entry of kind {}", kind.as_str()),
        };
        let version = self.go_version.as_deref().unwrap_or("another version");
        let by = match self.kind {
            Kind::Archive | Kind::Program => format!(", by {version}"),
            _ => String::new(),
        };
        format!(
            "{subject}: the same action came out differently{by}; {}",
            self.what()
        )
    }

    /// Says which parts differ, in a few words.
    fn what(&self) -> String {
        if let Some(index) = &self.index {
            return index.words();
        }
        let Some(members) = &self.members else {
            let names: Vec<&str> = self
                .parts
                .iter()
                .map(|part| part.description.as_deref().unwrap_or(part.kind.as_str()))
                .collect();
            return format!("what differs: {}", names.join(", "));
        };
        compiled::words(members)
    }

    /// Returns what can be checked by hand.
    pub fn evidence(&self) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = self
            .parts
            .iter()
            .map(|part| Evidence {
                place: match &part.description {
                    Some(description) => format!("output {description}"),
                    None => "output".to_owned(),
                },
                a: Some(part.outputs[0].to_string()),
                b: Some(part.outputs[1].to_string()),
            })
            .collect();
        let index = self.index.as_ref().and_then(|index| index.change.as_ref());
        evidence.extend(index.map(|change| Evidence {
            place: format!("{} of {}", change.what, change.file),
            a: Some(change.a.clone()),
            b: Some(change.b.clone()),
        }));
        evidence.extend(compiled::evidence(
            self.members.as_deref().unwrap_or_default(),
        ));
        evidence
    }

    /// Returns it as every printer knows it.
    pub fn finding(&self) -> Finding {
        Finding {
            rule: self.cause.as_str(),
            level: match self.kind {
                Kind::Archive | Kind::Program | Kind::ModuleIndex => Level::Error,
                _ => Level::Warning,
            },
            confidence: Some(self.confidence),
            artifact: self.package.clone().unwrap_or_default(),
            summary: self.summary(),
            evidence: self.evidence(),
            fix: self.fix.to_owned(),
        }
    }
}

impl IndexChange {
    fn words(&self) -> String {
        let of = match self.folder.as_deref() {
            None => String::new(),
            Some("") => " of the module's root".to_owned(),
            Some(folder) => format!(" of folder {folder}"),
        };
        let same = "names, times and sizes of the files are the same, or they lie at one path of the module cache, and go looks at nothing else";
        match &self.change {
            Some(Change { file, what, a, b }) => {
                let [a, b] = [a, b].map(|text| if text.is_empty() { "none" } else { text });
                format!("the index{of} says of {file} ({what}): a {a}, b {b}; {same}")
            }
            None => format!(
                "the index{of} differs in positions or comments, not in what is chosen; {same}"
            ),
        }
    }
}
