//! From artifacts and outcomes to a report.

pub(super) mod container;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;

use proto::buildid::content::Variant;
use proto::buildid::{self};
use proto::buildinfo;

use super::functions::Functions;
use super::{
    BuildId, BuildInfo, Bytes, Comparison, FieldDifference, File, Format, FunctionCount, HostId,
    Module, Parts, Range, Report, SCHEMA, Section, SectionDifference, SelfCheck, Setting, Sources,
    Tool,
};
use crate::compare::{Artifact, Outcome, Verdict, name, read_all};
use crate::diff::regions::Span;
use crate::diff::{Diff, RegionDiff};
use crate::goinfo::functions::package;

use crate::goinfo::{self, pclntab, selfcheck, variables};
use crate::goinfo::{GoInfo, HostIdOrigin};
use crate::image::HostIdKind;
use crate::input;
use crate::progress::Progress;

/// The most ranges listed for one part.
const RANGES_MAX: usize = 64;

/// How many places of one region a picture can tell apart.
const HAIRS: usize = 400;

/// The most parts listed for one file.
const SECTIONS_MAX: usize = 1000;

impl Report {
    /// Looks into files without comparing them.
    ///
    /// # Errors
    /// The first file that can't be read.
    pub fn inspect(paths: &[PathBuf], progress: Progress) -> Result<Self, input::Error> {
        let bar = progress.reading(paths);
        let mut report = Self::new();
        read_all(
            paths,
            |path| Artifact::read_along(path, &bar),
            |_, artifact| -> Result<(), input::Error> {
                let mut file = File::of(&artifact);
                file.debug = super::debug::Debug::of(&artifact);
                file.functions = functions(&artifact);
                report.files.push(file);
                Ok(())
            },
        )?;
        bar.finish();
        report.summary = match report.files.as_slice() {
            [file] => format!("{}: {}", file.path, super::text::describe(file)),
            files => format!("{} files", files.len()),
        };
        Ok(report)
    }

    pub(super) fn new() -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool::this(),
            verdict: None,
            accepted: None,
            summary: String::new(),
            notes: Vec::new(),
            files: Vec::new(),
            clusters: None,
            comparisons: Vec::new(),
            causes: Vec::new(),
        }
    }
}

impl File {
    /// Takes down what a file tells.
    pub fn of(artifact: &Artifact) -> Self {
        let (image, go) = (&artifact.image, &artifact.go);
        let sections = image
            .regions
            .iter()
            .take(SECTIONS_MAX)
            .map(|region| Section {
                name: region.name.clone(),
                offset: region.range.start,
                size: region.range.len(),
                content: region.content,
            });
        Self {
            path: artifact.input.path.display().to_string(),
            size: artifact.bytes().len() as u64,
            sha256: hex::encode(artifact.input.sha256),
            format: format(artifact),
            build_id: image
                .build_id
                .as_ref()
                .map(|id| build_id(&id.value, id.range.start)),
            self_check: self_check(&go.self_check),
            host_id: host_id(artifact),
            linkage: image.linkage.clone(),
            debug: None,
            go_version: go
                .build_info
                .as_ref()
                .and_then(|info| info.value.version.clone()),
            variables: go
                .variables
                .as_ref()
                .map(|all| all.iter().map(variable).collect()),
            build_info: go.info().map(build_info),
            sources: sources(go),
            functions: None,
            sections: sections.collect(),
            problems: image.problems.iter().chain(&go.problems).cloned().collect(),
            inside: None,
        }
    }
}

fn format(artifact: &Artifact) -> Format {
    let (image, go) = (&artifact.image, &artifact.go);
    let machine = &image.machine;
    Format {
        name: image.format.name(),
        kind: machine.kind,
        goos: go.setting("GOOS").or(machine.goos).map(str::to_owned),
        goarch: go.setting("GOARCH").or(machine.goarch).map(str::to_owned),
        bits: machine.bits,
        interpreter: image.interpreter.clone(),
        producers: image.producers.clone(),
    }
}

fn build_id(id: &buildid::BuildId, offset: usize) -> BuildId {
    let (kind, parts) = match id {
        buildid::BuildId::Program(program) => {
            let [a, b, c, d] = program.parts().map(|part| part.to_string());
            (
                "program",
                Some(Parts {
                    A: a,
                    B: b,
                    C: c,
                    D: d,
                }),
            )
        }
        buildid::BuildId::Package { .. } => ("package", None),
        buildid::BuildId::Redacted => ("redacted", None),
        buildid::BuildId::Empty => ("empty", None),
        buildid::BuildId::Custom(_) => ("custom", None),
    };
    BuildId {
        text: id.to_string(),
        kind,
        parts,
        offset,
    }
}

fn self_check(check: &selfcheck::SelfCheck) -> SelfCheck {
    let none = SelfCheck {
        status: "unknown",
        computed: None,
        host_id_hashed: None,
        reason: None,
    };
    match check {
        selfcheck::SelfCheck::Intact(variant) => SelfCheck {
            status: "intact",
            host_id_hashed: Some(*variant == Variant::WithHostId),
            ..none
        },
        selfcheck::SelfCheck::Changed { computed, .. } => SelfCheck {
            status: "changed",
            computed: Some(computed.to_string()),
            ..none
        },
        selfcheck::SelfCheck::Unknown(reason) => SelfCheck {
            reason: Some(reason),
            ..none
        },
    }
}

