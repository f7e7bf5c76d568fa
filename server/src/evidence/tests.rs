use super::folder::{BYTES_MAX, INCIDENTS_MAX};
use super::*;

fn open(data: &Path) -> Evidence {
    let staging = Staging::open(data).unwrap();
    Evidence::open(data, staging).unwrap()
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn files(data: &Path) -> usize {
    fs::read_dir(data.join("evidence")).unwrap().count()
}

#[test]
fn keeps_facts_and_bytes_under_one_name() {
    let data = tempfile::tempdir().unwrap();
    let path = open(data.path())
        .keep(
            "hash-mismatch",
            "example.com/../A~b@v1.0.0",
            json!({"want": "h1:a", "got": "h1:b"}),
            &[("zip", b"PK")],
        )
        .unwrap();
    assert_eq!(document(&path)["facts"]["want"], "h1:a");
    let attached = &document(&path)["attachments"][0]["file"];
    let attached = path.with_file_name(attached.as_str().unwrap());
    assert_eq!(fs::read(attached).unwrap(), b"PK");
    assert_eq!(path.parent().unwrap(), data.path().join("evidence"));
}

#[test]
fn the_same_incident_is_written_once_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let keep = |evidence: &Evidence, bytes: &[u8], upstream: &str| {
        let facts = json!({"reason": "it breaks a rule", "upstream": upstream});
        evidence.keep("misfit", "a.example/x@v1.0.0", facts, &[("file", bytes)])
    };
    let evidence = open(data.path());
    let first = keep(&evidence, b"1", "https://a").unwrap();
    for _ in 0..3 {
        assert_eq!(keep(&evidence, b"1", "https://b").unwrap(), first);
    }
    let evidence = open(data.path());
    assert_eq!(keep(&evidence, b"1", "https://a").unwrap(), first);
    assert_eq!(files(data.path()), 2);
    assert_ne!(keep(&evidence, b"2", "https://a").unwrap(), first);
    assert_eq!(files(data.path()), 4);
    // Somebody took it away to look at it.
    fs::remove_file(&first).unwrap();
    assert_eq!(keep(&evidence, b"1", "https://a").unwrap(), first);
    assert!(first.is_file());
    let once = || evidence.keep_once("drift", "b.example/y@v1.0.0", json!({}), &[]);
    assert!(once().unwrap().1 && !once().unwrap().1);
}

#[test]
fn a_hundred_thousand_refusals_of_one_module_hide_none_of_another() {
    let data = tempfile::tempdir().unwrap();
    let evidence = open(data.path());
    let keep = |kind: &str, module: &str, number: u32| {
        let subject = format!("{module}@v1.0.{}", number % 7);
        let bytes = number.to_be_bytes();
        evidence.keep(kind, &subject, json!({}), &[("file", &bytes)])
    };
    let kept = (0..100_000).filter(|number| keep("misfit", "a.example/x", *number).is_ok());
    assert_eq!(kept.count(), INCIDENTS_MAX);
    assert_eq!(files(data.path()), 2 * INCIDENTS_MAX);
    for (kind, module) in [
        ("misfit", "b.example/y"),
        ("hash-mismatch", "a.example/x"),
        ("hash-mismatch", "b.example/y"),
    ] {
        let path = keep(kind, module, 1).unwrap();
        assert!(path.is_file(), "{kind} {module}");
    }
    assert!(files(data.path()) <= 2 * INCIDENTS_MAX + 4);
    let error = keep("misfit", "a.example/x", 200_000).unwrap_err();
    assert!(error.to_string().contains("move them away"), "{error}");
    assert!(keep("misfit", "a.example/x", 0).is_ok(), "the first stays");
}

#[test]
fn large_files_of_one_module_leave_room_for_those_of_another() {
    let data = tempfile::tempdir().unwrap();
    let large = vec![7; ATTACHMENT_BYTES_MAX + 1];
    let evidence = open(data.path());
    let keep = |subject: &str, number: usize| {
        let attachments = [("file", &large[..large.len() - number])];
        let path = evidence.keep("misfit", subject, json!({}), &attachments);
        let kept = &document(&path.unwrap())["attachments"][0]["bytes_kept"];
        kept.as_u64().unwrap()
    };
    let fits = usize::try_from(BYTES_MAX).unwrap() / ATTACHMENT_BYTES_MAX;
    for number in 0..fits {
        assert_ne!(keep("a.example/x@v1.0.0", number), 0);
    }
    assert_eq!(keep("a.example/x@v1.0.1", fits), 0, "facts alone");
    assert_ne!(keep("b.example/y@v1.0.0", 0), 0, "another module's");
    let files = fs::read_dir(data.path().join("evidence")).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < BYTES_MAX + (1 << 20));
}
