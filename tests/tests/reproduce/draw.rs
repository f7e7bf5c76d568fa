//! Programs with flags drawn at random, which are then forgotten: how many are built again.

use std::fmt::Write as _;

use testkit::environment;

use crate::yard::{Answer, Yard};

/// The seed of the few that every run of the tests draws.
const SEED: u64 = 11;

#[test]
fn a_few_programs_with_flags_drawn_at_random_are_built_again() {
    let table = draw(SEED, 3);
    assert_eq!(table.equal, 3, "{}", table.text);
}

/// `bash tests/reproduce.sh [SEED] [COUNT]` runs it and shows the table.
#[test]
#[ignore = "takes the better part of an hour; tests/reproduce.sh runs it"]
fn most_of_many_programs_drawn_at_random_are_built_again() {
    let seed = environment::number("REPRODUCE_SEED").unwrap_or(SEED);
    let count = environment::number("REPRODUCE_COUNT").unwrap_or(60);
    let table = draw(seed, count);
    let place = environment::kept("reproduce").join("table.md");
    std::fs::write(place, &table.text).unwrap();
    // Nine of ten.
    assert!(table.equal * 10 >= count * 9, "{}", table.text);
}

/// What became of a draw.
struct Table {
    equal: u64,
    text: String,
}

fn draw(seed: u64, count: u64) -> Table {
    let mut chance = Chance(seed);
    let mut table = Table {
        equal: 0,
        text: format!(
            "Seed {seed}, {count} programs.\n\n| | built with | answer | builds | |\n|-|-|-|-|-|\n"
        ),
    };
    for number in 1..=count {
        let drawn = Drawn::new(&mut chance);
        let answer = drawn.build_again();
        let verdict = answer.value["verdict"].as_str().unwrap();
        table.equal += u64::from(verdict == "equal");
        let reason = drawn.reason(&answer);
        let builds = answer.builds();
        writeln!(
            table.text,
            "| {number} | {drawn} | {verdict} | {builds} | {reason} |"
        )
        .unwrap();
        assert_eq!(verdict == "equal", answer.exit == 0);
    }
    writeln!(table.text, "\n{} of {count} are equal.", table.equal).unwrap();
    table
}

/// SplitMix64: a seed is the same draw on every machine and in every year.
struct Chance(u64);

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
}

/// Where the program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Checkout,
    ChangedTree,
    WithoutStamp,
    Installed,
    Required,
    Workspace,
}

/// One program, and how it is built.
struct Drawn {
    release: &'static str,
    layout: Layout,
    settings: Vec<&'static str>,
    flags: Vec<String>,
    has_c_code: bool,
}

impl Drawn {
    fn new(chance: &mut Chance) -> Self {
        let release = chance.of(&["1.21.", "1.24.", "1.27."]);
        let layout = chance.of(&[
            Layout::Checkout,
            Layout::Checkout,
            Layout::ChangedTree,
            Layout::WithoutStamp,
            Layout::Installed,
            Layout::Required,
            Layout::Workspace,
        ]);
        let target = chance.of(&[
            &["GOOS=linux", "GOARCH=amd64"],
            &["GOOS=linux", "GOARCH=amd64"],
            &["GOOS=darwin", "GOARCH=arm64"],
            &["GOOS=windows", "GOARCH=amd64"],
        ]);
        let mut settings = target.to_vec();
        let is_host = settings[0] == "GOOS=linux";
        let mut has_c_code = false;
        if is_host && chance.of(&[true, false, false]) {
            settings.push("CGO_ENABLED=1");
            let is_module = matches!(layout, Layout::Installed | Layout::Required);
            has_c_code = !is_module && chance.of(&[true, false]);
        }
        if settings[1] == "GOARCH=amd64" {
            settings.push(chance.of(&["GOAMD64=v1", "GOAMD64=v1", "GOAMD64=v3"]));
        }
        let mut flags = Vec::new();
        if chance.of(&[true, true, true, false]) {
            flags.push("-trimpath".to_owned());
        }
        let tags = chance.of(&["", "", "-tags=special", "-tags=netgo,special"]);
        flags.extend((!tags.is_empty()).then(|| tags.to_owned()));
        let compiler = chance.of(&["", "", "", "-gcflags=-l", "-gcflags=all=-N"]);
        flags.extend((!compiler.is_empty()).then(|| compiler.to_owned()));
        let linker = linker(chance);
        flags.extend((!linker.is_empty()).then(|| format!("-ldflags={linker}")));
        Self {
            release,
            layout,
            settings,
            flags,
            has_c_code,
        }
    }

