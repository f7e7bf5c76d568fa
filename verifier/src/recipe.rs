//! How a program was built, as far as its file tells: what to run so as to get the same
//! bytes again.
//!
//! ```text
//! GOTOOLCHAIN=go1.27.3 GOOS=linux GOARCH=amd64 CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' ./cmd/x
//! ```
//!
//! Build information records most of it, the file shows some of the rest (symbols that are
//! not there, folders in the line table), and some is only likely. Each element says which
//! of these it rests on. What the file does not tell is listed, too: a recipe is never
//! complete by silence.

pub mod go_line;
mod linker;
mod place;
mod release;
mod settings;
pub mod shell;
mod unknown;

use serde::Serialize;

use crate::artifact::Artifact;
use go_line::GoLine;

pub use linker::LinkerFlags;
pub use place::{Folders, Origin, Source, Wrapper};
pub(crate) use release::fetches;

/// How a program was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// The Go release: `GOTOOLCHAIN` where the go command fetches it by that name, else
    /// `go`. Absent when the file names no version.
    pub toolchain: Option<Element>,
    /// Environment variables, in the order in which they are printed: GOOS, GOARCH and the
    /// level of its processors, CGO_ENABLED, CGO_CFLAGS and the like, GOEXPERIMENT,
    /// GOFIPS140.
    pub environment: Vec<Element>,
    /// Flags of go build but for -ldflags: `-trimpath`, `-tags`, `-buildmode`, ... An
    /// empty value is a flag without one.
    pub flags: Vec<Element>,
    /// Flags of Go's linker.
    pub linker: LinkerFlags,
    /// The package to build, as go build takes it in the source's folder: `.`, `./cmd/x`,
    /// `example.com/x/cmd/x@v1.2.3`. Where it was named by its files, these, with spaces
    /// between them, by the name `files`.
    pub package: Option<Element>,
    /// The source.
    pub source: Source,
    /// Folders of the building machine; only those that are in the file.
    pub folders: Folders,
    /// The go line of the main module's go.mod, from the GODEBUG defaults.
    pub go_line: Option<GoLine>,
    /// What the file does not tell, each in a sentence.
    pub unknown: Vec<String>,
}

/// One variable, flag or argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Element {
    /// The variable or flag; for an argument, what it is.
    pub name: String,
    /// Its value; empty for a flag without one.
    pub value: String,
    /// What it rests on.
    pub basis: Basis,
    /// Where that was found.
    #[serde(rename = "where")]
    pub place: String,
}

/// What an element of a recipe rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The go command wrote it down in the file.
    Recorded,
    /// The file shows it.
    Read,
    /// Hashes of the build prove it.
    Proven,
    /// It fits, and something else may fit as well.
    Likely,
}

impl Recipe {
    /// Reads the recipe of a linked Go program; `None` for any other file.
    pub fn of(artifact: &Artifact) -> Option<Self> {
        let go = &artifact.go;
        let is_built = go.info().is_some() || go.program().is_some() || go.version().is_some();
        if !artifact.image.format.is_program() || !is_built {
            return None;
        }
        let source = place::source(artifact);
        let mut recipe = Self {
            toolchain: settings::toolchain(artifact),
            environment: settings::environment(artifact),
            flags: settings::flags(artifact, &source),
            linker: linker::read(artifact),
            package: place::package(artifact, &source),
            folders: place::folders(artifact),
            go_line: go_line::of(artifact),
            source,
            unknown: Vec::new(),
        };
        recipe.unknown = unknown::list(artifact, &recipe);
        Some(recipe)
    }

    /// Puts in flags of the linker that something beside the file told.
    pub(crate) fn set_linker(&mut self, artifact: &Artifact, linker: LinkerFlags) {
        self.linker = linker;
        self.unknown = unknown::list(artifact, self);
    }

    /// Returns the value of a variable: of GOTOOLCHAIN, too.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Returns every variable to set, in the order in which they are printed.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let toolchain = self
            .toolchain
            .iter()
            .filter(|known| known.name == GOTOOLCHAIN);
        toolchain
            .chain(&self.environment)
            .map(|known| (known.name.as_str(), known.value.as_str()))
    }

    /// Returns the value of a flag of go build: empty for one without a value. Of
    /// `-ldflags`, too.
    pub fn flag(&self, name: &str) -> Option<&str> {
        if name == LDFLAGS {
            return self.linker.text.as_deref();
        }
        let known = self.flags.iter().find(|known| known.name == name);
        known.map(|known| known.value.as_str())
    }

    /// Returns the program to run: `go`, or that of an old release, which has a name of
    /// its own (golang.org/dl).
    pub fn program(&self) -> &str {
        match &self.toolchain {
            Some(release) if release.name == GO => &release.value,
            _ => GO,
        }
    }

    /// Returns the arguments of [`Self::program`]: `build`, flags, the package. Where the
    /// package is not known it is left out.
    pub fn arguments(&self) -> Vec<String> {
        let verb = match self.source.origin {
            Origin::ModuleCache => "install",
            Origin::Checkout | Origin::Wrapper | Origin::Unknown => "build",
        };
        let flags = self.flags.iter().map(|known| {
            let Element { name, value, .. } = known;
            if value.is_empty() {
                name.clone()
            } else {
                format!("{name}={value}")
            }
        });
        let linker = self
            .linker
            .text
            .iter()
            .map(|text| format!("{LDFLAGS}={text}"));
        std::iter::once(verb.to_owned())
            .chain(flags)
            .chain(linker)
            .chain(self.packages())
            .collect()
    }

    /// Returns what is named on the command line: the package, or the files of package main.
    pub fn packages(&self) -> Vec<String> {
        match &self.package {
            None => Vec::new(),
            Some(files) if files.name == FILES => {
                files.value.split(' ').map(str::to_owned).collect()
            }
            Some(package) => vec![package.value.clone()],
        }
    }

    /// Returns all of it as one line for a POSIX shell.
    pub fn command(&self) -> String {
        let variables = self
            .variables()
            .map(|(name, value)| format!("{name}={}", shell::word(value)));
        let arguments = self.arguments();
        let arguments = arguments.iter().map(|argument| shell::argument(argument));
        let words: Vec<String> = variables
            .chain(std::iter::once(shell::word(self.program())))
            .chain(arguments)
            .collect();
        words.join(" ")
    }
}

impl Element {
    fn new(
        name: impl Into<String>,
        value: impl Into<String>,
        basis: Basis,
        place: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            basis,
            place: place.into(),
        }
    }

    /// Takes a setting of the build information down.
    fn recorded(name: &str, value: &str) -> Self {
        Self::new(
            name,
            value,
            Basis::Recorded,
            format!("build info: build {name}"),
        )
    }
}

/// The variable by which the go command takes another release.
pub const GOTOOLCHAIN: &str = "GOTOOLCHAIN";

/// The flag of go build that holds flags of the linker.
pub const LDFLAGS: &str = "-ldflags";

/// The name of the element that lists the files of package main.
const FILES: &str = "files";

/// The program, and the name of a release that has to be installed.
const GO: &str = "go";

#[cfg(test)]
mod tests;
