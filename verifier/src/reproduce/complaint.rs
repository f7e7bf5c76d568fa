//! What go complains, and what is not here when it does.

use super::obstacle::{Kind, Obstacle};
use crate::host::machine;
use crate::recipe::Recipe;

/// What go says where there is no C compiler.
const NO_COMPILER: [&str; 3] = [
    "cgo: C compiler",
    "\"gcc\": executable file not found",
    "\"clang\": executable file not found",
];

/// Returns the obstacle where the C compiler is not here: no fault of the way to build.
pub fn lacks_compiler(said: &str, recipe: &Recipe) -> Option<Obstacle> {
    if recipe.variable("CGO_ENABLED") != Some("1") {
        return None;
    }
    let is_missing = NO_COMPILER.iter().any(|text| said.contains(text));
    let target = ["GOOS", "GOARCH"].map(|name| recipe.variable(name));
    let is_foreign = target != machine::target().map(Some) && said.contains("cgo");
    (is_missing || is_foreign).then(|| {
        Obstacle::new(
            Kind::CCompiler,
            format!(
                "C code goes into the program, and here is no C compiler for its target: {said}"
            ),
        )
    })
}

/// Returns why nothing could be built from a source, by what go complained last.
pub fn obstacle(said: &str, source: &str) -> Obstacle {
    match lacks_module(said) {
        true => Obstacle::new(
            Kind::Source,
            format!("a module that {source} needs can't be had through GOPROXY: {said}"),
        ),
        false => Obstacle::new(
            Kind::Build,
            format!("nothing could be built from {source}: {said}"),
        ),
    }
}

/// What go says behind the name of a module that can't be had.
const NO_MODULE: [&str; 2] = ["reading ", "Get \""];

/// What go says where it may ask nobody, with a module's name or a line of source before it.
const ASKS_NOBODY: &str = ": module lookup disabled by ";

/// Says whether go complained of a module that can't be had:
/// `go: example.com/a@v1.0.0: reading https://proxy/...: 404 Not Found`.
fn lacks_module(said: &str) -> bool {
    said.lines().any(|line| {
        if line.contains(ASKS_NOBODY) {
            return true;
        }
        let version = line.split_once('@').map(|(_, version)| version);
        let why = version.and_then(|version| version.split_once(": "));
        why.is_some_and(|(_, why)| NO_MODULE.iter().any(|text| why.starts_with(text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_can_not_be_had_is_no_fault_of_the_build() {
        for (said, want) in [
            (
                "main.go:3:8: example.com/a@v1.0.0: module lookup disabled by GOPROXY=off",
                true,
            ),
            (
                "go: downloading example.com/a v1.0.0\nmain.go:3:8: module lookup disabled by GOPROXY=off",
                true,
            ),
            (
                "go: example.com/b requires\n\texample.com/a@v1.0.0: reading $GOPROXY/a.mod: 404 Not Found",
                true,
            ),
            (
                "go: example.com/a@v1.0.0: Get \"http://[::1]:9/a.mod\": connection refused",
                true,
            ),
            ("go: example.com/a@v1.0.0: missing go.sum entry", false),
            ("main.go:3:8: undefined: x", false),
            ("go: reading go.work: no such file", false),
        ] {
            assert_eq!(lacks_module(said), want, "{said}");
        }
    }
}
