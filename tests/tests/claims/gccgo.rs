//! Programs that GCC's compiler for Go made.

use super::files::{self, Bench, MAIN};

/// A stand-in for what GCC's compiler for Go leaves, which is rarely installed.
#[test]
fn a_program_by_gccgo_is_recognised() {
    let bench = Bench::new(MAIN);
    for (name, value) in [("one", 1), ("two", 2)] {
        bench.write(
            &format!("{name}.c"),
            format!("int value = {value};\nvoid __go_init_main(void) {{}}\nint main(void) {{ return value; }}\n")
                .as_bytes(),
        );
        bench.shell(&format!("gcc -O1 -o {name} {name}.c"));
    }
    let (one, two) = (bench.path("one"), bench.path("two"));
    let (exit, said) = files::said(&[], &[&one, &two]);
    assert_eq!(exit, 1, "{said}");
    assert!(!said.contains("no Go build recognised"), "{said}");
    assert!(said.contains("Go by gccgo"), "{said}");
    assert!(
        said.contains("was compiled by gccgo (it has the symbol __go_init_main)"),
        "{said}"
    );
    assert!(
        said.contains("not functions, packages or settings"),
        "{said}"
    );
    assert!(said.contains("by one version of gccgo"), "{said}");
    assert!(!said.contains("-trimpath"), "{said}");
    let (_, said) = files::said(&["inspect"], &[&one]);
    assert!(said.contains("Go by gccgo"), "{said}");
}

/// By the real compiler, which is a hundred megabytes to install.
#[test]
#[ignore = "needs gccgo; tests/slow.sh runs it"]
fn what_the_real_gccgo_compiled_is_recognised() {
    let bench = Bench::new(MAIN);
    let source = |word| {
        format!("package main\n\nvar Motto = \"{word}\"\n\nfunc main() {{ println(Motto) }}\n")
    };
    for (name, word) in [("one", "hello"), ("two", "hallo")] {
        bench.write("motto.go", source(word).as_bytes());
        bench.shell(&format!("gccgo-12 -g -o {name} motto.go"));
    }
    let (one, two) = (bench.path("one"), bench.path("two"));
    let (exit, said) = files::said(&[], &[&one, &two]);
    assert_eq!(exit, 1, "{said}");
    for want in [
        "was compiled by gccgo (it asks for libgo.so.",
        "not functions, packages or settings",
        "by one version of gccgo",
    ] {
        assert!(said.contains(want), "no {want:?} in {said}");
    }
    for never in [
        "source-content",
        "toolchain-patched",
        "-trimpath",
        "only moved",
    ] {
        assert!(!said.contains(never), "{never:?} in {said}");
    }
    // Linked with its library, the sections tell.
    bench.shell("gccgo-12 -static-libgo -o static motto.go");
    let (_, said) = files::said(&["inspect"], &[&bench.path("static")]);
    assert!(said.contains("it has the section .go_export"), "{said}");
}
