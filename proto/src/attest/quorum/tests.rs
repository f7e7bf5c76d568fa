use super::*;

const K1: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const K2: &str = "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
const K3: &str = "MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=";

/// The first key with NULL parameters, as rebuilderd writes it.
const K1_NULL: &str = "MCwwBwYDK2VwBQADIQDXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";

/// Three hosts: two share an image, two a cache.
fn text() -> String {
    format!(
        "version: 3\nlevel: L3+T+X\nhosts:\n\
         - {{name: a, key: {K1}, org: x, image: i1, cache: c1}}\n\
         - {{name: b, key: {K2}, org: y, image: i1, cache: c2, until: 2027-01-31T00:00:00Z}}\n\
         - {{name: c, key: {K3}, org: z, image: i2, cache: c2, revoked: true, compromised_since: 2026-01-01T00:00:00Z}}\n\
         quorum: {{k: 1, of: [org]}}\nmax_age: 30d\n"
    )
}

fn parse(text: &str) -> Result<Quorum, Error> {
    Quorum::parse(text.as_bytes())
}

/// The text with one part replaced.
fn with(from: &str, to: &str) -> String {
    assert!(text().contains(from), "{from}");
    text().replacen(from, to, 1)
}

#[test]
fn every_key_is_read() {
    let quorum = parse(&text()).unwrap();
    assert_eq!(quorum.version, 3);
    assert_eq!(quorum.wanted.to_string(), "L3+T+X");
    assert_eq!(quorum.age_max_s, Some(30 * 86400));
    assert_eq!(quorum.hosts[1].until_s, Some(1_801_353_600));
    assert!(quorum.hosts[2].is_revoked);
    assert_eq!(quorum.hosts[2].compromised_since_s, Some(1_767_225_600));
    assert_eq!(quorum.groups().len(), 3);
    assert_eq!(quorum.digest(), Digest::of(text().as_bytes()));
}

#[test]
fn hosts_that_share_a_value_are_one_group_transitively() {
    for (of, groups) in [
        ("[org]", 3),
        ("[image]", 2),
        ("[cache]", 2),
        ("[image, cache]", 1),
        ("[org, image]", 2),
    ] {
        let quorum = parse(&with("[org]", of)).unwrap();
        assert_eq!(quorum.groups().len(), groups, "{of}");
        let mut hosts: Vec<usize> = quorum
            .groups()
            .into_iter()
            .flat_map(|group| group.hosts)
            .collect();
        hosts.sort_unstable();
        assert_eq!(hosts, [0, 1, 2], "{of}");
    }
}

#[test]
fn what_is_no_quorum_file_is_refused_with_what_to_write() {
    for (from, to, want) in [
        ("version: 3", "version: 0", "version"),
        ("version: 3", "version: 3\nversion: 4", "version"),
        ("version: 3", "version: -1", "not a quorum file"),
        ("version: 3", "more: 3\nversion: 3", "more"),
        ("L3+T+X", "L5", "want L0"),
        ("L3+T+X", "L3+T+T", "want L0"),
        ("L3+T+X", "l3", "want L0"),
        ("max_age: 30d", "max_age: 30", "30d"),
        ("max_age: 30d", "max_age: 0d", "30d"),
        ("max_age: 30d", "max_age: 99999999999999999999d", "30d"),
        ("max_age: 30d", "inputs: abc", "inputs"),
        ("[org]", "[]", "org, ci, image, cache, toolchain"),
        ("[org]", "[orgs]", "org, ci, image, cache, toolchain"),
        ("[org]", "[org, org]", "twice"),
        ("[org]", "[ci]", "has none"),
        ("k: 1", "k: 0", "want 1 to 3"),
        ("k: 1", "k: 4", "want 1 to 3"),
        (
            "k: 1, of: [org]",
            "k: 2, of: [image, cache]",
            "some share a value",
        ),
        ("name: b", "name: a", "two are called"),
        ("name: b", "name: \"\"", "not a name"),
        ("name: b", "name: \"b\\u202e\"", "not a name"),
        ("name: b", "name: \"\u{430}\"", "not a name"),
        ("name: b", "name: b, nam: c", "nam"),
        ("image: i2", "image: \" i1\"", "not a name"),
        (
            "until: 2027-01-31T00:00:00Z",
            "until: 2027-01-31",
            "2027-01-31T00:00:00Z",
        ),
        (K2, "MCow", "Ed25519 or P-256"),
        (K2, K1, "have one key"),
        (K2, K1_NULL, "have one key"),
        ("revoked: true", "revoked: 1", "revoked"),
    ] {
        let error = parse(&with(from, to)).unwrap_err().to_string();
        assert!(error.contains(want), "{to}: {error}");
    }
    assert!(parse("").is_err());
    assert!(parse("[1]").is_err());
    assert!(Quorum::parse(b"\xff").is_err());
    assert!(matches!(
        parse(&" ".repeat(LEN_MAX + 1)),
        Err(Error::TooLong { .. })
    ));
}

