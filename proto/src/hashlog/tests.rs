use proptest::prelude::*;

use super::preimage::{GO_COMMAND, Key, differences, lines};
use super::walk::walk;
use super::*;

/// Lines as the go command writes them for one action, and its hash.
fn block(name: &str, payloads: &[&str]) -> (Vec<String>, [u8; 32]) {
    let mut hash = Sha256::new();
    let mut written = vec![format!("HASH[{name}]")];
    for payload in payloads {
        hash.update(payload.as_bytes());
        written.push(format!("HASH[{name}]: {}", quote::quote(payload)));
    }
    let hash: [u8; 32] = hash.finalize().into();
    written.push(format!("HASH[{name}]: {}", hex::encode(hash)));
    (written, hash)
}

fn read(lines: &[String]) -> Log {
    Log::read(lines.join("\n").as_bytes()).unwrap()
}

#[test]
fn reads_what_go_1_27_wrote() {
    // One compile action, with other lines in between.
    let log = Log::read(
        br#"HASH[build example.com/prog/q]
HASH[build example.com/prog/q]: "go1.27.3"
HASH[build example.com/prog/q]: "compile\n"
HASH /tmp/prog/q/q.go: 9cb2e423c01d48033782bf2184d8762be7cb6c5c4a8ad0e3a51c0aa32ff1cb07
HASH[build example.com/prog/q]: "module example.com/prog@\n"
# example.com/other
HASH[build example.com/prog/q]: "go 1.21\n"
HASH[moduleIndex]
HASH[build example.com/prog/q]: "goos linux goarch amd64\n"
HASH[moduleIndex]: "go1.27.3"
HASH[build example.com/prog/q]: "import \"example.com/prog/q\"\n"
HASH[build example.com/prog/q]: "omitdebug false standard false local false prefix \"\"\n"
HASH[build example.com/prog/q]: "trimpath\n"
HASH[build example.com/prog/q]: "compile compile version go1.27.3 [] []\n"
HASH[build example.com/prog/q]: "GOAMD64=v1\n"
HASH[build example.com/prog/q]: "file q.go nLkI8adASM3gr8hVh2Jr\n"
HASH[build example.com/prog/q]: 37db36d271531f038e8ab2c5f33702e39e5677fe8965c1162030429f66d0c6f1
"#
        .as_slice(),
    )
    .unwrap();
    assert_eq!((log.len(), log.unproved()), (1, 0));
    let block = log.named("build example.com/prog/q").next().unwrap();
    assert_eq!(block.lines.len(), 11);
}

#[test]
fn takes_in_only_what_proves_itself() {
    let (good, hash) = block("build p", &["go1.27.3", "compile\n", "\u{e9}\"\\\n"]);
    let log = read(&good);
    assert_eq!((log.len(), log.unproved()), (1, 0));
    let found = log.action(&Part::from_sha256(&hash)).unwrap();
    assert_eq!(found.lines, ["go1.27.3", "compile\n", "\u{e9}\"\\\n"]);
    assert_eq!(log.named("build p").count(), 1);

    let edited: Vec<String> = good
        .iter()
        .map(|line| line.replace("1.27", "1.26"))
        .collect();
    let cut = good[..good.len() - 1].to_vec();
    let unquoted: Vec<String> = good.iter().map(|line| line.replace("\\n", "\\q")).collect();
    for broken in [edited, cut, unquoted] {
        let log = read(&broken);
        assert_eq!((log.len(), log.unproved()), (0, 1), "{broken:?}");
    }
    // Twice the same action is one; without a beginning there is none.
    assert_eq!(read(&[good.clone(), good.clone()].concat()).len(), 1);
    let log = read(&good[1..]);
    assert_eq!((log.len(), log.unproved()), (0, 0));
}

#[test]
fn tells_blocks_apart_by_name_and_gives_up_where_names_are_one() {
    let (one, _) = block("build p", &["go1.27.3", "file a.go x\n"]);
    let (other, _) = block("build p [p.test]", &["go1.27.3", "file b.go x\n"]);
    let woven: Vec<String> = one
        .iter()
        .zip(&other)
        .flat_map(|(one, other)| [one.clone(), other.clone()])
        .collect();
    assert_eq!(read(&woven).len(), 2);
    let (other, _) = block("build p", &["go1.27.3", "file b.go x\n"]);
    let woven: Vec<String> = one
        .iter()
        .zip(&other)
        .flat_map(|(one, other)| [one.clone(), other.clone()])
        .collect();
    let log = read(&woven);
    assert_eq!((log.len(), log.unproved()), (0, 2));
    // After that the name is free again.
    assert_eq!(read(&[woven, one].concat()).len(), 1);
}

#[test]
fn hashes_bytes_that_are_no_text() {
    let mut lines = vec![
        "HASH[link p]".to_owned(),
        r#"HASH[link p]: "\xff\n""#.to_owned(),
    ];
    lines.push(format!(
        "HASH[link p]: {}",
        hex::encode(Sha256::digest(b"\xff\n"))
    ));
    let log = read(&lines);
    assert_eq!(log.named("link p").next().unwrap().lines, ["\u{fffd}\n"]);
}

#[test]
fn passes_over_lines_without_end() {
    let (good, _) = block("build p", &["go1.27.3"]);
    let long = "x".repeat(LINE_BYTES_MAX + 10);
    let lines = [vec![good[0].clone(), long], good[1..].to_vec()].concat();
    assert_eq!(read(&lines).len(), 1);
}

