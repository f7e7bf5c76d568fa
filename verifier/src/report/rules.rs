//! What the stable slugs of findings mean, in words.

/// Every cause and what it stands for, in the words of `schema/report-v1.json`.
const MEANINGS: &[(&str, &str)] = &[
    (
        "modified-after-build",
        "The file was changed after go build wrote it: stripped, packed, edited (its content ID no longer holds).",
    ),
    (
        "dependency-sum",
        "A module has the same version and another content. An alarm: a proxy or a moved tag served something else.",
    ),
    ("target", "Built for different GOOS or GOARCH."),
    (
        "package-arguments",
        "Other packages or files were named on go build's command line.",
    ),
    ("compiler", "Built by different compilers (-compiler)."),
    ("go-version", "Built by different Go versions."),
    (
        "toolchain-patched",
        "The Go versions are the same, the standard library is not.",
    ),
    (
        "toolchain-defaults",
        "The Go installations were built with different defaults (GOAMD64, CGO_ENABLED, ...).",
    ),
    ("go-experiment", "Built with different GOEXPERIMENT."),
    ("build-mode", "Built with different -buildmode."),
    (
        "cpu-level",
        "Built with different GOAMD64, GOARM64, GOARM, GO386, ...",
    ),
    (
        "instrumentation",
        "Built with different -race, -msan, -asan or -cover.",
    ),
    (
        "compiler-flags",
        "Built with different -gcflags or -asmflags.",
    ),
    ("build-tags", "Built with different -tags."),
    ("cgo-enabled", "CGO_ENABLED was on in one build only."),
    ("fips140", "Built with different GOFIPS140."),
    ("pgo-profile", "Compiled with different profiles."),
    ("vcs-revision", "Built from different commits."),
    (
        "vcs-modified",
        "Built from a tree with uncommitted changes.",
    ),
    (
        "main-version",
        "The main module was built at two versions that a module cache or a proxy has.",
    ),
    (
        "dependency-version",
        "A module is linked in at different versions, or on one side only.",
    ),
    (
        "dependency-replaced",
        "A module came from a replace directive or a workspace.",
    ),
    (
        "source-content",
        "The source of package main, or a file embedded in it, differs.",
    ),
    (
        "dependency-content",
        "The content of a package linked in differs though versions are equal.",
    ),
    (
        "import-unreached",
        "Something was compiled to other content, in package main or in what it imports, and nothing of that is linked into the program.",
    ),
    ("embedded-file", "A file taken in by go:embed differs."),
    (
        "generated-order",
        "Many elements of the same data stand in another order, as from a generator that walks a map. It is never proven, for an order changed by hand looks the same.",
    ),
    ("cgo-flags", "Built with different CGO_CFLAGS and the like."),
    ("c-compiler", "The C parts come from different compilers."),
    (
        "c-source",
        "Code or data of the C side differs, by another C source, header or library linked in.",
    ),
    (
        "c-library",
        "Linked against other C libraries, or other versions of them.",
    ),
    ("lto", "Link-time optimisation left traces of one run."),
    (
        "sdk-version",
        "Built with different versions of a platform SDK.",
    ),
    (
        "host-linker",
        "The host's linker, or what it links in, differs or is not deterministic.",
    ),
    (
        "cache-poisoned",
        "A build-cache entry, or a -toolexec wrapper, gave something else than the inputs say.",
    ),
    (
        "cache-stale-cgo",
        "The build cache gave C parts that no longer match the headers or libraries.",
    ),
    (
        "stale-module-index",
        "The build cache chose files or imports by what source files said before, as their sizes and times stayed.",
    ),
    (
        "compiler-nondeterminism",
        "One package came out otherwise from the same inputs.",
    ),
    ("toolexec", "A -toolexec wrapper changed what tools wrote."),
    (
        "link-mode",
        "One file was linked by Go's linker, the other by the host's.",
    ),
    (
        "external-link-flags",
        "Different flags for the host's linker (-extldflags, -extld).",
    ),
    (
        "dynamic-linker",
        "The files ask for different dynamic linkers.",
    ),
    (
        "link-order",
        "Code or objects were laid out in another order.",
    ),
    (
        "debug-compression",
        "Debug information is compressed on one side only.",
    ),
    (
        "linker-flags",
        "Different -ldflags that have no name of their own here.",
    ),
    (
        "ldflags-variable",
        "-ldflags=-X set a variable differently.",
    ),
    ("symbols-stripped", "Linked with -s or -w on one side only."),
    (
        "source-path",
        "The folder of the source is in the files (no -trimpath).",
    ),
    (
        "goroot-path",
        "The folder of the Go installation is in the files (no -trimpath).",
    ),
    (
        "module-cache-path",
        "The folder of the module cache is in the files (no -trimpath).",
    ),
    (
        "cgo-temp-path",
        "Temporary folders of the building machine are in the C parts.",
    ),
    (
        "prefix-map-flag",
        "A -ffile-prefix-map flag and its path are in the C parts.",
    ),
    (
        "vcs-missing",
        "Version control information is on one side only.",
    ),
    (
        "buildinfo-missing",
        "One file has no build information: it was removed after the build, or linked without.",
    ),
    (
        "version-stamp",
        "The main module is stamped with different versions.",
    ),
    (
        "dependency-vendored",
        "A module came from the vendor folder on one side only.",
    ),
    (
        "godebug-default",
        "The GODEBUG defaults compiled in differ.",
    ),
    (
        "build-id-flag",
        "The Go build ID was set by hand or taken away.",
    ),
    (
        "gnu-build-id-flag",
        "The GNU build ID was made in different ways.",
    ),
    ("pe-timestamp", "The PE header has the time of linking."),
    (
        "code-signature",
        "The code signature differs, or is on one side only.",
    ),
    (
        "split-debug",
        "Debug information was split off on one side only, or under another name.",
    ),
    (
        "archive-members",
        "Two containers do not hold the same files: a member is only on one side, or one that is no program differs.",
    ),
    (
        "archive-metadata",
        "Times, owners, modes, order or packing of a container differ, not what it holds.",
    ),
    (
        "unexplained",
        "What no proven cause accounts for. Never left out.",
    ),
];