    /// Builds the program, forgets how, and has it built again.
    fn build_again(&self) -> Answer {
        let mut yard = Yard::new(self.release);
        if self.has_c_code {
            yard.write(
                "cmd/tool/c.go",
                "package main\n\n// static int five(void) { return 5; }\nimport \"C\"\n\nfunc init() { println(C.five()) }\n",
            );
            testkit::git::commit_all(&yard.source());
        }
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let program = match self.layout {
            Layout::Checkout => yard.build(&self.settings, &flags),
            Layout::WithoutStamp => {
                yard.build(&self.settings, &[&["-buildvcs=false"], &*flags].concat())
            }
            Layout::ChangedTree => {
                yard.write("untracked.txt", "");
                let program = yard.build(&self.settings, &flags);
                std::fs::remove_file(yard.source().join("untracked.txt")).unwrap();
                program
            }
            Layout::Workspace => {
                // A workspace above the checkout with nothing else in it.
                std::fs::write(yard.at("go.work"), "go 1.21\n\nuse ./source\n").unwrap();
                let program = yard.build(&self.settings, &flags);
                std::fs::remove_file(yard.at("go.work")).unwrap();
                program
            }
            Layout::Installed => yard.install(&self.settings, &flags),
            Layout::Required => {
                // As releasers do that build a module from its proxy.
                let folder = yard.at("wrapper");
                std::fs::create_dir(&folder).unwrap();
                let text = "module wrapper\n\ngo 1.21\n\nrequire example.com/tool v1.0.0\n";
                std::fs::write(folder.join("go.mod"), text).unwrap();
                let flags = [&["-mod=mod"], &*flags].concat();
                let package = ["example.com/tool/cmd/tool"];
                yard.build_in(&folder, &self.settings, &flags, &package)
            }
        };
        match self.layout {
            Layout::Installed | Layout::Required => yard.reproduce(&program, &[]),
            _ => yard.with_checkout(&program),
        }
    }

    /// Why the answer is another one than equal.
    fn reason(&self, answer: &Answer) -> String {
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
fn linker(chance: &mut Chance) -> String {
    let mut words: Vec<String> = Vec::new();
    let strip = chance.of(&["", "-s -w", "-w -s", "-s", "-w"]);
    words.extend((!strip.is_empty()).then(|| strip.to_owned()));
    let mut set = |name: &str, value: &str, chance: &mut Chance| {
        let spelling = chance.of(&["-X ", "-X="]);
        words.push(format!("{spelling}main.{name}={value}"));
    };
    match chance.of(&[0, 1, 2]) {
        0 => {}
        1 => set("version", "v1.2.3", chance),
        _ => {
            set("version", "v0.9.1-rc.1", chance);
            set("commit", "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567", chance);
        }
    }
    if chance.of(&[true, false, false, false, false, false]) {
        words.push("-buildid=".into());
    }
    if chance.of(&[true, false]) {
        words.reverse();
    }
    words.join(" ")
}

impl std::fmt::Display for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c_code = if self.has_c_code { ", C code" } else { "" };
        write!(
            f,
            "go{}x, {:?}{c_code}, `{} {}`",
            self.release,
            self.layout,
            self.settings.join(" "),
            self.flags.join(" ")
        )
    }
}
