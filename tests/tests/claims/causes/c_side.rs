//! What differs on the C side is the C side's.

use super::{STRIPPED, never, said};
use crate::workshop::{Workshop, compare};

const SUM: &str = "package greeting

// #include \"count.h\"
// static const int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
// int scale(int n) { return n * FACTOR + table[n & 7]; }
// const char *word(void) { return WORD; }
import \"C\"

//go:noinline
func Text() string { return C.GoString(C.word())[:int(C.scale(1))%3] }
";

const HEADER: &str = "#define FACTOR 1131\n#define WORD \"a word of C\"\n";

fn shop() -> Workshop {
    let shop = Workshop::new();
    shop.write("greeting/greeting.go", SUM);
    shop.write("greeting/count.h", HEADER);
    shop
}

#[test]
fn data_and_code_of_c() {
    let mut shop = shop();
    let settings = ["CGO_ENABLED=1"];
    for flags in [&[][..], STRIPPED] {
        let base = shop.build(&settings, flags);
        for (file, from, to) in [
            ("greeting/greeting.go", "4, 1, 5, 9", "4, 1, 7, 9"),
            ("greeting/count.h", "a word of C", "a sword ofC"),
            (
                "greeting/count.h",
                "a word of C",
                "a much longer word of C, to move what follows",
            ),
            ("greeting/count.h", "1131", "1132"),
        ] {
            shop.edit(file, from, to);
            let other = shop.build(&settings, flags);
            shop.edit(file, to, from);
            let answer = compare(&[&base, &other]);
            never(
                &answer,
                &["toolchain-patched", "source-content", "generated-order"],
            );
            if flags.is_empty() {
                // With symbols it is known to be the C side's source.
                never(&answer, &["cgo-flags", "dependency-content"]);
            }
            let is_code = from == "1131";
            if flags.is_empty() || is_code {
                assert_eq!(
                    answer.causes()[0],
                    "c-source",
                    "{to}: {:#}",
                    answer.report["causes"]
                );
            }
            if flags.is_empty() && to.len() == from.len() {
                let said = said(&answer, "c-source");
                let of = ["table", "scale", ".rodata"];
                assert!(of.iter().any(|name| said.contains(name)), "{said}");
            }
            if is_code && !flags.is_empty() {
                let said = said(&answer, "c-source");
                assert!(
                    said.contains("code outside of Go's functions differs"),
                    "{said}"
                );
            }
        }
    }
}

/// A name that looks like debug information does not make code of it.
#[test]
fn code_in_a_section_of_another_name() {
    let mut shop = shop();
    let settings = ["CGO_ENABLED=1"];
    shop.edit(
        "greeting/greeting.go",
        "// int scale",
        "// __attribute__((section(\".debug_zz\"))) int scale",
    );
    let base = shop.build(&settings, &[]);
    shop.edit("greeting/count.h", "1131", "1132");
    let other = shop.build(&settings, &["-ldflags=-s"]);
    let answer = compare(&[&base, &other]);
    never(&answer, &["toolchain-patched"]);
    let causes = answer.causes();
    assert!(causes.contains(&"symbols-stripped"), "{causes:?}");
    assert!(
        causes.contains(&"unexplained") || causes.contains(&"c-source"),
        "{causes:?}"
    );
}
