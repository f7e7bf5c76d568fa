//! How far a table of abbreviations reaches, found without keeping any of it.
//!
//! Source: DWARF 5, 7.5.3

/// The most attributes of one abbreviation. Compilers write some thirty; each
/// unit reads all of its own, which need not take a byte of it.
const ATTRIBUTES_MAX: usize = 256;

/// `DW_FORM_implicit_const`, whose value lies in the table.
const IMPLICIT_CONST: u64 = 0x21;

/// Returns the table that bytes begin with, if it is whole and no abbreviation has
/// more than [`ATTRIBUTES_MAX`] attributes, and how many bytes were looked at.
pub(super) fn table(bytes: &[u8]) -> (Option<&[u8]>, usize) {
    let mut at = 0;
    let is_whole = walk(bytes, &mut at).is_some();
    let looked_at = at.min(bytes.len());
    (
        is_whole.then(|| bytes.get(..looked_at)).flatten(),
        looked_at,
    )
}

fn walk(bytes: &[u8], at: &mut usize) -> Option<()> {
    // Ends with the bytes at the latest: every turn takes one.
    while number(bytes, at)? != 0 {
        number(bytes, at)?;
        bytes.get(*at)?;
        *at += 1;
        let mut attributes = 0;
        loop {
            let (name, form) = (number(bytes, at)?, number(bytes, at)?);
            if form == IMPLICIT_CONST {
                number(bytes, at)?;
            }
            if (name, form) == (0, 0) {
                break;
            }
            attributes += 1;
            if attributes > ATTRIBUTES_MAX {
                return None;
            }
        }
    }
    Some(())
}

/// Reads a LEB128 number; of one past 64 bits, the low ones.
fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    let mut shift = 0_u32;
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift = shift.saturating_add(7);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_ends_at_the_number_nought() {
        let bytes = [1, 0x11, 0, 0x25, 0x21, 0x80, 0, 3, 8, 0, 0, 0, 9, 9];
        assert_eq!(table(&bytes), (Some(&bytes[..12]), 12));
        for len in 0..12 {
            assert_eq!(table(&bytes[..len]), (None, len));
        }
        assert_eq!(number(&[0xff; 30], &mut 0), None);
    }

    #[test]
    fn endless_attributes_are_refused() {
        let of = |count| [&[1, 0x11, 0][..], &[3, 8].repeat(count), &[0, 0, 0]].concat();
        assert!(table(&of(ATTRIBUTES_MAX)).0.is_some());
        assert!(table(&of(ATTRIBUTES_MAX + 1)).0.is_none());
    }
}
