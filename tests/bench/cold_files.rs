//! What one cold file costs: its time with an upstream that answers at once and
//! with one that answers after 100 ms, beside an older program where one is
//! given, and beside the go command that asks the same upstream itself.
//!
//! `cold_files [--before PROGRAM] [--files N]`. Prints tables in Markdown.

#[path = "cold_files/trace.rs"]
mod trace;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::client;
use testkit::go::{Go, Toolchain};
use testkit::module::{Module, escape};
use testkit::origin::Fault;
use testkit::sumward::{Setup, Sumward};
use testkit::world::{DATABASE, World, target};

use trace::{Calls, traced};

const DELAYS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(100)];

/// A full tile: each module's record lies in one that no other module needs.
const SPACING: u64 = 256;

/// How many records a lookup's head is ahead of the record it answers with: the
/// database grew between any two lookups, and by more than a tile.
const AHEAD: u64 = 300;

const BALLAST_BYTES: usize = 20_000;

/// Files whose calls are counted.
const TRACED_FILES_MAX: usize = 6;

/// A row of the table: a kind of file, and what was asked for before.
const ROWS: [Row; 4] = [
    Row::new(".info", "info", "info", 1),
    Row::new(".mod", "mod", "mod", 2),
    Row::new(".zip after its .mod", "mod", "zip", 1),
    Row::new(".zip", "zip", "zip", 2),
];

struct Row {
    name: &'static str,
    /// Which modules.
    modules: &'static str,
    ending: &'static str,
    /// The round trips that cannot be done without.
    trips: u32,
}

impl Row {
    const fn new(
        name: &'static str,
        modules: &'static str,
        ending: &'static str,
        trips: u32,
    ) -> Self {
        Self {
            name,
            modules,
            ending,
            trips,
        }
    }
}

/// One of the programs that are compared.
struct Side {
    server: Sumward,
    _data: TempDir,
}

struct Sides {
    now: Side,
    before: Option<Side>,
}

impl Sides {
    /// Both, the first one of every other turn first.
    fn in_turn(&self, turn: usize) -> Vec<(usize, &Side)> {
        let mut sides = vec![(NOW, &self.now)];
        sides.extend(self.before.as_ref().map(|side| (BEFORE, side)));
        let count = sides.len();
        sides.rotate_left(turn % count);
        sides
    }
}

/// Where the figures of a side are.
const BEFORE: usize = 0;
const NOW: usize = 1;

/// What one side took for a row.
#[derive(Default)]
struct Taken {
    millis: Vec<f64>,
    asked: Vec<f64>,
}

fn main() {
    let options = Options::read();
    let mut single = Vec::new();
    let mut whole = Vec::new();
    let mut calls = Vec::new();
    for delay in DELAYS {
        let stage = Stage::new(&options);
        let sides = stage.sides(&options);
        stage.world.origin.fault("", Fault::Delay(delay));
        for row in &ROWS {
            single.push(stage.row(row, delay, &sides));
        }
        whole.push(stage.go(delay, &sides));
        if delay.is_zero() {
            calls = stage.calls(&sides);
        }
    }
    println!(
        "{} files a row, each of another module version; medians. \"Upstream's own\" is the file \
         and, where it must be proved, then a tile of the database, asked for by the same client.\n",
        options.files
    );
    println!(
        "| cold file | upstream answers after | upstream's own ms | before ms | now ms | now of \
         before | of our own ms, before | of our own ms, now | requests to upstream, before / now |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    single.iter().for_each(|line| println!("{line}"));
    println!(
        "\n| `go mod download` of one cold version | straight ms | through before ms | through now \
         ms | now of straight |\n|---|---|---|---|---|"
    );
    whole.iter().for_each(|line| println!("{line}"));
    println!(
        "\n| calls of one cold file | fsync, before / now (goal 3) | of directories, before / now \
         | of names, before / now | after the answer: fsync, before / now |\n|---|---|---|---|---|"
    );
    calls.iter().for_each(|line| println!("{line}"));
}

struct Options {
    before: Option<PathBuf>,
    files: usize,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            before: None,
            files: 20,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_else(|| usage());
            match word.as_str() {
                "--before" => options.before = Some(PathBuf::from(value)),
                "--files" => options.files = value.parse().unwrap_or_else(|_| usage()),
                _ => usage(),
            }
        }
        options
    }
}

fn usage() -> ! {
    eprintln!("usage: cold_files [--before PROGRAM] [--files N]");
    std::process::exit(64)
}

/// An upstream with a module version for each file that is measured. Lookups are
/// to be made in the order of the modules: the database grows from one to the next.
struct Stage {
    world: World,
    modules: Vec<(&'static str, Module)>,
}

impl Stage {
    fn new(options: &Options) -> Self {
        let mut world = World::with(&[]);
        let mut modules = vec![("first", module("first", 0))];
        for kind in ["info", "mod", "zip", "go", "traced-mod", "traced-zip"] {
            modules.extend((0..options.files).map(|number| (kind, module(kind, number))));
        }
        let mut records = Vec::new();
        for (_, module) in &modules {
            world.database.add_filler(SPACING - 1);
            module.write(world.tree());
            records.push(world.database.add(module));
        }
        world.database.add_filler(AHEAD);
        world.publish();
        let folder = world.tree().join("sumdb").join(DATABASE);
        for ((_, module), record) in modules.iter().zip(&records) {
            let name = format!("{}@{}", escape(&module.path), escape(&module.version));
            let answer = world.database.lookup(*record, record + AHEAD);
            std::fs::write(folder.join("lookup").join(name), answer).expect("write a lookup");
        }
        let head = world.database.head(SPACING);
        std::fs::write(folder.join("latest"), head).expect("write the first head");
        Self { world, modules }
    }

