//! What Go programs say of their builds.

use proto::buildid::{self as ids, BuildId, content, embedded};
use proto::buildinfo::{self as infos, BuildInfo, blob, quote};

use super::text;

/// A build ID, a table of notes, or a program with one inside.
pub fn buildid(data: &[u8]) {
    let whole = BuildId::from_bytes(data);
    if let Ok(id) = &whole {
        assert_eq!(id.to_string().as_bytes(), data);
        assert!(data.len() <= ids::LEN_MAX);
    }
    for align in [4, 8] {
        for big_endian in [false, true] {
            let notes = ids::note::walk(data, align, big_endian);
            for range in notes.go.into_iter().chain(notes.gnu) {
                assert!(data.get(range).is_some());
            }
        }
    }
    if let Ok(Some(found)) = embedded::find(data) {
        let literal = data.get(found.range).expect("a place in the data");
        let literal = format!("\"{}\"", text(literal));
        assert_eq!(quote::unquote(&literal), Some(found.id.to_string()));
    }
    hash(data);
}

/// Content hashes do not depend on how a file is cut into pieces, and see
/// nothing of what they leave out.
fn hash(data: &[u8]) {
    let &[id_len, at, len, cut, ref file @ ..] = data else {
        return;
    };
    let id = text(file.get(..usize::from(id_len % 32)).unwrap_or_default());
    let (start, end) = (u64::from(at), u64::from(at) + u64::from(len));
    let exclusions = content::Exclusions {
        signature: None,
        host_id: Some(start..end),
    };
    let without = content::Variant::WithoutHostId;
    let whole = content::part(file, &id, &exclusions, without);
    let mut pieces = content::Hasher::new(&id, &exclusions, without);
    for piece in file.chunks(usize::from(cut).max(1)) {
        pieces.update(piece);
    }
    assert_eq!(ids::Part::from_sha256(&pieces.finish().0), whole);
}

/// The text of build information, a string literal, or a blob.
pub fn buildinfo(data: &[u8]) {
    let text = text(data);
    if let Ok(info) = BuildInfo::parse(&text) {
        let printed = info.to_string();
        let again = BuildInfo::parse(&printed).expect("what was printed");
        assert_eq!(again.to_string(), printed);
        assert_eq!(again.settings, info.settings);
    }
    assert_eq!(
        quote::unquote(&quote::quote(&text)).as_deref(),
        Some(&*text)
    );
    if let Some(plain) = quote::unquote(&text) {
        assert_eq!(quote::unquote(&quote::quote(&plain)), Some(plain));
    }
    let memory = |address: u64, len: usize| {
        let start = usize::try_from(address).ok()?;
        data.get(start..start.checked_add(len)?)
    };
    if let Some(at) = blob::find(data, 0, 0) {
        assert!(at.is_multiple_of(blob::ALIGN) && data[at..].starts_with(blob::MAGIC));
        match blob::parse(data, at, memory) {
            Ok(blob) => {
                assert!(data.get(blob.range).is_some());
                let holds = |part: &str| {
                    data.windows(part.len().max(1))
                        .any(|w| w == part.as_bytes())
                };
                assert!(blob.version.is_empty() || holds(&blob.version));
                assert!(blob.modules.is_empty() || holds(&blob.modules));
            }
            Err(error) => assert_ne!(error, infos::Error::NotABlob),
        }
    }
    let _ = blob::unframe(data);
}