fn host_id(artifact: &Artifact) -> Option<HostId> {
    let id = artifact.image.host_id.as_ref()?;
    Some(HostId {
        kind: match id.kind {
            HostIdKind::Gnu => "gnu",
            HostIdKind::Uuid => "uuid",
        },
        value: hex::encode(&id.bytes[..id.bytes.len().min(64)]),
        origin: match artifact.go.host_id_origin {
            Some(HostIdOrigin::Go(_)) => "go",
            Some(HostIdOrigin::Elsewhere) => "other",
            None => "unknown",
        },
    })
}

fn build_info(info: &buildinfo::BuildInfo) -> BuildInfo {
    let setting = |setting: &buildinfo::Setting| Setting {
        key: setting.key.clone(),
        value: setting.value.clone(),
    };
    BuildInfo {
        path: (!info.path.is_empty()).then(|| info.path.clone()),
        main: info.main.as_ref().map(module),
        deps: info.deps.iter().map(module).collect(),
        settings: info.settings.iter().map(setting).collect(),
    }
}

fn module(module: &buildinfo::Module) -> Module {
    Module {
        path: module.path.clone(),
        version: module.version.clone(),
        sum: module.sum.clone(),
        replace: module
            .replace
            .as_deref()
            .map(|by| Box::new(self::module(by))),
    }
}

/// Counts functions and their packages.
fn functions(artifact: &Artifact) -> Option<FunctionCount> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let table = pclntab::Found::in_image(bytes, image)?;
    let functions = goinfo::functions::Functions::read(bytes, image, &table)?;
    let names = functions
        .all
        .iter()
        .map(|function| package::of_symbol(function.name));
    let packages: HashSet<Cow<'_, str>> = names.collect();
    Some(FunctionCount {
        functions: functions.all.len(),
        packages: packages.len(),
    })
}

fn variable(variable: &variables::Variable) -> Setting {
    Setting {
        key: variable.name.clone(),
        value: variable.value.clone(),
    }
}

fn sources(go: &GoInfo) -> Option<Sources> {
    let sources = go.sources.as_ref()?;
    Some(Sources {
        goroot: sources.goroot.clone(),
        module_cache: sources.module_cache.clone(),
        tree: sources.tree.clone(),
        files: sources.files,
        absolute: sources.absolute,
    })
}

impl Comparison {
    /// Begins with the answer, and nothing that it rests on.
    fn new(files: [usize; 2], verdict: Verdict, reason: Option<String>) -> Self {
        Self {
            files,
            letters: files.map(name),
            same_as: None,
            verdict,
            reason,
            pattern: None,
            build_info: Vec::new(),
            sections: Vec::new(),
            sections_same: 0,
            bytes: Bytes {
                differing: 0,
                stamped: 0,
                remaining: 0,
            },
            masked: None,
            functions: None,
            container: None,
        }
    }

    /// Takes down what comparing two files gave.
    pub fn of(files: [usize; 2], outcome: &Outcome) -> Self {
        let mut comparison = Self::new(files, outcome.verdict, outcome.reason.clone());
        comparison.masked = outcome.masked.as_ref().map(super::masked::Masked::of);
        if let Some(diff) = &outcome.diff {
            comparison.fill(diff);
        }
        comparison
    }

    fn fill(&mut self, diff: &Diff) {
        self.pattern = diff.pattern.map(|pattern| pattern.to_string());
        let field = |field: &crate::diff::Field| FieldDifference {
            field: field.name.to_string(),
            a: field.a.clone(),
            b: field.b.clone(),
        };
        self.build_info = diff.fields.iter().map(field).collect();
        self.sections = diff
            .regions
            .iter()
            .take(SECTIONS_MAX)
            .map(section_difference)
            .collect();
        self.sections_same = diff.regions_same;
        let accounting = &diff.accounting;
        self.bytes = Bytes {
            differing: accounting.differing,
            stamped: accounting.stamped,
            remaining: accounting.remaining(),
        };
        self.functions = diff.functions.as_ref().map(Functions::of);
    }
}

fn section_difference(region: &RegionDiff) -> SectionDifference {
    let ranges = region.spans.iter().take(RANGES_MAX).map(range);
    SectionDifference {
        name: region.name.clone(),
        size_a: region.a.as_ref().map(std::ops::Range::len),
        size_b: region.b.as_ref().map(std::ops::Range::len),
        differing: region.differing,
        stamped: region.stamped,
        new_a: region.new.map(|[a, _]| a),
        new_b: region.new.map(|[_, b]| b),
        ranges: ranges.collect(),
        ranges_omitted: region.spans.len().saturating_sub(RANGES_MAX),
        drawn: drawn(region),
    }
}

fn range(span: &Span) -> Range {
    Range {
        offset_a: span.a.start,
        size_a: span.a.len(),
        offset_b: span.b.start,
        size_b: span.b.len(),
    }
}

/// Joins spans with less than a hair's breadth between them, as a picture of the
/// region would show them.
fn drawn(region: &RegionDiff) -> Vec<Range> {
    let len = |side: &Option<std::ops::Range<usize>>| side.as_ref().map_or(0, std::ops::Range::len);
    let hair = len(&region.a).max(len(&region.b)) / HAIRS;
    let mut joined: Vec<Span> = Vec::new();
    for span in &region.spans {
        match joined.last_mut() {
            Some(last)
                if span.a.start.saturating_sub(last.a.end) <= hair
                    && span.b.start.saturating_sub(last.b.end) <= hair =>
            {
                last.a.end = span.a.end;
                last.b.end = span.b.end;
            }
            _ => joined.push(span.clone()),
        }
    }
    joined.iter().map(range).collect()
}
