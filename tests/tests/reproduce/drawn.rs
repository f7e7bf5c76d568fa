//! One program: how it is drawn, built, and built again.

use std::path::PathBuf;

use testkit::git;

use crate::yard::{Answer, Yard};

/// SplitMix64: a seed is the same draw on every machine and in every year.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let index = self.next() % all.len() as u64;
        all[usize::try_from(index).unwrap()]
    }

    /// Says yes once in so many times.
    fn once_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }
}

/// Where the program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// A clean checkout.
    Checkout,
    /// A file beside what is committed.
    Untracked,
    /// A source file that is not as it was committed.
    Changed,
    /// A checkout, without asking version control.
    WithoutStamp,
    /// A folder that version control does not know.
    Bare,
    /// A checkout with a vendor folder.
    Vendored,
    /// A checkout with a workspace, and the required module in it.
    Members,
    /// A workspace above the checkout, of which nobody knows afterwards.
    WorkspaceAbove,
    /// `go install path@version`.
    Installed,
    /// A module that only requires the program's.
    Required,
    /// A module with the files of package main, which requires the program's.
    Around,
}

/// Every layout; a checkout is what most people have.
const LAYOUTS: [Layout; 12] = [
    Layout::Checkout,
    Layout::Checkout,
    Layout::Untracked,
    Layout::Changed,
    Layout::WithoutStamp,
    Layout::Bare,
    Layout::Vendored,
    Layout::Members,
    Layout::WorkspaceAbove,
    Layout::Installed,
    Layout::Required,
    Layout::Around,
];

/// A variable with a value, one without, one of another package.
const MAIN: &str = "package main

import (
\t\"example.com/lib\"
\t\"example.com/tool/about\"
)

var version = \"dev\"
var commit string

