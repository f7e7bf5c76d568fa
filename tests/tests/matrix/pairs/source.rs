//! Pairs: the source, what is embedded in it, its commit and its modules.

use super::{EVERY_GO, NEW, OLD, Pair, differ, new};
use crate::build::{Build, Mischief};

const REPOSITORY: &str = "git init -q -b main . && git add -A && git -c user.name=t -c user.email=t@example.com commit -q -m one";
const SECOND_COMMIT: &str =
    "git -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m two";

pub(super) fn version_control() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for go in EVERY_GO {
        let clean = Build::new(go).before(REPOSITORY);
        pairs.push(differ(
            &format!("two commits, go{go}x"),
            "vcs-revision",
            clean.clone(),
            clean.before(SECOND_COMMIT),
        ));
    }
    let clean = new().before(REPOSITORY);
    pairs.push(differ(
        "uncommitted file",
        "vcs-modified",
        clean.clone(),
        clean.clone().before("touch leftover"),
    ));
    pairs.push(differ(
        "no version control",
        "vcs-missing",
        clean.clone(),
        clean.clone().flag("-buildvcs=false"),
    ));
    pairs.push(differ(
        "a tag not fetched",
        "version-stamp",
        clean.clone(),
        clean.before("git tag v1.2.3"),
    ));
    pairs
}

pub(super) fn modules() -> Vec<Pair> {
    let newer = |build: Build| build.edit("go.mod", "near v1.0.0", "near v1.1.0");
    let replaced = |text: &'static str| {
        new()
            .edit("go.mod", "// indirect", "// indirect\n\nreplace example.com/matrix/near => ./near-copy\n")
            .edit("near-copy/go.mod", "", "module example.com/matrix/near\n\ngo 1.21\n\nrequire example.com/matrix/far v1.0.0\n")
            .edit("near-copy/near.go", "", text)
    };
    let one = "package near\n\nimport \"example.com/matrix/far\"\n\n//go:noinline\nfunc Text() string { return \"near v1.0.0 \" + far.Text() }\n";
    let other = "package near\n\nimport \"example.com/matrix/far\"\n\n//go:noinline\nfunc Text() string { return far.Text() + \" is far from near\" }\n";
    let inlined = "package near\n\nimport \"example.com/matrix/far\"\n\nfunc Text() string { return far.Text() }\n";
    let other_inlined = "package near\n\nimport \"example.com/matrix/far\"\n\nfunc Text() string { return far.Text()[1:] }\n";
    vec![
        differ(
            "a newer dependency",
            "dependency-version",
            new(),
            newer(new()),
        ),
        differ(
            "a newer dependency, go1.21",
            "dependency-version",
            Build::new(OLD),
            newer(Build::new(OLD)),
        ),
        differ(
            "a newer dependency, windows, stripped",
            "dependency-version",
            new().to("windows/amd64").flag("-ldflags=-s -w"),
            newer(new().to("windows/amd64").flag("-ldflags=-s -w")),
        ),
        differ(
            "the same version, other content",
            "dependency-sum",
            new(),
            new().with(Mischief::OtherContent),
        ),
        differ(
            "a replaced dependency",
            "dependency-replaced",
            new(),
            replaced(one),
        ),
        differ(
            "a replaced dependency changed",
            "dependency-content",
            replaced(one),
            replaced(other),
        ),
        differ(
            "a replaced dependency changed, stripped",
            "dependency-content",
            replaced(one).flag("-ldflags=-s -w"),
            replaced(other).flag("-ldflags=-s -w"),
        ),
        // It shows in the code of package main alone.
        differ(
            "a replaced dependency changed, its code put into package main",
            "dependency-content",
            replaced(inlined),
            replaced(other_inlined),
        )
        .alone(),
        differ(
            "vendored",
            "dependency-vendored",
            new(),
            new().before("go mod vendor").flag("-mod=vendor"),
        ),
    ]
}

const MOTTO: &str = "//go:noinline\nfunc Motto() string { return \"Keep this table\" }";
const MOTTO_BEFORE_NAME: &str = "//go:noinline\nfunc Motto() string { return \"Keep this table\" }\n\n//go:noinline\nfunc Name(";

