//! How records lie in a tile of records.

use super::sequencer::Error;

/// How the records of a tile are put one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// A blank line after each record, which is lines of text without a blank one: as
    /// Go's checksum databases have them.
    ///
    /// Source: golang.org/x/mod/sumdb (Server), tile/H/data
    Lines,
    /// Two bytes with the length of each record, big-endian, before it.
    ///
    /// Source: c2sp.org/tlog-tiles, entry bundles
    Sized,
}

impl Entries {
    /// Appends a record to a tile.
    ///
    /// # Errors
    ///
    /// [`Error::Record`] when the record cannot lie in such a tile.
    pub fn push(self, record: &[u8], tile: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Lines => {
                let has_blank = record.windows(2).any(|pair| pair == b"\n\n");
                if !record.ends_with(b"\n") || record.starts_with(b"\n") || has_blank {
                    return Err(Error::Record("it is not lines without a blank one"));
                }
                tile.extend_from_slice(record);
                tile.push(b'\n');
            }
            Self::Sized => {
                let length = u16::try_from(record.len())
                    .map_err(|_| Error::Record("it is longer than 65535 bytes"))?;
                tile.extend_from_slice(&length.to_be_bytes());
                tile.extend_from_slice(record);
            }
        }
        Ok(())
    }

    /// Splits a tile in its records.
    ///
    /// # Errors
    ///
    /// [`Error::Entries`] when the bytes are no such tile.
    pub fn split(self, tile: &[u8]) -> Result<Vec<&[u8]>, Error> {
        let mut records = Vec::new();
        let mut rest = tile;
        while !rest.is_empty() {
            let (record, after) = match self {
                Self::Lines => {
                    let end = memchr::memmem::find(rest, b"\n\n").ok_or(Error::Entries)?;
                    (&rest[..=end], &rest[end + 2..])
                }
                Self::Sized => {
                    let (length, rest) = rest.split_first_chunk().ok_or(Error::Entries)?;
                    let length = usize::from(u16::from_be_bytes(*length));
                    rest.split_at_checked(length).ok_or(Error::Entries)?
                }
            };
            records.push(record);
            rest = after;
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_lie_in_a_tile_is_refused() {
        for record in ["", "a", "\n", "\na\n", "a\n\nb\n", "a\n\n"] {
            let pushed = Entries::Lines.push(record.as_bytes(), &mut Vec::new());
            assert!(pushed.is_err(), "{record:?}");
        }
        let long = vec![0; 1 << 16];
        assert!(Entries::Sized.push(&long, &mut Vec::new()).is_err());
        assert!(Entries::Sized.push(&long[1..], &mut Vec::new()).is_ok());
        for tile in [&b"a\n"[..], b"a\n\nb\n"] {
            assert_eq!(Entries::Lines.split(tile), Err(Error::Entries));
        }
        for tile in [&b"\0"[..], b"\0\x02a"] {
            assert_eq!(Entries::Sized.split(tile), Err(Error::Entries));
        }
    }

    proptest! {
        #[test]
        fn a_tile_gives_its_records_back(
            records in prop::collection::vec("([a-z ]{1,9}\n){1,3}", 0..20),
        ) {
            for entries in [Entries::Lines, Entries::Sized] {
                let mut tile = Vec::new();
                for record in &records {
                    entries.push(record.as_bytes(), &mut tile).unwrap();
                }
                let split = entries.split(&tile).unwrap();
                let want: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
                prop_assert_eq!(split, want);
            }
        }

        #[test]
        fn any_bytes_are_split_or_refused(tile in prop::collection::vec(any::<u8>(), 0..200)) {
            for entries in [Entries::Lines, Entries::Sized] {
                if let Ok(records) = entries.split(&tile) {
                    let total: usize = records.iter().map(|record| record.len()).sum();
                    prop_assert!(total <= tile.len());
                }
            }
        }
    }
}
