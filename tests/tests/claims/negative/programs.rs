//! Programs for four formats, position-independent ones, and with C, built from sources that differ in one
//! place.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::go::{Go, Toolchain};

/// A format, and a target that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Elf,
    /// ELF that runs at any address.
    Pie,
    Pe,
    MachO,
    Wasm,
}

pub(super) const TARGETS: [Target; 5] = [
    Target::Elf,
    Target::Pie,
    Target::Pe,
    Target::MachO,
    Target::Wasm,
];

impl Target {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Elf => "ELF",
            Self::Pie => "ELF PIE",
            Self::Pe => "PE",
            Self::MachO => "Mach-O",
            Self::Wasm => "wasm",
        }
    }

    fn settings(self) -> [(&'static str, &'static str); 2] {
        let (goos, goarch) = match self {
            Self::Elf | Self::Pie => ("linux", "amd64"),
            Self::Pe => ("windows", "amd64"),
            Self::MachO => ("darwin", "arm64"),
            Self::Wasm => ("js", "wasm"),
        };
        [("GOOS", goos), ("GOARCH", goarch)]
    }

    /// How the go command is asked for it; what it makes by itself where nothing is said.
    fn build_mode(self) -> &'static str {
        match self {
            Self::Pie => "-buildmode=pie",
            _ => "-buildmode=default",
        }
    }
}

/// A Go program of its own, without C. It prints a, b and c, or the linker would leave
/// out the one that is not added, and the same code would add other data.
pub(super) const GO: &str = "package main

var a, b, c = 1, 2, 3

var listen, admin = 8080, 9090

//go:noinline
func sum() int { return a + b }

func main() { println(\"payments go to alice\", listen, admin, sum(), a, b, c) }
";

/// A program with C: a table, a literal of a header outside every package, and code
/// in two sections of odd names, one of them shaped like a GNU build ID.
pub(super) const CGO: &str = "package main

// int look(int at), odd(void), masked(void);
// const char *limit(void);
import \"C\"

func main() { println(C.look(3), C.odd(), C.masked(), C.GoString(C.limit())) }
";

pub(super) const C: &str = "#include <limit.h>
static const int table[8] = {1, 2, 3, 4, 5, 6, 7, 8};
int look(int at) { return table[at & 7]; }
const char *limit(void) { return LIMIT; }
asm(\".section .debug_zz,\\\"ax\\\",@progbits\\n.globl odd\\nodd:\\nmovl $11, %eax\\nret\\n.text\");
asm(\".section .note.aa,\\\"ax\\\",@note\\n.balign 4\\n.long 4\\n.long 16\\n.long 3\\n.asciz \\\"GNU\\\"\\n\"
    \".globl masked\\nmasked:\\nmovl $22, %eax\\nret\\n.skip 10, 0x90\\n.text\");
";

pub(super) const HEADER: &str = "#define LIMIT \"up to 100 euros\"\n";

/// Where everything is built.
pub(super) struct Yard {
    folder: TempDir,
    toolchain: Toolchain,
}

impl Yard {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find("1.27."),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Builds a program of one Go file.
    pub(super) fn build(&self, name: &str, main: &str, target: Target, stripped: bool) -> PathBuf {
        let folder = self.path(&format!("source-{name}"));
        write(&folder.join("main.go"), main);
        let settings = target.settings().into_iter();
        let go = settings.fold(self.go(), |go, (name, value)| go.with(name, value));
        let flags = if stripped {
            "-ldflags=-s -w"
        } else {
            "-ldflags="
        };
        let kind = format!("{target:?}-{stripped}");
        self.run(&go, name, &folder, &[flags, target.build_mode()], &kind)
    }

    /// Builds the program with C, its sources given.
    pub(super) fn build_c(&self, name: &str, [c, header]: [&str; 2], stripped: bool) -> PathBuf {
        let folder = self.path(&format!("source-{name}"));
        write(&folder.join("main.go"), CGO);
        write(&folder.join("part.c"), c);
        // The folder has one name for every build, and no build tells the others'.
        let include = self.path("include");
        write(&include.join("limit.h"), header);
        let go = self.go().with("CGO_ENABLED", "1");
        let go = go.with("C_INCLUDE_PATH", include.to_str().unwrap());
        write_module(&folder);
        // The header is not an input of the action: the cache would answer with the
        // package as it was made with another one, in an earlier run too.
        let list = ["list", "-trimpath", "-export", "-f", "{{.Export}}", "."];
        fs::remove_file(go.must(&folder, &list).trim()).unwrap();
        let strip = if stripped { "-s -w " } else { "" };
        let flags = format!("-ldflags={strip}-linkmode=external -B=none");
        self.run(&go, name, &folder, &[&flags], &format!("C-{stripped}"))
    }

    fn go(&self) -> Go {
        Go::new(&self.toolchain, "off", "off")
    }

    fn run(&self, go: &Go, name: &str, folder: &Path, flags: &[&str], kind: &str) -> PathBuf {
        write_module(folder);
        let output = self.path(&format!("{name}-{kind}"));
        let place = output.to_str().unwrap();
        go.must(
            folder,
            &[&["build", "-trimpath", "-o", place], flags, &["."]].concat(),
        );
        output
    }
}

fn write_module(folder: &Path) {
    write(
        &folder.join("go.mod"),
        "module example.com/claims\n\ngo 1.21\n",
    );
}

pub(super) fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
