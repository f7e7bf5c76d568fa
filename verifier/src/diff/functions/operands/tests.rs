//! Code of each architecture, in programs where things moved.

use super::*;
use crate::artifact::Artifact;
use crate::artifact::made::Piece::Bytes;
use crate::artifact::made::{Program, datum, function};
use crate::diff::Diff;
use crate::diff::functions::Change;

/// A text that is long enough to be known by its bytes.
const TEXT: &[u8] = b"a text of more than sixteen bytes";

/// What lies behind the function at hand, and the same where something new lies between.
const BEHIND: [&str; 2] = ["main.callee", "main.other"];
const MOVED: [&str; 3] = ["main.new", "main.callee", "main.other"];

/// A program of one function, others behind it, and a text. `code` is told where the
/// function, `main.callee` and the text lie.
fn program(
    arch: &'static str,
    behind: &[&'static str],
    code: &dyn Fn(u64, u64, u64) -> Vec<u8>,
) -> Artifact {
    let made = |body: &[u8]| {
        let mut functions = vec![function("main.main", "main.go", &[Bytes(body)])];
        let others = behind.iter();
        functions.extend(others.map(|name| function(name, "main.go", &[Bytes(&[2; 16])])));
        let mut artifact =
            Program::new(functions, vec![datum(".rodata", "", &[Bytes(TEXT)])]).artifact();
        artifact.image.machine.goarch = Some(arch);
        artifact
    };
    let len = code(0, 0, 0).len();
    let first = made(&vec![0; len]);
    let address = |name: &str| first.image.region(name).unwrap().address.unwrap();
    let (start, text) = (address(".text"), address(".rodata"));
    let before = behind.iter().take_while(|name| **name != "main.callee");
    let callee = start + (len.next_multiple_of(16) + 16 * before.count()) as u64;
    made(&code(start, callee, text))
}

/// What became of the function, if its code is made so in both files.
fn change(
    arch: &'static str,
    a: &dyn Fn(u64, u64, u64) -> Vec<u8>,
    b: &dyn Fn(u64, u64, u64) -> Vec<u8>,
    moved: bool,
) -> Change {
    let moved = if moved { &MOVED[..] } else { &BEHIND };
    became(arch, a, b, moved)
}

/// The same, with these functions behind it in the second file.
fn became(
    arch: &'static str,
    a: &dyn Fn(u64, u64, u64) -> Vec<u8>,
    b: &dyn Fn(u64, u64, u64) -> Vec<u8>,
    behind: &[&'static str],
) -> Change {
    let (a, b) = (program(arch, &BEHIND, a), program(arch, behind, b));
    let functions = Diff::of(&a, &b).functions.unwrap();
    let mut listed = functions.functions.iter();
    match listed.find(|one| one.name == "main.main") {
        Some(one) => one.change,
        None if functions.counts.shifted > 0 => Change::Shifted,
        None => Change::Same,
    }
}

/// 32-bit words, zeros behind them, so that nothing is filled up.
fn words(words: &[u32]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    bytes
}

fn low(number: u64) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap()
}

#[test]
fn calls_on_arm_follow_what_they_call() {
    let call =
        |start: u64, to: u64| 0xeb00_0000 | low(to.wrapping_sub(start + 12) >> 2) & 0xff_ffff;
    let calls = |start, callee, _| words(&[0xe1a0_0000, call(start, callee)]);
    let calls_other = |start, callee, _| words(&[0xe1a0_0000, call(start, callee + 16)]);
    let jumps =
        |start, callee, _| words(&[0xe1a0_0000, call(start, callee) & 0xf0ff_ffff | 0x0a00_0000]);
    let another = |start, callee, _| words(&[0xe1a0_0001, call(start, callee)]);
    assert_eq!(change("arm", &calls, &calls, true), Change::Shifted);
    assert_eq!(change("arm", &calls, &calls, false), Change::Same);
    assert_eq!(change("arm", &calls, &calls_other, true), Change::Changed);
    assert_eq!(change("arm", &calls, &jumps, true), Change::Changed);
    assert_eq!(change("arm", &calls, &another, true), Change::Changed);
    // Words among the code are addresses as they are.
    let names = |_, _, text| words(&[0xe1a0_0000, low(text)]);
    let names_more = |_, _, text: u64| words(&[0xe1a0_0000, low(text + 1)]);
    assert_eq!(change("arm", &names, &names, true), Change::Shifted);
    assert_eq!(change("arm", &names, &names_more, true), Change::Unclear);
}

#[test]
fn calls_and_pages_on_arm64_follow_what_they_name() {
    let call = |at: u64, to: u64| 0x9400_0000 | low(to.wrapping_sub(at) >> 2) & 0x3ff_ffff;
    let calls = |start, callee, _| words(&[call(start, callee), 0xd65f_03c0]);
    let calls_other = |start, callee: u64, _| words(&[call(start, callee + 16), 0xd65f_03c0]);
    let returns_else = |start, callee, _| words(&[call(start, callee), 0xd65f_03c1]);
    assert_eq!(change("arm64", &calls, &calls, true), Change::Shifted);
    assert_eq!(change("arm64", &calls, &calls_other, true), Change::Changed);
    assert_eq!(
        change("arm64", &calls, &returns_else, true),
        Change::Changed
    );
    let page = |at: u64, to: u64| {
        let pages = (to >> 12).wrapping_sub(at >> 12);
        0x9000_0000 | low(pages & 3) << 29 | low(pages >> 2 & 0x7_ffff) << 5 | 27
    };
    let place = |to: u64, register: u32| 0x9100_0000 | low(to & 0xfff) << 10 | 27 << 5 | register;
    let names = |start, _, text| words(&[page(start, text), place(text, 0)]);
    let names_more = |start, _, text: u64| words(&[page(start, text + 1), place(text + 1, 0)]);
    let elsewhere = |start, _, text| words(&[page(start, text), place(text, 1)]);
    assert_eq!(change("arm64", &names, &names, true), Change::Shifted);
    assert_eq!(change("arm64", &names, &names_more, true), Change::Unclear);
    assert_eq!(change("arm64", &names, &elsewhere, true), Change::Changed);
}

#[test]
fn code_on_386_has_addresses_as_they_are() {
    let relative = |start: u64, to: u64, len: u64| low(to.wrapping_sub(start + len)).to_le_bytes();
    let call = |start, callee, _| [&[0xe8][..], &relative(start, callee, 5), &[0xc3; 11]].concat();
    assert_eq!(change("386", &call, &call, true), Change::Shifted);
    let load = |_, _, text| [&[0x8b, 0x05][..], &low(text).to_le_bytes(), &[0xc3; 10]].concat();
    let load_more =
        |_, _, text: u64| [&[0x8b, 0x05][..], &low(text + 1).to_le_bytes(), &[0xc3; 10]].concat();
    assert_eq!(change("386", &load, &load, true), Change::Shifted);
    assert_eq!(change("386", &load, &load_more, true), Change::Unclear);
    // A number that no instruction takes as an address is a number.
    let number = |_, _, text| [&[0x0c, 0x0c][..], &low(text).to_le_bytes(), &[0xc3; 10]].concat();
    assert_eq!(change("386", &number, &number, true), Change::Changed);
}

#[test]
fn code_on_amd64_has_relative_addresses() {
    let relative = |start: u64, to: u64, len: u64| low(to.wrapping_sub(start + len)).to_le_bytes();
    let long = |code: Vec<u8>| {
        let mut code = code;
        code.resize(16, 0xc3);
        code
    };
    let call = |start, callee, _| long([&[0xe8][..], &relative(start, callee, 5)].concat());
    let jump = |start, callee, _| long([&[0x0f, 0x84][..], &relative(start, callee, 6)].concat());
    let lea = |start, _, text| long([&[0x48, 0x8d, 0x05][..], &relative(start, text, 7)].concat());
    // CMPB text(IP), $1; MOVL $1, text(IP): a number stands behind the address.
    let compares =
        |start, _, text| long([&[0x80, 0x3d][..], &relative(start, text, 7), &[1]].concat());
    let moves = |start, _, text| {
        long([&[0xc7, 0x05][..], &relative(start, text, 10), &[1, 0, 0, 0]].concat())
    };
    let to_code =
        |start, callee, _| long([&[0x48, 0x8d, 0x05][..], &relative(start, callee, 7)].concat());
    let all: [&dyn Fn(u64, u64, u64) -> Vec<u8>; 4] = [&call, &jump, &lea, &to_code];
    for (index, code) in all.into_iter().enumerate() {
        assert_eq!(
            change("amd64", code, code, true),
            Change::Shifted,
            "{index}"
        );
        assert_eq!(change("amd64", code, code, false), Change::Same, "{index}");
    }
    for code in [&compares as &dyn Fn(u64, u64, u64) -> Vec<u8>, &moves] {
        assert_ne!(change("amd64", code, code, true), Change::Changed);
    }
    let call_other = |start, callee: u64, _| call(start, callee + 16, 0);
    assert_eq!(change("amd64", &call, &call_other, true), Change::Changed);
    // A call of data is none.
    let call_data = |start, _, text| call(start, text, 0);
    assert_eq!(
        change("amd64", &call_data, &call_data, true),
        Change::Changed
    );
    // Of another architecture nothing is known, unless it is of another length.
    assert_eq!(change("riscv64", &call, &call, true), Change::Unclear);
    let longer = |start, callee, _| [call(start, callee, 0), vec![7; 16]].concat();
    assert_eq!(change("riscv64", &call, &longer, true), Change::Changed);
    assert_eq!(change("amd64", &call, &longer, true), Change::Changed);
}

#[test]
fn equal_calls_lead_elsewhere_where_what_they_called_has_moved() {
    type Make = fn(u64, u64) -> Vec<u8>;
    fn relative(from: u64, to: u64) -> [u8; 4] {
        low(to.wrapping_sub(from)).to_le_bytes()
    }
    // A call of what lies right behind, and in the 386 one a jump.
    let amd64 = |start, to| [&[0x90, 0xe8][..], &relative(start + 6, to), &[0xc3; 10]].concat();
    let i386 = |start, to| [&[0x90, 0xe9][..], &relative(start + 6, to), &[0xc3; 10]].concat();
    let arm = |start, to: u64| words(&[0xeb00_0000 | low((to - start - 8) >> 2), 1, 1, 1]);
    let arm64 = |start, to: u64| words(&[0x9400_0000 | low((to - start) >> 2), 1, 1, 1]);
    let all: [(&str, Make); 4] = [
        ("amd64", amd64),
        ("386", i386),
        ("arm", arm),
        ("arm64", arm64),
    ];
    for (arch, call) in all {
        let next = |start, _, _| call(start, start + 16);
        let exchanged = ["main.other", "main.callee"];
        let becomes = |behind| became(arch, &next, &next, behind);
        assert_eq!(becomes(&exchanged), Change::Changed, "{arch}");
        assert_eq!(becomes(&MOVED), Change::Changed, "{arch}: what is new");
        // Nothing was there before, or it is called otherwise now.
        assert_eq!(becomes(&BEHIND), Change::Same, "{arch}");
        assert_eq!(
            becomes(&["main.renamed", "main.other"]),
            Change::Same,
            "{arch}"
        );
        // It leads into the middle of a function: no call is so.
        let middle = |start, _, _| call(start, start + 24);
        let inside = became(arch, &middle, &middle, &exchanged);
        assert_eq!(inside, Change::Same, "{arch}");
    }
    // Of another architecture nothing is read.
    let next = |start, _, _| amd64(start, start + 16);
    let unread = became("riscv64", &next, &next, &MOVED);
    assert_eq!(unread, Change::Same);
}

#[test]
fn fillers_behind_a_function_are_no_code() {
    let trimmed = |bytes: &[u8], arch| {
        let code = Code { address: 1, bytes };
        trim(&code, arch).bytes.len()
    };
    assert_eq!(trimmed(&[1, 2, 0xcc, 0xcc], "amd64"), 2);
    assert_eq!(trimmed(&[1, 2, 0xcc, 0xcc], "386"), 2);
    assert_eq!(trimmed(&[1, 0, 0, 0, 0, 0, 0, 0], "arm64"), 4);
    assert_eq!(trimmed(&[1, 0, 0, 0, 0, 2, 0, 0], "arm64"), 8);
    assert_eq!(trimmed(&[1, 2, 0, 0, 0], "wasm"), 5);
    assert_eq!(trimmed(&[0xcc; 4], "amd64"), 0);
    assert_eq!(trimmed(&[1, 2], "arm"), 2);
}

#[test]
fn differences_are_found_in_blocks_and_behind_them() {
    let (a, mut b) = (vec![7; 200], vec![7; 200]);
    assert_eq!(next_difference(&a, &b, 0), None);
    (b[3], b[130], b[199]) = (1, 1, 1);
    for (from, want) in [
        (0, Some(3)),
        (3, Some(3)),
        (4, Some(130)),
        (131, Some(199)),
        (200, None),
    ] {
        assert_eq!(next_difference(&a, &b, from), want, "{from}");
    }
    assert_eq!(next_difference(&a, &b[..100], 4), None);
    let code = |bytes| Code { address: 0, bytes };
    assert_eq!(first_difference(&code(&a), &code(&b)), 3);
    assert_eq!(first_difference(&code(&a), &code(&a)), 0);
    assert_eq!(word(&[1, 2, 0, 0, 9], 0), Some(0x201));
    assert_eq!(word(&[1, 2, 0, 0, 9], 2), None);
}

#[test]
fn code_of_other_lengths_or_machines_may_be_anything() {
    assert!(may_differ_in_operands(
        &[0xe8, 1, 0, 0, 0],
        &[0xe8, 2, 0, 0, 0],
        "amd64"
    ));
    assert!(!may_differ_in_operands(
        &[0xb8, 1, 0, 0, 0],
        &[0xb8, 2, 0, 0, 0],
        "amd64"
    ));
    assert!(may_differ_in_operands(
        &[1, 2, 3, 4],
        &[5, 6, 7, 8],
        "arm64"
    ));
    assert!(!may_differ_in_operands(&[1, 2, 3, 4], &[5, 6, 7], "arm64"));
    assert!(numbers(&[0xb8, 5, 0, 0, 0], "arm64").is_empty());
    assert_eq!(numbers(&[0xbf, 5, 0, 0, 0], "386"), [5]);
}
