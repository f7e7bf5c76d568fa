//! What one file tells.

use serde::Serialize;

use super::{container, debug};
use crate::goinfo::sources::Sources;
use crate::image::Content;
use crate::image::linkage::Linkage;

/// What one file tells.
#[derive(Debug, Serialize)]
pub struct File {
    /// The path as it was given.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Format and machine.
    pub format: Format,
    /// The Go build ID; null when there is none.
    pub build_id: Option<BuildId>,
    /// Whether the file is still what `go build` wrote.
    pub self_check: SelfCheck,
    /// The GNU build ID or the Mach-O UUID.
    pub host_id: Option<HostId>,
    /// The code signature of a Mach-O file, or a PE file's certificates, as far as they say
    /// who signed; nothing of it is checked.
    pub signature: Option<Signature>,
    /// What the program asks of the system, and what the platform's linker left.
    pub linkage: Linkage,
    /// What debug information says about compilers; null unless the file was
    /// inspected and has some.
    pub debug: Option<debug::Debug>,
    /// The Go version, experiments included.
    pub go_version: Option<String>,
    /// Modules and settings.
    pub build_info: Option<BuildInfo>,
    /// Directories that source paths in the file begin with.
    pub sources: Option<Sources>,
    /// Variables that `-ldflags=-X` set; null when no symbols tell.
    pub variables: Option<Vec<Setting>>,
    /// How many functions it has; null when that was not asked or can't be told.
    pub functions: Option<FunctionCount>,
    /// The named parts of the file, in its order.
    pub sections: Vec<Section>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// Where it lies, for a member of a container that was given.
    pub inside: Option<container::Inside>,
}

/// What a code signature says of itself.
#[derive(Debug, Serialize)]
pub struct Signature {
    /// `linker` or `ad-hoc`: hashes alone; `certificate`: somebody's.
    pub kind: &'static str,
    /// The name under which the program was signed (Mach-O).
    pub identifier: Option<String>,
    /// Apple's number of the developers' team.
    pub team: Option<String>,
    /// Whom the signer's certificate names.
    pub signer: Option<String>,
    /// All of it in words.
    #[serde(skip)]
    pub said: String,
}

/// The functions that a file's line table names.
#[derive(Debug, Serialize)]
pub struct FunctionCount {
    /// How many there are.
    pub functions: usize,
    /// Of how many packages.
    pub packages: usize,
}

/// A file's format and the machine it is for.
#[derive(Debug, Serialize)]
pub struct Format {
    /// `ELF`, `PE`, `Mach-O`, …
    pub name: &'static str,
    /// `executable`, `shared library`, …
    pub kind: Option<&'static str>,
    /// Operating system in Go's words.
    pub goos: Option<String>,
    /// Architecture in Go's words.
    pub goarch: Option<String>,
    /// Pointer size.
    pub bits: Option<u8>,
    /// The dynamic linker asked for.
    pub interpreter: Option<String>,
    /// What C compilers and linkers left in `.comment`.
    pub producers: Vec<String>,
    /// What shows that gccgo compiled it; null where nothing does. Of such programs no
    /// more than sections and bytes are compared.
    pub gccgo: Option<String>,
}

/// A Go build ID.
#[derive(Debug, Clone, Serialize)]
pub struct BuildId {
    /// The whole text.
    pub text: String,
    /// `program`, `package`, `redacted`, `empty` or `custom`.
    pub kind: &'static str,
    /// The parts by letter, for programs: A, B, C, D.
    pub parts: Option<Parts>,
    /// Offset of the text in the file.
    pub offset: usize,
}

/// The four parts of a program's build ID.
#[derive(Debug, Clone, Serialize)]
#[expect(non_snake_case, reason = "the parts are known by these letters")]
pub struct Parts {
    /// The link's inputs.
    pub A: String,
    /// The inputs of compiling package main.
    pub B: String,
    /// The content of package main.
    pub C: String,
    /// The content of the program.
    pub D: String,
}

/// The outcome of the self-check.
#[derive(Debug, Clone, Serialize)]
pub struct SelfCheck {
    /// `intact`, `changed` or `unknown`.
    pub status: &'static str,
    /// What the file's bytes give, when they were changed.
    pub computed: Option<String>,
    /// Whether the host build ID was hashed as it stands (Go 1.22 and earlier);
    /// null unless intact.
    pub host_id_hashed: Option<bool>,
    /// Why it is unknown.
    pub reason: Option<&'static str>,
}

/// A GNU build ID or Mach-O UUID.
#[derive(Debug, Clone, Serialize)]
pub struct HostId {
    /// `gnu` or `uuid`.
    pub kind: &'static str,
    /// The value in hexadecimal.
    pub value: String,
    /// `go` when derived from the Go build ID, `content` when Go's linker made it
    /// from the program, `other`, or `unknown`.
    pub origin: &'static str,
}

/// Build information.
#[derive(Debug, Serialize)]
pub struct BuildInfo {
    /// The package path of package main.
    pub path: Option<String>,
    /// The main module.
    pub main: Option<Module>,
    /// The modules linked in.
    pub deps: Vec<Module>,
    /// The build settings.
    pub settings: Vec<Setting>,
}

/// One module.
#[derive(Debug, Clone, Serialize)]
pub struct Module {
    /// Module path.
    pub path: String,
    /// Version.
    pub version: String,
    /// The `h1:` sum, empty where there is none.
    pub sum: String,
    /// What stands in its place.
    pub replace: Option<Box<Self>>,
}

/// One build setting.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// Name.
    pub key: String,
    /// Value.
    pub value: String,
}

/// One named part of a file.
#[derive(Debug, Serialize)]
pub struct Section {
    /// Name; in parentheses where the format gives none.
    pub name: String,
    /// Offset in the file.
    pub offset: usize,
    /// Size in the file.
    pub size: usize,
    /// What it holds.
    pub content: Content,
}
