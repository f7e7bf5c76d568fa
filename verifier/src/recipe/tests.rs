use super::*;
use crate::cause::tests::program;

fn of(version: &str, modules: &str) -> Recipe {
    // A made-up file has no symbols, so that -s is read; its build ID is not there either.
    Recipe::of(&program(version, modules)).unwrap()
}

#[test]
fn a_recorded_build_is_one_line() {
    let recipe = of(
        "go1.27.3",
        "path\texample.com/x/cmd/x\nmod\texample.com/x\t(devel)\t\nbuild\t-buildmode=pie\nbuild\t-compiler=gc\n\
         build\t-ldflags=\"-s -w -X 'main.v=a b'\"\nbuild\t-tags=netgo,x\nbuild\tCGO_ENABLED=0\nbuild\tGOARCH=amd64\n\
         build\tGOOS=linux\nbuild\tGOAMD64=v3\n",
    );
    assert_eq!(
        recipe.command(),
        r"GOTOOLCHAIN=go1.27.3 GOOS=linux GOARCH=amd64 GOAMD64=v3 CGO_ENABLED=0 go build -buildmode=pie -tags=netgo,x -buildvcs=false -ldflags='-s -w -X '\''main.v=a b'\''' ./cmd/x"
    );
    assert!(recipe.linker.is_complete);
    assert_eq!(recipe.unknown, [""; 0]);
    assert_eq!(
        recipe.arguments().last().map(String::as_str),
        Some("./cmd/x")
    );
    let basis = |name: &str| {
        let mut all = recipe.flags.iter().chain(&recipe.environment);
        all.find(|known| known.name == name)
            .map(|known| known.basis)
    };
    assert_eq!(basis("-tags"), Some(Basis::Recorded));
    assert_eq!(basis("-buildvcs"), Some(Basis::Likely));
}

#[test]
fn what_trimpath_hides_is_read_off_the_file_and_said_to_be_open() {
    let recipe = of(
        "go1.24.1 X:rangefunc",
        "path\texample.com/x\nmod\texample.com/x\tv1.2.3\t\nbuild\t-trimpath=true\nbuild\tvcs=git\n\
         build\tvcs.revision=0123\nbuild\tvcs.modified=true\n",
    );
    assert_eq!(
        recipe.command(),
        "GOTOOLCHAIN=go1.24.1 GOEXPERIMENT=rangefunc go build -trimpath -ldflags='-s -w -buildid=' ."
    );
    assert!(!recipe.linker.is_complete);
    assert_eq!(recipe.source.revision.as_deref(), Some("0123"));
    let unknown = recipe.unknown.join("\n");
    for part in [
        "the linker's flags",
        "not committed",
        "nothing names what -X set",
    ] {
        assert!(unknown.contains(part), "{part}: {unknown}");
    }
}

#[test]
fn a_version_of_the_module_cache_is_installed_by_its_name() {
    let recipe = of(
        "go1.20.14",
        "path\texample.com/x/cmd/x\nmod\texample.com/x\tv1.2.3\th1:abc=\n",
    );
    assert_eq!(
        recipe.command(),
        "go1.20.14 install example.com/x/cmd/x@v1.2.3"
    );
    assert_eq!(recipe.source.origin, Origin::ModuleCache);
}

#[test]
fn a_go_mod_around_a_module_of_the_cache_requires_all_of_it() {
    let modules = "path\texample.com/act/cmd/act\nmod\texample.com/act\tv0.2.60\th1:a=\n\
                   dep\texample.com/lib\tv1.0.0\n=>\texample.com/fork\tv1.0.1\th1:b=\n";
    let wrapper = Wrapper::of(&program("go1.27.3", modules)).unwrap();
    assert_eq!(
        (wrapper.module.as_str(), wrapper.version.as_str()),
        ("example.com/act", "v0.2.60")
    );
    assert_eq!(
        wrapper.go_mod,
        "module build\n\ngo 1.27\n\nrequire (\n\texample.com/act v0.2.60\n\texample.com/lib v1.0.0\n)\n\n\
         replace example.com/lib => example.com/fork v1.0.1\n"
    );
    // What was built in a folder needs none.
    let own = program("go1.27.3", "path\tact\nmod\tact\t(devel)\t\n");
    assert_eq!(Wrapper::of(&own), None);
}

#[test]
fn what_names_no_release_is_not_made_one() {
    for version in [
        "go1.22 (Red Hat 1.22.3-1.el9)",
        "devel go1.28-abc",
        "go1.22.3-custom",
    ] {
        let recipe = of(
            version,
            "path\tx\nmod\tx\t(devel)\t\nbuild\t-trimpath=false\n",
        );
        assert_eq!(recipe.toolchain, None, "{version}");
        assert!(
            recipe.unknown.iter().any(|line| line.contains(version)),
            "{version}"
        );
    }
    let by_files = of(
        "go1.27.3",
        "path\tcommand-line-arguments\ndep\tx\t(devel)\t\n",
    );
    assert_eq!(by_files.package, None);
    assert!(by_files.unknown.iter().any(|line| line == "the package"));
}

#[test]
fn a_vendor_folder_leaves_no_sums() {
    let flag = |deps: &str| {
        of("go1.27.3", &format!("path\tx\nmod\tx\t(devel)\t\n{deps}"))
            .flag("-mod")
            .map(str::to_owned)
    };
    assert_eq!(flag("dep\ta.b/c\tv1.0.0\t\n").as_deref(), Some("vendor"));
    assert_eq!(flag("dep\ta.b/c\tv1.0.0\th1:x=\n"), None);
    assert_eq!(flag("dep\ta.b/c\tv1.0.0\n=>\t./c\t\t\n"), None);
    assert_eq!(flag(""), None);
}
