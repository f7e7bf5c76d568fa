//! PE: the certificate table, which a signing tool appends and names in the
//! optional header.
//!
//! Source: Microsoft, "PE Format" (attribute certificate table)

use super::{Mask, Put, What};
use crate::image::Image;
use crate::image::signature::proper::{self, CERTIFICATE_ALIGN};

/// A file reads as unsigned when its certificates are gone and nothing names them.
pub(super) fn masks(bytes: &[u8], image: &Image) -> Vec<Mask> {
    let mut masks = Vec::new();
    let signature = image.signature.as_ref();
    if signature.is_some_and(|range| !proper::is_certificates(bytes, range, image)) {
        return masks;
    }
    // Without certificates zeros stand there, or the headers lie.
    if let Some(named) = &image.certificates_named
        && (signature.is_some() || proper::is_zero(&bytes[named.clone()]))
    {
        masks.push(Mask::zeros(What::CodeSignature, named.clone()));
    }
    if let Some(range) = signature {
        let is_last = bytes.len() - range.end < CERTIFICATE_ALIGN;
        masks.push(Mask {
            what: What::CodeSignature,
            range: range.clone(),
            put: if is_last { Put::Nothing } else { Put::Zeros },
        });
    }
    masks
}
