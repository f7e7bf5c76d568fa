//! What a file of a Go distribution is for, by its name.

/// What a file is for. The order is that of how much it can do to a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A program that makes other programs: the compiler, the linker, the go
    /// command and its kind.
    Program,
    /// Source of `runtime`, linked into every program.
    Runtime,
    /// Other source that is compiled: the standard library and its assembly.
    Library,
    /// Source of the go command and the tools, from which they are built.
    Command,
    /// Headers, time zones, settings (`go.env`) and the version.
    Setting,
    /// Tests and their data.
    Test,
    /// Licences, read-me files and scripts that no build runs.
    Document,
}

impl Purpose {
    /// Judges a file by its name in the module, after `<module>/`.
    pub fn of(name: &str) -> Self {
        let base = name.rsplit('/').next().unwrap_or(name);
        let first = name.split('/').next().unwrap_or(name);
        match first {
            _ if name == base => match base {
                "VERSION" | "go.env" | "_go.mod" => Self::Setting,
                _ => Self::Document,
            },
            "bin" => Self::Program,
            "pkg" if name.starts_with("pkg/tool/") => Self::Program,
            "src" => Self::of_source(name, base),
            // lib/wasm and lib/time are read by programs, not by a build; the FIPS
            // module's source is compiled.
            "lib" if name.starts_with("lib/fips140/") && base.ends_with(".zip") => Self::Library,
            "lib" if is_document(base) => Self::Document,
            "lib" | "pkg" => Self::Setting,
            // No program of a release looks into other folders.
            _ => Self::Document,
        }
    }

    fn of_source(name: &str, base: &str) -> Self {
        let test = base.ends_with("_test.go") || name.split('/').any(|part| part == "testdata");
        if test {
            return Self::Test;
        }
        if is_document(base) {
            return Self::Document;
        }
        if name.starts_with("src/cmd/") {
            return Self::Command;
        }
        let runtime = ["src/runtime/", "src/internal/runtime/"];
        if runtime.iter().any(|folder| name.starts_with(folder)) {
            return Self::Runtime;
        }
        Self::Library
    }

    /// Whether a change of such a file can change what is built.
    pub fn matters(self) -> bool {
        match self {
            Self::Program | Self::Runtime | Self::Library | Self::Command | Self::Setting => true,
            Self::Test | Self::Document => false,
        }
    }

    /// The purpose in words, for one file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Runtime => "runtime",
            Self::Library => "library",
            Self::Command => "command",
            Self::Setting => "setting",
            Self::Test => "test",
            Self::Document => "document",
        }
    }
}

/// Neither compiled nor embedded by anything in a distribution (pages of HTML are).
fn is_document(base: &str) -> bool {
    let endings = [".md", ".bash", ".bat", ".rc", ".pl", ".py", ".sh"];
    let names = [
        "README",
        "LICENSE",
        "PATENTS",
        "NOTICE",
        "AUTHORS",
        "CONTRIBUTORS",
        "OWNERS",
        "Makefile",
        ".gitignore",
        ".gitattributes",
        "codereview.cfg",
    ];
    names.contains(&base) || endings.iter().any(|ending| base.ends_with(ending))
}
