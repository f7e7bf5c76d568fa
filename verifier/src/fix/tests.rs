use super::*;
use crate::cause;
use crate::cause::tests::program;

/// Two programs by their build information, and what is said of them.
fn applied(given: Given, a: (&str, &str), b: (&str, &str)) -> (Vec<Cause>, Option<Next>) {
    let (a, b) = (program(a.0, a.1), program(b.0, b.1));
    let diff = Diff::of(&a, &b);
    let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
    let mut causes = cause::explain(&pair);
    let next = apply(&pair, given, &mut causes);
    (causes, next)
}

#[track_caller]
fn fix(cause: Name, a: (&str, &str), b: (&str, &str)) -> String {
    let (causes, _) = applied(Given::First, a, b);
    let found = causes.iter().find(|found| found.name == cause);
    let found = found.unwrap_or_else(|| panic!("{cause:?} in {causes:#?}"));
    found.fix.clone()
}

const MAIN: &str = "path\tx.y/z\nmod\tx.y/z\t(devel)\t\n";

/// Build information with more lines.
fn with(lines: &str) -> String {
    format!("{MAIN}{lines}")
}

#[test]
fn the_given_files_release_is_named_never_just_the_newer() {
    let said = fix(Name::GoVersion, ("go1.26.1", MAIN), ("go1.26.8", MAIN));
    assert_eq!(
        said,
        "build b with GOTOOLCHAIN=go1.26.1, the release that a was built by"
    );
    let (causes, next) = applied(Given::Second, ("go1.26.1", MAIN), ("go1.26.8", MAIN));
    assert_eq!(
        causes[0].fix,
        "build a with GOTOOLCHAIN=go1.26.8, the release that b was built by"
    );
    let next = next.unwrap();
    assert_eq!(next.given, 1);
    assert!(
        next.command.starts_with("GOTOOLCHAIN=go1.26.8 "),
        "{}",
        next.command
    );
    let old = fix(Name::GoVersion, ("go1.26.1", MAIN), ("go1.20.1", MAIN));
    assert!(old.contains("does not fetch others"), "{old}");
    let older = fix(Name::GoVersion, ("go1.20.1", MAIN), ("go1.26.1", MAIN));
    assert!(older.contains("golang.org/dl/go1.20.1@latest"), "{older}");
    // No release of that name: what is said of both stays.
    let custom = fix(
        Name::GoVersion,
        ("go1.22 (Red Hat 1.22.3-1.el9)", MAIN),
        ("go1.26.1", MAIN),
    );
    assert!(!custom.contains("GOTOOLCHAIN=go1.22"), "{custom}");
}

#[test]
fn settings_are_flags_with_the_given_files_values() {
    let table = [
        (
            Name::CpuLevel,
            "build\tGOAMD64=v3\n",
            "build\tGOAMD64=v1\n",
            "build b with GOAMD64=v3",
        ),
        (
            Name::BuildTags,
            "build\t-tags=a,b\n",
            "",
            "build b with -tags=a,b",
        ),
        (
            Name::BuildTags,
            "",
            "build\t-tags=a,b\n",
            "build b without -tags",
        ),
        (
            Name::BuildMode,
            "build\t-buildmode=pie\n",
            "build\t-buildmode=exe\n",
            "build b with -buildmode=pie",
        ),
        (
            Name::BuildMode,
            "build\t-buildmode=exe\n",
            "build\t-buildmode=pie\n",
            "build b without -buildmode",
        ),
        (
            Name::CgoEnabled,
            "build\tCGO_ENABLED=0\n",
            "build\tCGO_ENABLED=1\n",
            "build b with CGO_ENABLED=0",
        ),
        (
            Name::CgoFlags,
            "build\tCGO_CFLAGS=\"-O1 -g\"\n",
            "build\tCGO_CFLAGS=\nbuild\tCGO_LDFLAGS=-lm\n",
            "build b with CGO_CFLAGS='-O1 -g' and without CGO_LDFLAGS",
        ),
        (
            Name::Instrumentation,
            "build\t-race=true\n",
            "",
            "build b with -race",
        ),
        (
            Name::CompilerFlags,
            "build\t-gcflags=\"all=-N -l\"\n",
            "",
            "build b with -gcflags='all=-N -l'",
        ),
        (
            Name::PgoProfile,
            "",
            "build\t-pgo=default.pgo\n",
            "build b with -pgo=off",
        ),
    ];
    for (cause, a, b, want) in table {
        let (a, b) = (with(a), with(b));
        assert_eq!(
            fix(cause, ("go1.27.3", &a), ("go1.27.3", &b)),
            want,
            "{cause:?}"
        );
    }
}

