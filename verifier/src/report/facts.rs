//! All that one file tells, as names and values, for text and pages alike.

use proto::quantity;

use super::{File, Module};
use crate::image::linkage::{Linkage, Versions};

/// One name and its value; values come from the file and are not cleaned.
pub type Fact = (String, String);

/// Returns what a file tells, sections apart.
pub fn facts(file: &File) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    facts.identity(file);
    facts.linkage(&file.linkage);
    facts.debug(file);
    facts.all("producer", &file.format.producers);
    facts.build(file);
    facts.sources(file);
    if let Some(functions) = &file.functions {
        let value = format!("{} of {} packages", functions.functions, functions.packages);
        facts.add("functions", value);
    }
    facts.all("unreadable", &file.problems);
    facts.0
}

/// Says in a few words what a file is.
pub fn describe(file: &File) -> String {
    let mut words = vec![file.format.name.to_owned()];
    match (&file.format.goos, &file.format.goarch) {
        (Some(goos), Some(goarch)) => words.push(format!("{goos}/{goarch}")),
        (None, Some(one)) | (Some(one), None) => words.push(one.clone()),
        (None, None) => {}
    }
    match &file.go_version {
        Some(version) => words.push(version.clone()),
        None if file.format.gccgo.is_some() => words.push("Go by gccgo".into()),
        None if file.build_id.is_some() || file.sources.is_some() => {
            words.push("Go, version unknown".into());
        }
        None if file.self_check.reason == Some("it carries other files") => {}
        None => words.push("no Go build recognised".into()),
    }
    words.join(", ")
}

/// Returns what matters most about a build, in a few words each.
pub fn brief(file: &File) -> Vec<String> {
    let mut words = Vec::new();
    let info = file.build_info.as_ref();
    if let Some(main) = info.and_then(|info| info.main.as_ref()) {
        words.push(format!("{} {}", main.path, main.version).trim().to_owned());
    } else {
        words.extend(info.and_then(|info| info.path.clone()));
    }
    if file.build_id.is_some() {
        words.push(format!("self-check: {}", self_check(file)));
    }
    let linked = file.linkage.is_static;
    words.extend(linked.map(|is_static| if is_static { "static" } else { "dynamic" }.to_owned()));
    let settings = info
        .map(|info| info.settings.as_slice())
        .unwrap_or_default();
    let is_told = |key: &str| BRIEF.contains(&key) || key.starts_with("vcs.");
    let settings = settings.iter().filter(|setting| is_told(&setting.key));
    words.extend(settings.map(|setting| format!("{}={}", setting.key, setting.value)));
    words.extend(
        file.problems
            .iter()
            .map(|problem| format!("unreadable: {problem}")),
    );
    words
}

/// Settings of a build that decide most often whether it comes out the same.
const BRIEF: [&str; 4] = ["-trimpath", "-ldflags", "-tags", "CGO_ENABLED"];

/// How far programs of GCC's compiler for Go are understood.
pub const GCCGO_LIMITS: &str = "of such a program sections and bytes are compared, not functions, packages or settings: \
                                it has no line table and no build ID that this program reads";

/// Returns what the self-check says.
pub fn self_check(file: &File) -> String {
    match (file.self_check.status, file.self_check.reason) {
        ("intact", _) => "holds: the bytes give the content ID".into(),
        ("signed", _) => {
            "holds with the signature put aside: the file was only signed after go build".into()
        }
        ("changed", _) => "DOES NOT HOLD: the bytes give another content ID".into(),
        (_, Some(reason)) => format!("not possible, {reason}"),
        (_, None) => "not possible".into(),
    }
}

struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    fn all<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a String>) {
        for value in values {
            self.add(name, value);
        }
    }

    fn identity(&mut self, file: &File) {
        let kind = file
            .format
            .kind
            .map_or_else(String::new, |kind| format!(", {kind}"));
        self.add("format", format!("{}{kind}", describe(file)));
        let bytes = usize::try_from(file.size).unwrap_or(usize::MAX);
        self.add(
            "size",
            format!("{} ({})", quantity::size(file.size), quantity::bytes(bytes)),
        );
        self.add("sha256", &file.sha256);
        if let Some(id) = &file.build_id {
            let value = format!("{} ({}, at {:#x})", id.text, id.kind, id.offset);
            self.add("build ID", value);
            if let Some(parts) = &id.parts {
                let meanings = [
                    ("A", &parts.A, "what went into the link"),
                    ("B", &parts.B, "what went into compiling package main"),
                    ("C", &parts.C, "what compiling package main gave"),
                    ("D", &parts.D, "the bytes of the program"),
                ];
                for (letter, part, meaning) in meanings {
                    self.add(&format!("  part {letter}"), format!("{part}  {meaning}"));
                }
            }
            self.add("self-check", self_check(file));
        }
        if let Some(id) = &file.host_id {
            let origin = match id.origin {
                "go" => "derived from the Go build ID",
                "content" => "made by Go's linker from the program",
                "other" => {
                    "not the one that Go makes: by hand, by the host's linker, or changed since"
                }
                _ => "origin unknown",
            };
            let name = if id.kind == "uuid" { "UUID" } else { "GNU ID" };
            self.add(name, format!("{} ({origin})", id.value));
        }
        if let Some(sign) = &file.format.gccgo {
            self.add("gccgo", format!("{sign}; {GCCGO_LIMITS}"));
        }
        if let Some(signature) = &file.signature {
            self.add("signature", &signature.said);
        }
        self.all("interpreter", &file.format.interpreter);
    }

    fn linkage(&mut self, linkage: &Linkage) {
        match linkage.is_static {
            Some(true) => self.add("linkage", "static: nothing is loaded beside it"),
            Some(false) => self.add("linkage", "dynamic"),
            None => {}
        }
        let highest = |library: &Versions| {
            let names = library.names.last().map_or("", String::as_str);
            format!("{} asked for up to {names}", library.library)
        };
        self.all("own name", &linkage.name);
        self.all("library", &linkage.libraries);
        for library in &linkage.versions {
            self.add("versions", highest(library));
        }
        for path in &linkage.search_paths {
            self.add(path.kind, &path.path);
        }
        if !linkage.flags.is_empty() {
            self.add("link flags", linkage.flags.join(" "));
        }
        self.all("linker", &linkage.linker);
        if let Some(platform) = &linkage.platform {
            let built = format!(
                "{} {}, SDK {}",
                platform.name, platform.minimum, platform.sdk
            );
            self.add("built for", built);
            self.all("tool", &platform.tools);
        }
    }

    fn debug(&mut self, file: &File) {
        let Some(debug) = &file.debug else {
            return;
        };
        for made in &debug.producers {
            let value = format!(
                "{} ({} units of {})",
                made.producer, made.units, made.language
            );
            self.add("compiled by", value);
        }
        self.all("compiled in", &debug.folders);
    }

    fn build(&mut self, file: &File) {
        self.all("go", &file.go_version);
        if let Some(info) = &file.build_info {
            self.all("path", &info.path);
            info.main
                .iter()
                .for_each(|module| self.module("mod", module));
            info.deps
                .iter()
                .for_each(|module| self.module("dep", module));
            for setting in &info.settings {
                self.add("build", format!("{}={}", setting.key, setting.value));
            }
        }
        for set in file.variables.iter().flatten() {
            self.add("-X", format!("{}={}", set.key, set.value));
        }
    }

    fn module(&mut self, word: &str, module: &Module) {
        let line = format!("{} {} {}", module.path, module.version, module.sum);
        self.add(word, line.trim_end());
        if let Some(by) = &module.replace {
            self.module("  =>", by);
        }
    }

    fn sources(&mut self, file: &File) {
        let Some(sources) = &file.sources else {
            return;
        };
        let value = format!(
            "{} files named, {} by an absolute path",
            sources.files, sources.absolute
        );
        self.add("sources", value);
        self.all("GOROOT", &sources.goroot);
        self.all("GOMODCACHE", &sources.module_cache);
        self.all("source tree", &sources.tree);
    }
}