func main() { println(\"hello\", version, commit, about.Date, kind(), lib.Name()) }
";

const ABOUT: &str = "package about\n\nvar Date string\n";

const C_CODE: &str = "package main

// static int five(void) { return 5; }
import \"C\"

func init() { println(C.five()) }
";

/// One program, and how it is built.
pub(crate) struct Drawn {
    release: &'static str,
    layout: Layout,
    /// `NAME=value` in the environment.
    settings: Vec<&'static str>,
    flags: Vec<String>,
    has_c_code: bool,
    /// The go line of a module that requires the program's.
    go_line: &'static str,
    /// Whether the checkout lies elsewhere when the program is built again.
    moves: bool,
}

impl Drawn {
    /// Draws one.
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let release = chance.of(&["1.21.", "1.24.", "1.27."]);
        let layout = chance.of(&LAYOUTS);
        let mut settings = chance
            .of(&[
                &["GOOS=linux", "GOARCH=amd64"],
                &["GOOS=linux", "GOARCH=amd64"],
                &["GOOS=darwin", "GOARCH=arm64"],
                &["GOOS=windows", "GOARCH=amd64"],
            ])
            .to_vec();
        let is_host = settings[0] == "GOOS=linux";
        let is_module = matches!(
            layout,
            Layout::Installed | Layout::Required | Layout::Around
        );
        let has_cgo = is_host && chance.once_in(2);
        let has_c_code = has_cgo && !is_module && chance.of(&[true, true, false]);
        if has_cgo {
            settings.push("CGO_ENABLED=1");
        }
        if has_c_code && chance.once_in(3) {
            settings.push("CGO_CFLAGS=-O1 -g");
        }
        if settings[1] == "GOARCH=amd64" {
            settings.push(chance.of(&["GOAMD64=v1", "GOAMD64=v1", "GOAMD64=v3"]));
        }
        if layout == Layout::Members && chance.once_in(3) {
            settings.push("GOWORK=off");
        }
        let is_trimmed = chance.of(&[true, true, true, false]);
        let mut flags: Vec<String> = Vec::new();
        let words = [
            is_trimmed.then_some("-trimpath"),
            (is_host && !has_c_code && chance.once_in(4)).then_some("-buildmode=pie"),
            (layout == Layout::Vendored && chance.once_in(3)).then_some("-mod=mod"),
            (layout == Layout::WithoutStamp).then_some("-buildvcs=false"),
            Some(chance.of(&["", "", "-tags=special", "-tags=netgo,special"])),
            Some(chance.of(&["", "", "", "-gcflags=-l", "-gcflags=all=-N"])),
        ];
        flags.extend(words.into_iter().flatten().map(str::to_owned));
        flags.push(match linker(chance, has_c_code).as_str() {
            "" => String::new(),
            words => format!("-ldflags={words}"),
        });
        flags.retain(|flag| !flag.is_empty());
        Self {
            release,
            layout,
            settings,
            flags,
            has_c_code,
            go_line: chance.of(&["1.21", release.trim_end_matches('.')]),
            moves: !is_module && chance.once_in(2),
        }
    }

    /// Builds the program, forgets how, and has it built again.
    pub(crate) fn build_again(&self) -> Answer {
        let mut yard = Yard::new(self.release);
        self.write_source(&yard);
        let program = self.build(&mut yard);
        match self.layout {
            Layout::Installed | Layout::Required => return yard.reproduce(&program, &[]),
            Layout::Around => {
                return yard.reproduce(&program, &["--source", "example.com/tool@v1.0.0"]);
            }
            _ => {}
        }
        if self.moves {
            std::fs::rename(yard.source(), yard.at("elsewhere")).unwrap();
        }
        let source = yard.at(if self.moves { "elsewhere" } else { "source" });
        yard.reproduce(&program, &["--source", source.to_str().unwrap()])
    }

    fn write_source(&self, yard: &Yard) {
        yard.write("cmd/tool/main.go", MAIN);
        yard.write("about/about.go", ABOUT);
        if self.has_c_code {
            yard.write("cmd/tool/c.go", C_CODE);
        }
        yard.module("v1.0.0").write(&yard.at("proxy"));
        match self.layout {
            Layout::Vendored => {
                let _ = yard.go(&[]).must(&yard.source(), &["mod", "vendor"]);
            }
            Layout::Members => {
                yard.write("go.work", "go 1.21\n\nuse (\n\t.\n\t./lib\n)\n");
                yard.write("lib/go.mod", "module example.com/lib\n\ngo 1.21\n");
                let text = "package lib\n\nfunc Name() string { return \"a member\" }\n";
                yard.write("lib/lib.go", text);
            }
            Layout::Bare => {
                std::fs::remove_dir_all(yard.source().join(".git")).unwrap();
                return;
            }
            _ => {}
        }
        git::commit_all(&yard.source());
    }

    fn build(&self, yard: &mut Yard) -> PathBuf {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        match self.layout {
            Layout::Checkout
            | Layout::WithoutStamp
            | Layout::Bare
            | Layout::Vendored
            | Layout::Members => yard.build(&self.settings, &flags),
            Layout::Untracked => {
                yard.write("untracked.txt", "");
                let program = yard.build(&self.settings, &flags);
                std::fs::remove_file(yard.source().join("untracked.txt")).unwrap();
                program
            }
            Layout::Changed => {
                yard.write("about/about.go", &format!("{ABOUT}\nconst Changed = 1\n"));
                yard.build(&self.settings, &flags)
            }
            Layout::WorkspaceAbove => {
                std::fs::write(yard.at("go.work"), "go 1.21\n\nuse ./source\n").unwrap();
                let program = yard.build(&self.settings, &flags);
                std::fs::remove_file(yard.at("go.work")).unwrap();
                program
            }
            Layout::Installed => yard.install(&self.settings, &flags),
            Layout::Required => self.build_beside(yard, "example.com/tool/cmd/tool", &[]),
            Layout::Around => self.build_beside(yard, ".", &["main.go", "plain.go", "special.go"]),
        }
    }

    /// Builds in a module of its own that requires the program's, as releasers do.
    fn build_beside(&self, yard: &mut Yard, package: &str, files: &[&str]) -> PathBuf {
        let folder = yard.at("wrapper");
        std::fs::create_dir(&folder).unwrap();
        let text = format!(
            "module wrapper\n\ngo {}\n\nrequire example.com/tool v1.0.0\n",
            self.go_line
        );
        std::fs::write(folder.join("go.mod"), text).unwrap();
        for name in files {
            let from = yard.source().join("cmd/tool").join(name);
            std::fs::copy(from, folder.join(name)).unwrap();
        }
        let own = self.flags.iter().map(String::as_str);
        let flags: Vec<&str> = std::iter::once("-mod=mod").chain(own).collect();
        yard.build_in(&folder, &self.settings, &flags, &[package])
    }

    /// Why the answer is another one than equal.
    pub(crate) fn reason(&self, answer: &Answer) -> String {
        if answer.value["verdict"] == "equal" {
            return String::new();
        }
        let obstacle = answer.value["obstacle"]["said"]
            .as_str()
            .unwrap_or_default();
        let remaining = answer.value["remaining"].as_array().unwrap();
        let causes = remaining.iter().map(|one| one["summary"].as_str().unwrap());
        let all: Vec<&str> = causes
            .chain([obstacle])
            .filter(|said| !said.is_empty())
            .collect();
        all.join("; ").replace(['\n', '|'], " ")
    }
}

/// Draws flags of the linker, their order and spelling.
fn linker(chance: &mut Chance, has_c_code: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    words.push(chance.of(&["", "-s -w", "-w -s", "-s", "-w"]).into());
    let mut set = |name: &str, value: &str, chance: &mut Chance| {
        let is_joined = chance.of(&[true, false]);
        // Only what begins a word is a quotation mark to go, and no text may begin with one.
        words.push(match (value.contains(' '), is_joined) {
            (true, _) => format!("-X '{name}={value}'"),
            (false, true) => format!("-X={name}={value}"),
            (false, false) => format!("-X {name}={value}"),
        });
    };
    let count = chance.of(&[0, 1, 2, 3]);
    let values = [
        ("main.version", chance.of(&["v1.2.3", "v0.9.1-rc.1"])),
        ("main.commit", "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"),
        (
            "example.com/tool/about.Date",
            chance.of(&["2026-01-02T03:04:05Z", "Fri Jan 2 03:04:05 2026"]),
        ),
    ];
    for (name, value) in &values[..count] {
        set(name, value, chance);
    }
    if has_c_code {
        let external = [
            "",
            "-linkmode=external",
            "-linkmode external -extldflags -static",
        ];
        words.push(chance.of(&external).into());
    }
    words.push(match chance.once_in(6) {
        true => "-buildid=".into(),
        false => String::new(),
    });
    if chance.once_in(2) {
        words.reverse();
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

impl std::fmt::Display for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c_code = if self.has_c_code { ", C code" } else { "" };
        let moves = if self.moves { ", moved" } else { "" };
        let line = match self.layout {
            Layout::Required | Layout::Around => format!(", go line {}", self.go_line),
            _ => String::new(),
        };
        write!(
            f,
            "go{}x, {:?}{c_code}{moves}{line}, `{} {}`",
            self.release,
            self.layout,
            self.settings.join(" "),
            self.flags.join(" ")
        )
    }
}