/// Seeds of RFC 8032 as keys of notes.
fn note_key(seed: &str, name: &str) -> note::SignerKey {
    let mut bytes = [0; 32];
    hex::decode_to_slice(seed, &mut bytes).unwrap();
    note::SignerKey::from_seed(name, bytes).unwrap()
}

#[test]
fn one_key_in_two_roles_is_refused() {
    let k1 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let k4 = "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5";
    let log = |seed: &str| {
        let key = note_key(seed, "log.example.com/builds").verifier();
        format!("log: {{origin: log.example.com/builds, key: {key}}}\n")
    };
    let witness = |seed: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(seed, &mut bytes).unwrap();
        let key = note::Cosigner::from_seed("w", bytes).unwrap().verifier();
        format!("witnesses: {{k: 1, keys: [{key}]}}\n")
    };
    assert!(parse(&(text() + &log(k4))).is_ok());
    for same in [
        text() + &log(k1),
        text() + &witness(k1),
        text() + &log(k4) + &witness(k4),
    ] {
        let error = parse(&same).unwrap_err().to_string();
        assert!(error.contains("have one key"), "{error}");
    }
    let quorum = parse(&text()).unwrap();
    let owner = |key: &str| quorum.check_owner(&PublicKey::parse(key).unwrap());
    assert!(owner(K1_NULL).is_err());
    let other = note_key(k4, "x").verifier().public_bytes();
    assert!(
        quorum
            .check_owner(&PublicKey::from_ed25519(&other).unwrap())
            .is_ok()
    );
}

#[test]
fn what_may_not_be_meant_is_warned_of() {
    let warnings = |text: &str| parse(text).unwrap().warnings().join("\n");
    let text = text();
    assert!(warnings(&text).contains("no majority"));
    assert!(warnings(&text).contains("inputs are not pinned"));
    assert!(warnings(&text).contains("no witnesses are asked for"));
    let all = text.replace("k: 1", "k: 3");
    assert!(warnings(&all).contains("any one of them can hold up"));
    let one_image = text.replace("i2", "i1");
    assert!(warnings(&one_image).contains("hosts of two images"));
    let witness = |name: &str, seed: u8| {
        let key = note::Cosigner::from_seed(name, [seed; 32]).unwrap();
        key.verifier().to_string()
    };
    let two = format!("keys: [{}, {}]", witness("v", 8), witness("w", 9));
    let one_of_two = format!("{text}witnesses: {{k: 1, {two}}}\n");
    assert!(warnings(&one_of_two).contains("1 of 2 witnesses is no majority"));
    assert!(!warnings(&one_of_two).contains("+X is out of reach"));
    let none_of_two = one_of_two.replace("{k: 1, keys", "{k: 0, keys");
    assert!(warnings(&none_of_two).contains("no witnesses are asked for"));
    let explained = parse(&text).unwrap().explain();
    for want in [
        "1 of 3 groups",
        "older than 30 days",
        "until 2027-01-31T00:00:00Z",
        "revoked",
    ] {
        assert!(explained.contains(want), "{want}: {explained}");
    }
}

#[test]
fn a_first_file_marks_what_a_person_must_decide() {
    let key = PublicKey::parse(K1).unwrap();
    let first_of = |keyid: &str| First {
        keyid: Some(keyid.to_owned()),
        inputs: Digest([7; 32]),
        image: Some("debian \"12\"\n".to_owned()),
    };
    let seen = [
        first_of(&key.id().to_string()),
        first_of("x\ny"),
        first_of("x\ny"),
    ];
    let text = first(&seen, &[key]).unwrap();
    assert!(text.contains("image: \"debian 12\""), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let is_marked = line.contains("DECIDE") || ["version: 1", "hosts:"].contains(&line);
        assert!(is_marked, "{line}");
    }
    assert!(parse(&text).is_err(), "a key is missing");
    let parsed = parse(&text.replace("MISSING", K2)).unwrap();
    // Both say that they have one image, so they are one.
    assert_eq!((parsed.hosts.len(), parsed.groups().len()), (2, 1));
    assert_eq!(first(&[], &[]), None);
}