#[test]
fn knows_what_a_line_is_about() {
    let key = |word: &str, subject: &str| Key {
        word: word.into(),
        subject: subject.into(),
    };
    let table = [
        ("go1.27.3", key(GO_COMMAND, "")),
        ("file my file.go AA0P\n", key("file", "my file.go")),
        (
            "import example.com/q XkGN\n",
            key("import", "example.com/q"),
        ),
        ("import \"example.com/p\"\n", key("import", "")),
        ("packagefile a=b/c=XkGN\n", key("packagefile", "a=b/c")),
        ("CC=[\"gcc\"] [\"-DA=1\"] []\n", key("CC", "")),
        ("CC ID=\"gcc version\"\n", key("CC ID", "")),
        ("GOAMD64=v1\n", key("GOAMD64", "")),
        ("magic GOSSAFUNC=f\n", key("magic", "GOSSAFUNC")),
        ("linkflags [\"-X\" \"A=b\"]\n", key("linkflags", "")),
        ("trimpath\n", key("trimpath", "-")),
        ("compile\n", key("compile", "-")),
        (
            "compile compile version go1.27.3 [] []\n",
            key("compile", ""),
        ),
    ];
    let block = Block {
        name: "build p".into(),
        lines: table.iter().map(|(line, _)| (*line).to_owned()).collect(),
        hash: [0; 32],
    };
    let found = lines(&block);
    assert_eq!(found.len(), table.len());
    for (line, key) in table {
        assert_eq!(found.get(&key).map(String::as_str), Some(line.trim_end()));
    }
    let mut other = block.clone();
    other.lines[6] = "CC ID=\"clang\"\n".into();
    other.lines.remove(7);
    let found: Vec<String> = differences(&block, &other)
        .into_iter()
        .map(|difference| difference.key.word)
        .collect();
    assert_eq!(found, ["CC ID", "GOAMD64"]);
}

/// A program whose package `p` imports `q`; both contents, and the line of `q`'s
/// own preimage, can be chosen.
fn program(q_line: &str, contents: [&str; 2]) -> Log {
    let [p, q] = contents;
    let (q_block, _) = block("build q", &["go1.27.3", "cgo \"x\"\n", q_line]);
    let (p_block, _) = block("build p", &["go1.27.3", &format!("import q {q}\n")]);
    let (main, _) = block("build m", &["go1.27.3", &format!("import p {p}\n")]);
    let (link, _) = block(
        "link m",
        &[
            "go1.27.3",
            "packagefile m=mmmm\n",
            "packagemain bbbb/mmmm\n",
            &format!("packagefile p={p}\n"),
            &format!("packagefile q={q}\n"),
            "packagefile unsafe=uuuu\n",
        ],
    );
    read(&[q_block, p_block, main, link].concat())
}

fn only<'a>(log: &'a Log, name: &str) -> &'a Block {
    log.named(name).next().unwrap()
}

#[test]
fn walks_down_to_the_input_that_differs() {
    let a = program("file q.go xxxx\n", ["p1", "q1"]);
    let b = program("file q.go yyyy\n", ["p2", "q2"]);
    let tops = [only(&a, "link m"), only(&b, "link m")];
    let main = Some([only(&a, "build m"), only(&b, "build m")]);
    let found = walk(&a, &b, tops, main);
    assert_eq!(found.leaves.len(), 1, "{found:#?}");
    assert_eq!(found.leaves[0].package(), "q");
    assert_eq!(
        found.leaves[0].difference.a.as_deref(),
        Some("file q.go xxxx")
    );
    assert!(found.undetermined.is_empty() && found.unknown.is_empty());
    // The other way round, and from a package alone.
    let found = walk(&a, &b, [only(&a, "build p"), only(&b, "build p")], None);
    assert_eq!(found.leaves.len(), 1);
    // Equal inputs, other content.
    let b = program("file q.go xxxx\n", ["p1", "q2"]);
    let tops = [only(&a, "link m"), only(&b, "link m")];
    let main = Some([only(&a, "build m"), only(&b, "build m")]);
    let found = walk(&a, &b, tops, main);
    assert!(found.leaves.is_empty());
    assert_eq!(found.undetermined.len(), 1);
    assert_eq!(
        (
            found.undetermined[0].package.as_str(),
            found.undetermined[0].has_cgo
        ),
        ("q", true)
    );
    // A package whose action is not in the log.
    let (link, _) = block("link m", &["go1.27.3", "packagefile r=1\n"]);
    let (other, _) = block("link m", &["go1.27.3", "packagefile r=2\n"]);
    let (a, b) = (read(&link), read(&other));
    let found = walk(&a, &b, [only(&a, "link m"), only(&b, "link m")], None);
    assert_eq!(found.unknown, ["r"]);
}

proptest! {
    #[test]
    fn any_bytes_are_a_log(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Log::read(bytes.as_slice());
    }

    #[test]
    fn what_is_written_is_read_and_one_change_is_seen(
        payloads in proptest::collection::vec("[ -~\u{e9}\n]{1,20}", 1..6),
        at in any::<prop::sample::Index>(),
    ) {
        let texts: Vec<&str> = payloads.iter().map(String::as_str).collect();
        let (lines, hash) = block("build p", &texts);
        let log = read(&lines);
        prop_assert_eq!(&log.action(&Part::from_sha256(&hash)).unwrap().lines, &payloads);
        let mut text = lines.join("\n").into_bytes();
        // Any digit or letter of the payloads or the hash.
        let begin = lines[0].len() + 1;
        let at = begin + at.index(text.len() - begin);
        prop_assume!(text[at].is_ascii_alphanumeric());
        text[at] = if text[at] == b'0' { b'1' } else { b'0' };
        if let Ok(log) = Log::read(text.as_slice()) {
            for block in log.named("build p") {
                prop_assert_ne!(&block.lines, &payloads);
            }
        }
    }
}
