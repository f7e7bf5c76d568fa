//! Programs signed as Apple's codesign and Microsoft's signtool do, as far as files go.
//!
//! A signature lies behind the program, and headers name it. The CMS message in it is of a
//! certificate of "Example Signer" of "Example Ltd" and fits no program.

/// The CMS message.
pub const MESSAGE: &[u8] = include_bytes!("../../verifier/src/image/signature/testdata/made.der");

/// Puts a certificate table behind a PE file.
///
/// # Panics
/// When it is no PE32+ file.
pub fn sign_pe(bytes: &mut Vec<u8>) {
    let optional = usize_at(bytes, 0x3c) + 24;
    assert_eq!(bytes[optional..optional + 2], [0x0b, 0x02], "PE32+");
    // The fifth data directory.
    let directory = optional + 112 + 4 * 8;
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let start = bytes.len();
    // The table's length counts the zeros behind the message; so do its headers.
    let len = (8 + MESSAGE.len()).next_multiple_of(8);
    bytes.extend(narrow(len).to_le_bytes());
    // Revision and kind.
    bytes.extend([0, 2, 2, 0]);
    bytes.extend(MESSAGE);
    bytes.resize(start + len, 0);
    put(bytes, directory, start);
    put(bytes, directory + 4, len);
}

/// Puts bytes that are no certificate into the table of a signed PE file.
pub fn grow_certificates(bytes: &mut Vec<u8>, payload: &[u8]) {
    let directory = usize_at(bytes, 0x3c) + 24 + 112 + 4 * 8;
    let len = usize_at(bytes, directory + 4);
    bytes.extend(payload);
    put(bytes, directory + 4, len + payload.len());
}

/// Signs a 64-bit Mach-O file in the name of a team, in place of the signature that Go's
/// linker gave it or beside none.
///
/// # Panics
/// When it is no such file.
pub fn sign_mach_o(bytes: &mut Vec<u8>, team: &str) {
    assert_eq!(bytes[..4], [0xcf, 0xfa, 0xed, 0xfe], "64-bit Mach-O");
    let (mut own, mut link_edit, mut at) = (None, None, 32);
    for _ in 0..usize_at(bytes, 16) {
        match usize_at(bytes, at) {
            0x19 if bytes[at + 8..].starts_with(b"__LINKEDIT\0") => link_edit = Some(at),
            0x1d => own = Some(at),
            _ => {}
        }
        at += usize_at(bytes, at + 4);
    }
    let command = own.unwrap_or(at);
    match own {
        Some(own) => bytes.truncate(usize_at(bytes, own + 8)),
        None => {
            bytes.resize(bytes.len().next_multiple_of(16), 0);
            let (count, size) = (usize_at(bytes, 16), usize_at(bytes, 20));
            put(bytes, 16, count + 1);
            put(bytes, 20, size + 16);
            put(bytes, at, 0x1d);
            put(bytes, at + 4, 16);
        }
    }
    let (start, blob) = (bytes.len(), super_blob(team));
    put(bytes, command + 8, start);
    put(bytes, command + 12, blob.len());
    bytes.extend(&blob);
    let link_edit = link_edit.expect("a segment __LINKEDIT");
    let size = bytes.len() - usize_at(bytes, link_edit + 40);
    put(bytes, link_edit + 48, size);
    put(bytes, link_edit + 32, size.next_multiple_of(0x4000));
}

/// A code directory without hashes, and the message.
fn super_blob(team: &str) -> Vec<u8> {
    let (identifier, header) = (b"com.example.tool\0", 52);
    let len = header + identifier.len() + team.len() + 1;
    let mut directory = vec![0; header];
    let words = [
        (0, 0xfade_0c02),
        (4, len),
        (8, 0x2_0400),
        // CS_RUNTIME
        (12, 0x1_0000),
        (20, header),
        (48, header + identifier.len()),
    ];
    for (at, word) in words {
        directory[at..at + 4].copy_from_slice(&narrow(word).to_be_bytes());
    }
    directory.extend(identifier);
    directory.extend(team.bytes().chain([0]));
    let message = [&words_of(&[0xfade_0b01, MESSAGE.len() + 8]), MESSAGE].concat();
    let start = 12 + 2 * 8;
    let head = words_of(&[
        0xfade_0cc0,
        start + directory.len() + message.len(),
        2,
        0,
        start,
        0x10000,
        start + directory.len(),
    ]);
    [head, directory, message].concat()
}

fn words_of(words: &[usize]) -> Vec<u8> {
    let bytes = words.iter().flat_map(|word| narrow(*word).to_be_bytes());
    bytes.collect()
}

fn usize_at(bytes: &[u8], at: usize) -> usize {
    let word = bytes[at..at + 4].try_into().expect("four bytes");
    usize::try_from(u32::from_le_bytes(word)).expect("hosts of tests have 64 bits")
}

fn put(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 4].copy_from_slice(&narrow(value).to_le_bytes());
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).expect("programs of tests are small")
}
