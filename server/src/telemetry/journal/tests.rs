use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// Stands in for the journal: its socket, read by the test or by nobody.
struct Reader {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            socket,
            path,
            _folder: folder,
        }
    }

    fn entry(&self) -> BTreeMap<String, String> {
        let mut bytes = vec![0; 1 << 20];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut passed = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [io::IoSliceMut::new(&mut bytes)];
        let got = recvmsg(&self.socket, &mut parts, &mut passed, RecvFlags::empty()).unwrap();
        bytes.truncate(got.bytes);
        for message in passed.drain() {
            let RecvAncillaryMessage::ScmRights(files) = message else {
                continue;
            };
            for file in files {
                assert!(bytes.is_empty(), "the file is the whole entry");
                let seals = rustix::fs::fcntl_get_seals(&file).unwrap();
                assert!(seals.contains(rustix::fs::SealFlags::WRITE), "{seals:?}");
                let mut file = std::fs::File::from(file);
                io::Seek::rewind(&mut file).unwrap();
                file.read_to_end(&mut bytes).unwrap();
            }
        }
        fields(&bytes)
    }
}

/// Reads an entry as the journal does.
fn fields(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while !bytes.is_empty() {
        let end = bytes.iter().position(|b| b"=\n".contains(b)).unwrap();
        let (name, rest) = (&bytes[..end], &bytes[end + 1..]);
        let (value, rest) = if bytes[end] == b'=' {
            let end = rest.iter().position(|&b| b == b'\n').unwrap();
            (&rest[..end], &rest[end..])
        } else {
            let (length, rest) = rest.split_at(8);
            let length = u64::from_le_bytes(length.try_into().unwrap());
            rest.split_at(usize::try_from(length).unwrap())
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert!(fields.insert(text(name), text(value)).is_none());
        bytes = rest.strip_prefix(b"\n").unwrap();
    }
    fields
}

#[test]
fn an_entry_has_what_the_event_says_and_who_asked() {
    let reader = Reader::new();
    let journal = Journal::start(&reader.path, "proxy-3").unwrap();
    let context = Context::of_request(&HeaderMap::new(), None);
    let log = tracing_subscriber::registry().with(journal);
    let before = line!();
    with_default(log, || {
        context.clone().scope_blocking(|| {
            tracing::warn!(
                http_status = 403,
                module.path = "m\nn",
                priority = 9,
                "refused"
            );
        });
        tracing::info!("serving");
    });
    let after = line!();
    let entry = reader.entry();
    let line: u32 = entry["CODE_LINE"].parse().unwrap();
    assert!(before < line && line < after, "{line}");
    for (name, want) in [
        (
            "MESSAGE",
            "refused http_status=403 module.path=\"m\\nn\" priority=9",
        ),
        ("PRIORITY", "4"),
        ("SERVICE_NAME", "proxy-3"),
        ("SYSLOG_IDENTIFIER", "sumward"),
        ("TARGET", module_path!()),
        ("CODE_FILE", file!()),
        ("TRACE_ID", &context.trace_id.to_string()),
        ("SPAN_ID", &context.span_id.to_string()),
        ("HTTP_STATUS", "403"),
        ("MODULE_PATH", "m\nn"),
        ("FIELD_PRIORITY", "9"),
    ] {
        assert_eq!(entry[name], want, "{name} of {entry:?}");
    }
    let entry = reader.entry();
    assert_eq!(entry["PRIORITY"], "6");
    assert_eq!(entry["MESSAGE"], "serving");
    assert!(!entry.contains_key("TRACE_ID"), "{entry:?}");
}

#[test]
fn a_large_entry_comes_as_a_sealed_file() {
    let reader = Reader::new();
    let journal = Journal::start(&reader.path, "sumward").unwrap();
    let large = "x".repeat(FIELD_BYTES_MAX + 5);
    let log = tracing_subscriber::registry().with(journal);
    with_default(log, || {
        tracing::error!(
            a = large,
            b = large,
            c = large,
            d = large,
            e = large,
            f = large,
            "large"
        );
    });
    let entry = reader.entry();
    let message = &entry["MESSAGE"];
    assert!(message.starts_with("large a=\"xx"), "{message:.20}");
    assert!(message.len() < 7 * TOLD_BYTES_MAX, "{}", message.len());
    assert_eq!(entry["A"].len(), FIELD_BYTES_MAX, "cut at the limit");
}

#[test]
fn a_journal_that_is_stopped_costs_entries_and_no_time() {
    let reader = Reader::new();
    let journal = Journal::start(&reader.path, "sumward").unwrap();
    let queue = journal.queue().clone();
    let log = tracing_subscriber::registry().with(journal);
    // Nobody reads: the socket's own queue is full after a few.
    let many = QUEUE_ENTRIES_MAX + 2000;
    with_default(log, || {
        for n in 0..many {
            tracing::info!(n, "line");
        }
    });
    let lost = queue.lost();
    assert!(lost > 0);
    queue.flush(Duration::from_millis(10));
    // It is started again, and the rest arrives.
    let kept = many - usize::try_from(lost).unwrap();
    for _ in 0..kept {
        assert!(reader.entry()["MESSAGE"].starts_with("line n="));
    }
    queue.flush(Duration::from_secs(20));
    assert_eq!(queue.lost(), lost);
}

#[test]
fn a_journal_that_is_gone_is_counted() {
    let reader = Reader::new();
    let journal = Journal::start(&reader.path, "sumward").unwrap();
    let queue = journal.queue().clone();
    drop(reader);
    queue.put(b"MESSAGE=x\n".to_vec());
    queue.flush(Duration::from_secs(20));
    assert_eq!(queue.lost(), 1);
}

#[test]
fn names_are_what_the_journal_takes() {
    for (field, want) in [
        ("module.path", "MODULE_PATH"),
        ("_x", "FIELD_X"),
        ("3d", "FIELD_3D"),
        ("target", "FIELD_TARGET"),
        ("é", "FIELD_"),
    ] {
        assert_eq!(name(field), want);
    }
    assert_eq!(name(&"a".repeat(100)).len(), NAME_BYTES_MAX);
}

#[test]
fn standard_error_is_the_journal_only_where_systemd_says_so() {
    let stat = rustix::fs::fstat(rustix::stdio::stderr()).unwrap();
    let this = format!("{}:{}", stat.st_dev, stat.st_ino);
    assert!(is_stderr(Some(&this)));
    for other in ["", "1", "0:0", "x:y", ":", &format!("{this}0")] {
        assert!(!is_stderr(Some(other)), "{other}");
    }
    assert!(!is_stderr(None));
}
