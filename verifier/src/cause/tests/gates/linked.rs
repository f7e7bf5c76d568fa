//! What the host's compiler and linker leave, and when it is told.

use super::*;

#[test]
fn files_that_are_no_programs_of_go_tell_nothing_of_their_linking() {
    let files = || {
        let of = || {
            Program::new(
                vec![function("main.main", "example.com/p/main.go", ONE)],
                Vec::new(),
            )
        };
        [of().artifact(), of().rebuilt().with_symbols().artifact()]
    };
    let broken: &[Broken] = &[
        ("no program of Go", |_, b| {
            (b.go.build_id, b.go.build_info, b.go.sources) = (None, None, None)
        }),
        ("the other neither", |a, _| {
            (a.go.build_id, a.go.build_info, a.go.sources) = (None, None, None)
        }),
        OTHER_FORMAT,
    ];
    gate(
        symbols_stripped::explain,
        &files,
        &[Name::SymbolsStripped],
        broken,
    );
    let linked = || {
        let [a, b] = files();
        [a, external(b)]
    };
    let link_broken: &[Broken] = &[
        broken[0],
        broken[1],
        OTHER_FORMAT,
        ("both are linked alike", |a, _| {
            a.image.producers = vec!["GCC: 12".into()]
        }),
        ("other flags of C", |a, _| {
            set_info(a, &format!("{UNTRIMMED}build\tCGO_LDFLAGS=-lm\n"));
        }),
        ("other tags", |a, _| {
            set_info(a, &format!("{UNTRIMMED}build\t-tags=x\n"))
        }),
    ];
    gate(linking::explain, &linked, &[Name::LinkMode], link_broken);
    // Both have C, and nothing is on record: flags of C may be what chose the linker.
    let with_c = || {
        let [mut a, mut b] = linked();
        (a.image.interpreter, b.image.interpreter) = (Some("ld.so".into()), Some("ld.so".into()));
        [a, b]
    };
    let both = [Name::LinkMode, Name::CgoFlags];
    let [a, b] = with_c();
    assert_eq!(told(linking::explain, &a, &b), both);
    for change in [
        (|a, _| a.image.interpreter = None) as fn(&mut Artifact, &mut Artifact),
        |_, b| b.image.interpreter = None,
        |_, b| set_id(b, ['x', 'B', 'y', 'z']),
        |a, _| set_info(a, &format!("{UNTRIMMED}build\tvcs=git\n")),
    ] {
        let [mut a, mut b] = with_c();
        change(&mut a, &mut b);
        assert_eq!(told(linking::explain, &a, &b), [Name::LinkMode]);
    }
}

#[test]
fn functions_of_c_among_those_of_go() {
    let files = || {
        let of = |code| {
            let mut program = Program::new(
                vec![
                    function("main.main", "example.com/p/main.go", ONE),
                    function("x_cgo_init", "", code),
                ],
                Vec::new(),
            );
            program.functions[1].lines.clear();
            program
        };
        [of(ONE).artifact(), of(TWO).rebuilt().artifact()]
    };
    let broken: &[Broken] = &[
        OTHER_GO,
        SAME_INPUTS,
        NO_ID,
        ("linked by the host's linker", |_, b| {
            b.image.producers = vec!["GCC: 12".into()]
        }),
        ("the other too", |a, _| {
            a.image.producers = vec!["GCC: 12".into()]
        }),
        ("other tags", |a, _| {
            set_info(a, &format!("{UNTRIMMED}build\t-tags=x\n"))
        }),
    ];
    gate(c_inside::explain, &files, &[Name::CgoFlags], broken);
}

#[test]
fn code_of_c_beside_that_of_go() {
    let files = |name: &'static str, constant: &'static [u8], code: &[Piece<'static>]| {
        let mut program = Program::new(
            vec![function("runtime.main", "runtime/proc.go", ONE)],
            vec![datum(
                ".rodata",
                "runtime.text",
                &[Bytes(b"a text of Go's, first of all")],
            )],
        );
        program.c_functions = vec![function(name, "", code)];
        program.c_data = vec![datum(".rodata", "c_table", &[Bytes(constant)])];
        program.comment = "GCC: (Debian 12.2.0) 12.2.0";
        program
    };
    let of = |name: &'static str, b: Program<'static>, named: bool| {
        let a = files(name, b"a table", ONE);
        let [mut a, mut b] = [a, b.rebuilt()];
        (a.has_symbols, b.has_symbols) = (named, named);
        [a.artifact(), b.artifact()]
    };
    let broken: &[Broken] = &[
        OTHER_GO,
        SAME_INPUTS,
        NO_ID,
        ("linked by Go's linker", |_, b| b.image.producers.clear()),
        ("the other too", |a, _| a.image.producers.clear()),
        ("other tags", |a, _| {
            set_info(a, &format!("{UNTRIMMED}build\t-tags=x\n"))
        }),
        OTHER_FORMAT,
    ];
    for (named, name, says) in [
        (true, "c_own", Name::CSource),
        (true, "x_cgo_init", Name::CgoFlags),
        (true, "_cgo_sys_thread_start", Name::CgoFlags),
        (false, "c_own", Name::CSource),
    ] {
        let code = || of(name, files(name, b"a table", TWO), named);
        gate(c_source::explain, &code, &[says], broken);
    }
    let data = || of("c_own", files("c_own", b"a TABLE", ONE), true);
    gate(c_source::explain, &data, &[Name::CSource], broken);
    let stripped = of("c_own", files("c_own", b"a TABLE", ONE), false);
    assert_eq!(told(c_source::explain, &stripped[0], &stripped[1]), []);
    // Both are of one C source.
    let equal = of("c_own", files("c_own", b"a table", ONE), true);
    assert_eq!(told(c_source::explain, &equal[0], &equal[1]), []);
    // 386 has files of another class; a file of another format has no such functions here.
    let [mut a, b] = of("c_own", files("c_own", b"a table", TWO), true);
    a.image.machine.bits = Some(32);
    let diff = Diff::of(&a, &b);
    let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
    assert!(c_functions::explain(&pair).is_none());
}

#[test]
fn debug_information_is_read_of_two_programs_of_go() {
    let files = || {
        let of = |folder: &'static [u8]| {
            let mut artifact = Program::new(Vec::new(), Vec::new()).rebuilt().artifact();
            artifact.input.bytes = folder.to_vec().into();
            artifact.image.regions = vec![crate::image::Region {
                name: ".strtab".into(),
                range: 0..folder.len(),
                address: None,
                content: crate::image::Content::Symbols,
            }];
            artifact
        };
        [
            of(b"\0/tmp/go-build12/b001/x.c\0"),
            of(b"\0/tmp/go-build34/b001/x.c\0"),
        ]
    };
    let broken: &[Broken] = &[
        ("no program of Go", |_, b| {
            (b.go.build_id, b.go.build_info, b.go.sources) = (None, None, None)
        }),
        ("the other neither", |a, _| {
            (a.go.build_id, a.go.build_info, a.go.sources) = (None, None, None)
        }),
        OTHER_FORMAT,
    ];
    gate(debug::explain, &files, &[Name::CgoTempPath], broken);
}
