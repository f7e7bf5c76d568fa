//! The few forms in which keys of two curves are written in DER, as whole texts: what
//! is not one of them is not a key.

/// SubjectPublicKeyInfo of Ed25519 up to the key, RFC 8410 §4.
const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The same with NULL parameters, as rebuilderd writes it.
const ED25519_SPKI_NULL: [u8; 14] = [
    0x30, 0x2c, 0x30, 0x07, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x05, 0x00, 0x03, 0x21, 0x00,
];

/// SubjectPublicKeyInfo of P-256 up to the uncompressed point, RFC 5480 §2.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// PKCS #8 version 1 of Ed25519 up to the seed, RFC 8410 §7.
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Version 2, which has the public half behind the seed, with what stands between
/// them: once as RFC 5958 has it, once as older versions of the crate ring wrote it.
const ED25519_PKCS8_V2: [(&[u8; 16], &[u8]); 2] = [
    (
        &[
            0x30, 0x51, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ],
        &[0x81, 0x21, 0x00],
    ),
    (
        &[
            0x30, 0x53, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ],
        &[0xa1, 0x23, 0x03, 0x21, 0x00],
    ),
];

/// Returns the key in a SubjectPublicKeyInfo of Ed25519.
pub(super) fn ed25519_public(spki: &[u8]) -> Option<[u8; 32]> {
    let key = spki
        .strip_prefix(&ED25519_SPKI)
        .or_else(|| spki.strip_prefix(&ED25519_SPKI_NULL))?;
    key.try_into().ok()
}

/// Returns the point in a SubjectPublicKeyInfo of P-256.
pub(super) fn p256_public(spki: &[u8]) -> Option<&[u8]> {
    let point = spki.strip_prefix(&P256_SPKI)?;
    (point.len() == 65 && point[0] == 4).then_some(point)
}

pub(super) fn ed25519_spki(key: &[u8; 32]) -> Vec<u8> {
    [&ED25519_SPKI[..], key].concat()
}

pub(super) fn p256_spki(point: &[u8]) -> Vec<u8> {
    [&P256_SPKI[..], point].concat()
}

/// Returns the seed in PKCS #8 of Ed25519, and the public half where it is there.
pub(super) fn ed25519_private(pkcs8: &[u8]) -> Option<([u8; 32], Option<[u8; 32]>)> {
    if let Some(seed) = pkcs8.strip_prefix(&ED25519_PKCS8) {
        return Some((seed.try_into().ok()?, None));
    }
    ED25519_PKCS8_V2.iter().find_map(|(before, between)| {
        let (seed, rest) = pkcs8.strip_prefix(*before)?.split_first_chunk()?;
        let public = rest.strip_prefix(*between)?.try_into().ok()?;
        Some((*seed, Some(public)))
    })
}

pub(super) fn ed25519_pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    [&ED25519_PKCS8[..], seed].concat()
}