#[test]
fn the_go_line_behind_the_defaults_is_a_command() {
    let old = with(
        "build\tDefaultGODEBUG=cryptocustomrand=1,httpservecontentmaxranges=1,tlssecpmlkem=0,tracebacklabels=0,urlstrictcolons=0,x509sslcertoverrideplatform=0\n",
    );
    let said = fix(Name::GodebugDefault, ("go1.27.3", &old), ("go1.27.3", MAIN));
    assert_eq!(
        said,
        "in the folder of b's main module run go mod edit -go=1.25"
    );
    let said = fix(Name::GodebugDefault, ("go1.27.3", MAIN), ("go1.27.3", &old));
    assert_eq!(
        said,
        "in the folder of b's main module run go mod edit -go=1.27"
    );
    let by_hand = with("build\tDefaultGODEBUG=tlsmaxrsasize=0\n");
    let said = fix(
        Name::GodebugDefault,
        ("go1.27.3", &by_hand),
        ("go1.27.3", MAIN),
    );
    assert_eq!(
        said,
        "in the folder of b's main module run go mod edit -godebug=tlsmaxrsasize=0"
    );
    let said = fix(
        Name::GodebugDefault,
        ("go1.27.3", MAIN),
        ("go1.27.3", &by_hand),
    );
    assert_eq!(
        said,
        "in the folder of b's main module run go mod edit -dropgodebug=tlsmaxrsasize"
    );
}

#[test]
fn a_module_around_the_projects_own_is_made_from_the_list() {
    let wrapper = "path\twrapped\nmod\twrapped\t(devel)\t\ndep\tx.y/z\tv1.2.3\th1:a=\ndep\tx.y/lib\tv0.1.0\th1:b=\n";
    let plain = "path\tx.y/z/cmd/z\nmod\tx.y/z\tv1.2.3\t\ndep\tx.y/lib\tv0.1.0\th1:b=\nbuild\tvcs=git\n\
                 build\tvcs.revision=01\nbuild\tvcs.modified=false\n";
    let said = fix(Name::MainModule, ("go1.27.3", wrapper), ("go1.27.3", plain));
    let made = "mkdir build && cd build && go mod init wrapped && go mod edit -go=1.27 -require=x.y/z@v1.2.3 -require=x.y/lib@v0.1.0 && cp ../cmd/z/*.go .";
    assert!(said.ends_with(made), "{said}");
    let (_, next) = applied(Given::First, ("go1.27.3", wrapper), ("go1.27.3", plain));
    let next = next.unwrap();
    assert_eq!(next.before, [made]);
    assert!(next.command.ends_with("-mod=mod ."), "{}", next.command);
    // The other way round there is nothing to make.
    let (causes, next) = applied(Given::Second, ("go1.27.3", wrapper), ("go1.27.3", plain));
    assert_eq!(next.unwrap().before, ["git checkout 01"]);
    let said = causes.iter().find(|cause| cause.name == Name::MainModule);
    assert_eq!(
        said.unwrap().fix,
        "build a in the module that b was built from, x.y/z"
    );
    // Two modules that have nothing to do with each other.
    let other = "path\tx.y/z\nmod\tq.r/s\t(devel)\t\n";
    let said = fix(Name::MainModule, ("go1.27.3", other), ("go1.27.3", MAIN));
    assert!(!said.contains("go mod init"), "{said}");
}

/// The go command takes a vendor folder that is there, unless it is told not to.
#[test]
fn modules_of_the_cache_are_asked_for_beside_a_vendor_folder() {
    let plain = "path\tx.y/z\nmod\tx.y/z\t(devel)\t\ndep\tx.y/lib\tv0.1.0\t";
    let cached = format!("{plain}h1:b=\n");
    let vendored = format!("{plain}\n");
    let files = [("go1.27.3", cached.as_str()), ("go1.27.3", &vendored)];
    for (given, want) in [
        (Given::First, " -mod=readonly ."),
        (Given::Second, " -mod=vendor ."),
    ] {
        let (_, next) = applied(given, files[0], files[1]);
        let command = next.unwrap().command;
        assert!(command.ends_with(want), "{command}");
    }
    let older = cached.replace("v0.1.0", "v0.0.9");
    let (_, next) = applied(Given::First, files[0], ("go1.27.3", &older));
    assert!(!next.is_some_and(|next| next.command.contains("-mod")));
}