/// With a folder in an `embed.FS`.
fn folder() -> Build {
    let text = "package main\n\nimport \"embed\"\n\n//go:embed table\nvar table embed.FS\n\nfunc init() { _, _ = table.ReadFile(\"large\") }\n";
    new().edit("folder.go", "", text).before("mkdir table")
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn sources() -> Vec<Pair> {
    let changed = |build: Build| build.edit("main.go", "sum.Of(3, 4)", "sum.Of(4, 5)");
    let permuted = |build: Build| {
        build.edit(
            "shapes/shapes.go",
            "{1, 11}, {2, 22}, {3, 33}",
            "{3, 33}, {1, 11}, {2, 22}",
        )
    };
    let notice =
        |build: Build| build.edit("notice.txt", "Keep this file next", "Keep this page next");
    let mut pairs = vec![
        differ(
            "another file embedded, stripped",
            "embedded-file",
            new().flag("-ldflags=-s -w"),
            notice(new().flag("-ldflags=-s -w")),
        ),
        differ(
            "one line of a large file in an embedded folder",
            "embedded-file",
            folder().before("seq 1 2000 >table/large"),
            folder().before("seq 1 2000 | sed 's/^1000$/0001/' >table/large"),
        ),
        differ(
            "a comment in package main",
            "source-content",
            new(),
            new().before("printf '\n// The end.\n' >>main.go"),
        ),
        differ(
            "assembly changed",
            "source-content",
            new(),
            new().edit(
                "sum/sum_amd64.s",
                "ADDL b+4(FP), AX",
                "ADDL b+4(FP), AX\n\tADDL $1, AX",
            ),
        ),
        differ(
            "an inner package changed",
            "source-content",
            new(),
            new().edit("inner/inner.go", "2 * n", "3 * n"),
        ),
        // Another order in the source is no other order of linking.
        differ(
            "functions in another order",
            "source-content",
            new(),
            new().edit("shapes/shapes.go", MOTTO, "").edit(
                "shapes/shapes.go",
                "//go:noinline\nfunc Name(",
                MOTTO_BEFORE_NAME,
            ),
        )
        .alone(),
        differ(
            "main changed, stripped",
            "source-content",
            new().flag("-ldflags=-s -w"),
            changed(new().flag("-ldflags=-s -w")),
        ),
    ];
    let text = |build: Build| build.edit("shapes/shapes.go", "Keep this table", "Keep that table");
    let far = |text: &'static str| {
        new()
            .edit(
                "go.mod",
                "// indirect",
                "// indirect\n\nreplace example.com/matrix/far => ./far-copy\n",
            )
            .edit(
                "far-copy/go.mod",
                "",
                "module example.com/matrix/far\n\ngo 1.21\n",
            )
            .edit("far-copy/far.go", "", text)
    };
    let stamped = |value: &'static str| new().flag("-ldflags=-s -w").flag(value);
    let one = "-ldflags=-s -w -X main.version=one";
    let two = "-ldflags=-s -w -X main.version=two";
    pairs.extend([
        differ("a text changed", "source-content", new(), text(new())).alone(),
        // Its length is in no code: nothing but read-only data differs.
        differ(
            "a text changed, windows, stripped",
            "source-content",
            new().to("windows/amd64").flag("-ldflags=-s -w"),
            text(new().to("windows/amd64").flag("-ldflags=-s -w")),
        )
        .alone(),
        differ(
            "a text of an indirect dependency changed",
            "dependency-content",
            far("package far\n\n//go:noinline\nfunc Text() string { return \"far away\" }\n"),
            far("package far\n\n//go:noinline\nfunc Text() string { return \"far gone\" }\n"),
        )
        .alone(),
        // Two causes, the second in bytes alone.
        differ(
            "another file embedded, and -X, stripped",
            "embedded-file",
            stamped(one),
            notice(stamped(two)),
        )
        .beside(&["ldflags-variable"]),
        differ(
            "main changed, and -X, stripped",
            "source-content",
            stamped(one),
            changed(stamped(two)),
        )
        .beside(&["ldflags-variable"]),
        // The order is never proven: the variable is, by its symbol.
        differ(
            "a table in another order, and -X",
            "ldflags-variable",
            new().flag("-ldflags=-X main.version=one"),
            permuted(new().flag("-ldflags=-X main.version=two")),
        )
        .beside(&["generated-order"]),
    ]);
    for target in [
        "linux/amd64",
        "linux/arm64",
        "linux/386",
        "windows/amd64",
        "darwin/arm64",
        "wasip1/wasm",
        "js/wasm",
        "linux/s390x",
    ] {
        pairs.push(differ(
            &format!("main changed, {target}"),
            "source-content",
            new().to(target),
            changed(new().to(target)),
        ));
    }
    for go in [OLD, NEW] {
        pairs.push(differ(
            &format!("a table in another order, go{go}x"),
            "generated-order",
            Build::new(go),
            permuted(Build::new(go)),
        ));
        pairs.push(differ(
            &format!("another file embedded, go{go}x"),
            "embedded-file",
            Build::new(go),
            notice(Build::new(go)),
        ));
    }
    pairs
}
