//! Caches of others: believed as the go command believes them, and found out.

use proto::attest::observation::{Audit, Evidence, Mode, Outcome};

use crate::yard::{Yard, poison};

#[test]
fn a_sound_cache_gives_the_same_packages_and_is_left_as_it_is() {
    let yard = Yard::new("1.27.");
    let cache = yard.gocache("shared");
    let before = names(&cache);
    let answer = yard.signed(&["--gocache", cache.to_str().unwrap(), "--", "-trimpath", "."]);
    assert_eq!(answer.exit, 0, "{}", answer.said);
    let seen = yard.observations(&answer);
    let [(_, cold), _, (_, shared)] = seen.as_slice() else {
        panic!("{}", answer.said);
    };
    assert_eq!(shared.cache.mode, Mode::Shared);
    assert_eq!((shared.cache.hits, shared.cache.puts), (cold.cache.puts, 0));
    assert_eq!(shared.cache.closure, cold.cache.closure);
    assert_eq!(shared.host.cache_source.as_deref(), cache.to_str());
    assert_eq!(names(&cache), before);
}

#[test]
fn a_poisoned_package_that_is_reached_gives_another_program() {
    for version in ["1.21.", "1.27."] {
        let yard = Yard::new(version);
        let cache = yard.gocache("shared");
        poison(&cache, "hello from here", "hello from hell");
        let answer = yard.signed(&["--gocache", cache.to_str().unwrap(), "--", "-trimpath", "."]);
        assert_eq!(answer.exit, 1, "{version}: {}", answer.said);
        assert_eq!(answer.value["verdict"], "programs-differ");
        let seen = yard.observations(&answer);
        let (cold, shared) = (&seen[0].1, &seen[2].1);
        assert!(matches!(shared.result, Outcome::Differed { .. }));
        assert_ne!(shared.cache.closure, cold.cache.closure);
        let Audit::Damaged { findings } = &shared.cache.audit else {
            panic!("{:?}", shared.cache.audit);
        };
        assert!(
            findings[0].contains("example.com/tool/greeting"),
            "{findings:?}"
        );
    }
}

#[test]
fn a_poisoned_package_that_is_not_reached_shows_in_what_went_in() {
    let yard = Yard::new("1.27.");
    let cache = yard.gocache("shared");
    poison(&cache, "never reached", "never noticed");
    let answer = yard.signed(&["--gocache", cache.to_str().unwrap(), "--", "-trimpath", "."]);
    assert_eq!(answer.exit, 1, "{}", answer.said);
    assert_eq!(answer.value["verdict"], "packages-differ");
    let seen = yard.observations(&answer);
    let (cold, shared) = (&seen[0].1, &seen[2].1);
    assert_eq!(shared.product, cold.product, "the product is equal");
    let (honest, taken) = (yard.closure(cold), yard.closure(shared));
    let odd = taken
        .packages()
        .iter()
        .filter(|one| !honest.packages().contains(one));
    let odd: Vec<_> = odd.map(|one| one.path.as_str()).collect();
    assert_eq!(odd, ["example.com/tool/greeting"]);
}

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn a_record_is_served_from_and_go_without_cacheprog_says_so() {
    let yard = Yard::new("1.27.");
    let cache = yard.gocache("record");
    let record = cache.to_str().unwrap();
    let answer = yard.signed(&["--cacheprog", record, "--", "-trimpath", "."]);
    assert_eq!(answer.exit, 0, "{}", answer.said);
    let seen = yard.observations(&answer);
    let served = &seen[2].1;
    assert_eq!(served.cache.mode, Mode::Cacheprog);
    assert_eq!(served.cache.evidence, Evidence::Requests);
    assert_eq!(served.cache.hits, seen[0].1.cache.puts);
    let old = Yard::new("1.21.");
    let cache = old.gocache("record");
    let answer = old.signed(&[
        "--cacheprog",
        cache.to_str().unwrap(),
        "--",
        "-trimpath",
        ".",
    ]);
    assert_eq!(answer.exit, 2, "{}", answer.said);
    assert!(
        answer.said.contains("GOCACHEPROG came with Go 1.24"),
        "{}",
        answer.said
    );
}

#[test]
fn a_c_header_that_changed_since_is_found_as_another_program() {
    let yard = Yard::new("1.27.");
    let headers = yard.path("headers");
    std::fs::create_dir(&headers).unwrap();
    let header = |value: u8| {
        std::fs::write(headers.join("value.h"), format!("#define VALUE {value}\n")).unwrap();
    };
    header(1);
    yard.write(
        "main.go",
        "package main\n\n// #include <value.h>\n// static int value(void) { return VALUE; }\nimport \"C\"\n\n\
         func main() { println(C.value()) }\n",
    );
    let with_c = |arguments: &[&str]| {
        let mut command = yard.command(arguments);
        command
            .env("CGO_ENABLED", "1")
            .env("CGO_CFLAGS", format!("-O2 -I{}", headers.display()));
        yard.judge(&mut command)
    };
    yard.key();
    let key = yard.path("host.key");
    let cache = yard.path("shared");
    let built = std::process::Command::new(yard.go())
        .args(["build", "-trimpath", "-o"])
        .arg(yard.path("plain"))
        .arg(".")
        .current_dir(yard.path("source"))
        .env_clear()
        .env("PATH", testkit::environment::path())
        .env("HOME", yard.path("home"))
        .env("GOCACHE", &cache)
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("CGO_CFLAGS", format!("-O2 -I{}", headers.display()))
        .status()
        .unwrap();
    assert!(built.success());
    header(2);
    let arguments = [
        "--key",
        key.to_str().unwrap(),
        "--gocache",
        cache.to_str().unwrap(),
        "--",
        "-trimpath",
        ".",
    ];
    let answer = with_c(&arguments);
    assert_eq!(answer.exit, 1, "{}", answer.said);
    let seen = yard.observations(&answer);
    let (cold, shared) = (&seen[0].1, &seen[2].1);
    assert!(
        matches!(shared.result, Outcome::Differed { .. }),
        "{}",
        answer.said
    );
    // Nobody has changed the cache: the header is in no key of it.
    assert_eq!(shared.cache.audit, Audit::Clean {});
    assert_ne!(shared.cache.closure, cold.cache.closure);
    assert!(cold.host.c_toolchain.is_some());
}

fn names(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut names = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            names.push(path);
        }
    }
    names.sort();
    names
}