/// Returns what a slug stands for, in a sentence or two; `None` for slugs of
/// commands other than the comparison.
pub fn meaning(slug: &str) -> Option<&'static str> {
    let known = MEANINGS.iter().find(|(name, _)| *name == slug);
    known.map(|(_, meaning)| *meaning)
}

/// Returns a slug as a title: `cpu-level` as "Cpu level".
pub fn title(slug: &str) -> String {
    let words = slug.replace('-', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Name;

    const SCHEMA: &str = include_str!("../../schema/report-v1.json");

    #[test]
    fn every_cause_has_a_meaning_which_the_schema_says_too() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let place = "/$defs/cause/properties/cause/description";
        let text = schema.pointer(place).unwrap().as_str().unwrap();
        let slugs: Vec<String> = Name::ALL.into_iter().map(Name::as_str).collect();
        for slug in &slugs {
            let words = meaning(slug).unwrap_or_else(|| panic!("{slug}"));
            assert!(words.ends_with('.') && words.len() > 10, "{slug}: {words}");
            assert!(
                text.contains(&format!(" {slug}: {words}")),
                "{slug}: {words}"
            );
        }
        let named: Vec<&str> = MEANINGS.iter().map(|(slug, _)| *slug).collect();
        assert_eq!(named, slugs, "one row a name, in the order of the names");
        assert_eq!(meaning("no-such-rule"), None);
    }

    #[test]
    fn titles_read_as_words() {
        assert_eq!(title("cpu-level"), "Cpu level");
        assert_eq!(title(""), "");
    }
}
