//! Bundles: manifests and the machine that is told of members.

use proto::bundle::{Header, MANIFEST, Manifest, NOTE, Reader, Seal, sign};
use proto::note::SignerKey;
use proto::{bundle, module};

/// A manifest is read in its one form alone, its places lead nowhere else, and a reader
/// takes no bundle but one that is told as its signed manifest has it.
pub fn bundle(data: &[u8]) {
    let _ = Seal::unchecked(data);
    let Ok(manifest) = Manifest::parse(data) else {
        return told(data);
    };
    assert_eq!(manifest.bytes().expect("it was read"), data);
    for member in &manifest.members {
        let place = manifest.place(member).expect("it was read");
        assert_eq!(place.to_string(), member.place);
        let stays = |element: &str| !matches!(element, "" | "." | "..");
        assert!(member.place.split('/').all(stays), "{}", member.place);
        assert!(!member.place.contains(['\\', '\0']), "{}", member.place);
    }
    for carried in &manifest.modules {
        let parsed = module::ModuleVersion::parse(&carried.module).expect("it was read");
        assert_eq!(parsed.to_string(), carried.module);
    }
    signed(&manifest, data);
}

/// A reader that trusts a key takes note and manifest of that key, and then nothing but
/// the first member.
fn signed(manifest: &Manifest, bytes: &[u8]) {
    let key = key();
    let note = sign(bytes, &key).expect("a manifest can be signed");
    let mut reader = Reader::new(vec![key.verifier()]);
    for (name, content) in [(NOTE, &*note), (MANIFEST, bytes)] {
        whole(&mut reader, name, content).expect("it is as it was signed");
    }
    assert_eq!(reader.sealed().map(|it| &it.manifest), Some(manifest));
    let wanted = manifest.members.first();
    let other = Header {
        name: b"other.example/a/@v/v1.0.0.mod",
        is_file: true,
        size: wanted.map_or(0, |member| member.size),
    };
    if wanted.is_none_or(|member| member.place.as_bytes() != other.name) {
        assert!(reader.begin(&other).is_err());
    }
}

/// Bytes as a sequence of members, each told by its first byte: no sequence makes a reader
/// trust what no trusted key has signed.
fn told(data: &[u8]) {
    let mut reader = Reader::new(vec![key().verifier()]);
    let names: [&[u8]; 4] = [
        NOTE.as_bytes(),
        MANIFEST.as_bytes(),
        b"../escape",
        b"sumdb/x/latest",
    ];
    for piece in data.split(|byte| *byte == 0) {
        let Some((first, content)) = piece.split_first() else {
            continue;
        };
        let name = names[usize::from(first & 3)];
        let header = Header {
            name,
            is_file: first & 4 == 0,
            size: content.len() as u64,
        };
        let done = reader
            .begin(&header)
            .map(drop)
            .and_then(|()| reader.data(content))
            .and_then(|()| reader.end());
        if done.is_err() {
            break;
        }
    }
    assert!(reader.sealed().is_none(), "nothing here is signed");
    assert!(reader.finish().is_err());
}

fn whole(reader: &mut Reader, name: &str, content: &[u8]) -> Result<(), bundle::Error> {
    let header = Header {
        name: name.as_bytes(),
        is_file: true,
        size: content.len() as u64,
    };
    reader.begin(&header)?;
    reader.data(content)?;
    reader.end()
}

fn key() -> SignerKey {
    SignerKey::from_seed("bundles.example", [7; 32]).expect("the name is good")
}