/// go install takes the module's own go line; another one was in a go.mod around it.
#[test]
fn a_module_of_the_cache_with_another_go_line_is_required_by_one_that_has_it() {
    let cached = "path\tx.y/z/cmd/z\nmod\tx.y/z\tv1.2.3\th1:a=\n";
    let devel = "path\tx.y/z/cmd/z\nmod\tx.y/z\t(devel)\t\n";
    let (_, next) = applied(Given::First, ("go1.27.3", cached), ("go1.27.3", devel));
    let next = next.unwrap();
    assert_eq!(next.before, [""; 0]);
    assert!(
        next.command.ends_with("go install x.y/z/cmd/z@v1.2.3"),
        "{}",
        next.command
    );
    let older =
        format!("{devel}build\tDefaultGODEBUG=tracebacklabels=0,x509sslcertoverrideplatform=0\n");
    let (causes, next) = applied(Given::First, ("go1.27.3", cached), ("go1.27.3", &older));
    let next = next.unwrap();
    let made = "mkdir build && cd build && go mod init build && go mod edit -go=1.27 -require=x.y/z@v1.2.3";
    assert_eq!(next.before, [made]);
    assert!(
        next.command.ends_with("go build -mod=mod x.y/z/cmd/z"),
        "{}",
        next.command
    );
    assert_eq!(next.recipe.source.origin, crate::recipe::Origin::Wrapper);
    for name in [Name::GodebugDefault, Name::VersionStamp] {
        let cause = causes.iter().find(|cause| cause.name == name).unwrap();
        assert!(cause.fix.contains(made), "{}", cause.fix);
    }
}

#[test]
fn stamps_have_the_commands_that_make_them() {
    let stamped = |version: &str, modified: &str| {
        format!(
            "path\tx.y/z\nmod\tx.y/z\t{version}\t\nbuild\tvcs=git\nbuild\tvcs.revision=0123abcd\n\
             build\tvcs.modified={modified}\n"
        )
    };
    let (clean, dirty) = (stamped("v1.0.0", "false"), stamped("v1.0.0+dirty", "true"));
    let release = "go1.27.3";
    let said = fix(Name::VcsModified, (release, &dirty), (release, &clean));
    assert!(said.starts_with("an untracked file is enough"), "{said}");
    let said = fix(Name::VcsModified, (release, &clean), (release, &dirty));
    assert!(said.contains("git stash --include-untracked"), "{said}");
    let said = fix(Name::VcsMissing, (release, MAIN), (release, &clean));
    assert_eq!(said, "build b with -buildvcs=false");
    let said = fix(Name::VcsMissing, (release, &clean), (release, MAIN));
    assert!(
        said.contains("git checkout 0123abcd") && said.contains("git cat-file -t 0123abcd"),
        "{said}"
    );
    let devel = stamped("(devel)", "false");
    let said = fix(Name::VersionStamp, (release, &devel), (release, &clean));
    assert!(
        said.contains("another repository") && said.contains("git cat-file -t 0123abcd"),
        "{said}"
    );
    let pseudo = stamped("v0.0.0-20260102030405-0123abcd0123", "false");
    let said = fix(Name::VersionStamp, (release, &pseudo), (release, &clean));
    assert!(said.contains("git tag --delete v1.0.0"), "{said}");
    let said = fix(Name::VersionStamp, (release, &clean), (release, &pseudo));
    assert!(said.contains("git tag v1.0.0 0123abcd"), "{said}");
}

#[test]
fn values_are_quoted_for_a_shell() {
    let tags = with("build\t-tags=\"x;rm -rf $HOME\"\n");
    let said = fix(Name::BuildTags, ("go1.27.3", &tags), ("go1.27.3", MAIN));
    assert_eq!(said, "build b with -tags='x;rm -rf $HOME'");
}

#[test]
fn builds_alike_have_no_next_step() {
    let (_, next) = applied(Given::First, ("go1.27.3", MAIN), ("go1.27.3", MAIN));
    assert_eq!(next, None);
}

/// Official linkers always write build information.
#[test]
fn a_file_without_build_information_was_linked_by_another_linker() {
    const MAGIC: &[u8] = b"\xff Go buildinf:\x08\x02";
    let of = |has_it: bool| {
        let mut artifact = program("go1.27.3", MAIN);
        artifact.input.bytes = MAGIC.to_vec().into();
        if let Some(found) = artifact.go.build_info.as_mut().filter(|_| has_it) {
            found.range = 0..MAGIC.len();
        }
        artifact.go.build_id = Some(proto::buildid::BuildId::Empty);
        artifact
    };
    let said = |a: &Artifact, b: &Artifact| {
        let diff = Diff::of(a, b);
        let pair = Pair::new(a, b, &diff, ["a".into(), "b".into()]);
        let mut causes = cause::explain(&pair);
        let _ = apply(&pair, Given::First, &mut causes);
        let found = causes.iter().find(|one| one.name == Name::BuildinfoMissing);
        found.unwrap().fix.clone()
    };
    let lacking = said(&of(false), &of(true));
    assert!(
        lacking.contains("a was linked by a changed linker"),
        "{lacking}"
    );
    assert!(lacking.contains("build b so"), "{lacking}");
    // The other way round b is to be left as the linker wrote it.
    let other = said(&of(true), &of(false));
    assert!(other.contains("keep the build information"), "{other}");
}