    /// The new program and, where there is one, the older. Both follow the database
    /// already.
    fn sides(&self, options: &Options) -> Sides {
        Sides {
            now: self.side(None),
            before: options.before.as_deref().map(|path| self.side(Some(path))),
        }
    }

    fn side(&self, program: Option<&Path>) -> Side {
        let data = tempfile::tempdir().expect("make a data folder");
        let proxy = self.world.origin.url();
        let key = self.world.database.verifier_key();
        let mut setup = Setup::new(&data.path().join("data"), &proxy, &key);
        if let Some(program) = program {
            setup = setup.with_program(program);
        }
        let server = setup.start();
        let reply = server.get(&target(&self.modules[0].1, "mod"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        Side {
            server,
            _data: data,
        }
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Module> {
        let all = self.modules.iter();
        all.filter(move |(held, _)| *held == kind)
            .map(|(_, module)| module)
    }

    /// Measures a row; returns its line of the table.
    fn row(&self, row: &Row, delay: Duration, sides: &Sides) -> String {
        let origin = &self.world.origin;
        let mut taken = [Taken::default(), Taken::default()];
        let mut alone = Vec::new();
        let tile = format!("/sumdb/{DATABASE}/tile/8/0/000");
        for (turn, module) in self.of_kind(row.modules).enumerate() {
            let target = target(module, row.ending);
            alone.push(millis(|| {
                get(origin.address(), &target);
                for _ in 1..row.trips {
                    get(origin.address(), &tile);
                }
            }));
            for (place, side) in sides.in_turn(turn) {
                origin.forget();
                let time = millis(|| get(side.server.address(), &target));
                taken[place].millis.push(time);
                taken[place].asked.push(origin.count("") as f64);
            }
        }
        let alone = median(&mut alone);
        let [before, now] = taken.map(|mut taken| {
            let asked = median(&mut taken.asked);
            median(&mut taken.millis).zip(asked)
        });
        let own =
            |side: Option<(f64, f64)>| number(side.zip(alone).map(|(side, alone)| side.0 - alone));
        format!(
            "| `{}` | {} ms | {} | {} | {} | {} | {} | {} | {} / {} |",
            row.name,
            delay.as_millis(),
            number(alone),
            number(before.map(|side| side.0)),
            number(now.map(|side| side.0)),
            number(now.zip(before).map(|(now, before)| now.0 / before.0)),
            own(before),
            own(now),
            number(before.map(|side| side.1)),
            number(now.map(|side| side.1)),
        )
    }

    /// Measures the go command, straight and through each side; returns the line.
    fn go(&self, delay: Duration, sides: &Sides) -> String {
        let toolchain = Toolchain::find("1.27.");
        let key = self.world.database.verifier_key();
        let desk = |proxy: &str| Go::new(&toolchain, proxy, &key);
        let straight = desk(&self.world.origin.url());
        let through = |side: &Side| desk(&side.server.url());
        let now = through(&sides.now);
        let before = sides.before.as_ref().map(through);
        let desks = [Some(&straight), before.as_ref(), Some(&now)];
        let mut times = vec![Vec::new(); desks.len()];
        let empty = tempfile::tempdir().expect("make an empty folder");
        let mut places = vec![0, 1, 2];
        for module in self.of_kind("go") {
            let version = format!("{}@{}", module.path, module.version);
            for place in &places {
                let Some(desk) = desks[*place] else {
                    continue;
                };
                let download = || desk.must(empty.path(), &["mod", "download", &version]);
                times[*place].push(millis(download));
            }
            places.rotate_left(1);
        }
        let [straight, before, now] = [0, 1, 2].map(|place: usize| median(&mut times[place]));
        format!(
            "| upstream answers after {} ms | {} | {} | {} | {} |",
            delay.as_millis(),
            number(straight),
            number(before),
            number(now),
            number(now.zip(straight).map(|(now, straight)| now / straight)),
        )
    }

    /// Counts the calls of each side; returns the lines of the table.
    fn calls(&self, sides: &Sides) -> Vec<String> {
        let kinds = [(".mod", "traced-mod", "mod"), (".zip", "traced-zip", "zip")];
        let lines = kinds.map(|(name, kind, ending)| {
            let mut counted = [None; 2];
            for (place, side) in sides.in_turn(0) {
                let modules: Vec<_> = self.of_kind(kind).take(TRACED_FILES_MAX).collect();
                counted[place] = Some(traced(&side.server, &modules, ending));
            }
            let both = |of: fn(&Calls) -> f64| {
                let [before, now] = counted.map(|calls| number(calls.as_ref().map(of)));
                format!("{before} / {now}")
            };
            format!(
                "| `{name}` | {} | {} | {} | {} |",
                both(|calls| calls.syncs[0]),
                both(|calls| calls.directories[0]),
                both(|calls| calls.names[0]),
                both(|calls| calls.syncs[1]),
            )
        });
        lines.into()
    }
}

fn module(kind: &str, number: usize) -> Module {
    let path = format!("example.com/{kind}/n{number:03}");
    Module::library(&path, "v1.0.0").with_ballast(BALLAST_BYTES)
}

fn get(address: std::net::SocketAddr, target: &str) {
    let reply = client::get(address, target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    assert!(reply.complete, "{target} was cut");
}

fn millis<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1000.0
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "\u{2013}".to_owned(),
        Some(value) if value.abs() < 100.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.0}"),
    }
}
