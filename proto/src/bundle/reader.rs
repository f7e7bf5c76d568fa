//! Reading a bundle, a member at a time.

use sha2::{Digest as _, Sha256};

use super::manifest::check_size;
use super::{Error, MANIFEST, Manifest, Member, NOTE, NOTE_BYTES_MAX, Seal, shown};
use crate::note::VerifierKey;

/// What an archive says of a member before its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Whether it is a regular file.
    pub is_file: bool,
    /// Its bytes.
    pub size: u64,
}

/// What has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun<'a> {
    /// The note or the manifest, which the reader takes itself.
    Own,
    /// A member that the signed manifest lists.
    Member(&'a Member),
}

/// A bundle whose members have all come, each as its signed manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its manifest.
    pub manifest: Manifest,
    /// Length and SHA-256 of the manifest.
    pub seal: Seal,
    /// Who has signed it.
    pub signer: VerifierKey,
}

/// Is told of an archive's members as they come.
///
/// For each: [`begin`](Self::begin), [`data`](Self::data) as often as there are bytes,
/// [`end`](Self::end); at last [`finish`](Self::finish). The first thing that is wrong
/// ends it.
///
/// It keeps the note and the manifest in memory, nothing else, and neither beyond its
/// limit: a manifest only when a trusted key has signed its length.
#[derive(Debug)]
pub struct Reader {
    trusted: Vec<VerifierKey>,
    state: State,
}

#[derive(Debug)]
enum State {
    Note(Option<Collected>),
    Manifest {
        seal: Seal,
        signer: VerifierKey,
        open: Option<Collected>,
    },
    Members {
        sealed: Box<Sealed>,
        next: usize,
        open: Option<Hashed>,
    },
    Refused,
}

#[derive(Debug)]
struct Collected {
    bytes: Vec<u8>,
    size: u64,
}

#[derive(Debug)]
struct Hashed {
    hash: Sha256,
    left: u64,
}

impl Reader {
    /// Reads a bundle that one of these keys must have signed.
    pub fn new(trusted: Vec<VerifierKey>) -> Self {
        Self {
            trusted,
            state: State::Note(None),
        }
    }

    /// A member begins.
    ///
    /// # Errors
    /// [`Error::Unexpected`], [`Error::NotAFile`], [`Error::Size`], [`Error::TooLarge`].
    pub fn begin(&mut self, header: &Header<'_>) -> Result<Begun<'_>, Error> {
        if let Err(error) = self.begun(header) {
            self.state = State::Refused;
            return Err(error);
        }
        Ok(match &self.state {
            State::Members { sealed, next, .. } => match sealed.manifest.members.get(*next) {
                Some(member) => Begun::Member(member),
                None => Begun::Own,
            },
            State::Note(_) | State::Manifest { .. } | State::Refused => Begun::Own,
        })
    }

    fn begun(&mut self, header: &Header<'_>) -> Result<(), Error> {
        let (want, size) = match &self.state {
            State::Note(None) => (NOTE, None),
            State::Manifest {
                seal, open: None, ..
            } => (MANIFEST, Some(seal.size)),
            State::Members {
                sealed,
                next,
                open: None,
            } => match sealed.manifest.members.get(*next) {
                Some(member) => (&*member.place, Some(member.size)),
                None => ("", None),
            },
            State::Note(_) | State::Manifest { .. } | State::Members { .. } | State::Refused => {
                return Err(Error::Refused);
            }
        };
        let got = String::from_utf8_lossy(header.name);
        if want.is_empty() || header.name != want.as_bytes() {
            return Err(Error::Unexpected {
                got: shown(&got),
                want: shown(want),
            });
        }
        if !header.is_file {
            return Err(Error::NotAFile { place: shown(&got) });
        }
        match size {
            Some(size) if size != header.size => {
                return Err(Error::Size {
                    place: shown(&got),
                    want: size,
                    got: header.size,
                });
            }
            Some(_) => {}
            None => check_size(NOTE, header.size, NOTE_BYTES_MAX)?,
        }
        let size = header.size;
        match &mut self.state {
            State::Note(open) | State::Manifest { open, .. } => {
                *open = Some(Collected {
                    bytes: Vec::new(),
                    size,
                });
            }
            State::Members { open, .. } => {
                *open = Some(Hashed {
                    hash: Sha256::new(),
                    left: size,
                });
            }
            State::Refused => {}
        }
        Ok(())
    }

    /// Bytes of the member that has begun.
    ///
    /// # Errors
    /// [`Error::Manifest`] when there are more than its header says.
    pub fn data(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let taken = match &mut self.state {
            State::Note(Some(open))
            | State::Manifest {
                open: Some(open), ..
            } => {
                open.bytes.extend_from_slice(bytes);
                open.bytes.len() as u64 <= open.size
            }
            State::Members {
                open: Some(open), ..
            } => {
                open.hash.update(bytes);
                let left = open.left.checked_sub(bytes.len() as u64);
                open.left = left.unwrap_or_default();
                left.is_some()
            }
            State::Note(None)
            | State::Manifest { open: None, .. }
            | State::Members { open: None, .. }
            | State::Refused => return Err(Error::Refused),
        };
        if !taken {
            self.state = State::Refused;
            return Err(Error::Manifest(
                "a member is longer than its header says".into(),
            ));
        }
        Ok(())
    }

    /// The member that has begun is all there.
    ///
    /// # Errors
    /// [`Error::Size`] and [`Error::Hash`] when it is not what the manifest says; those of
    /// [`Seal::open`] after the note, and of [`Manifest::parse`] after the manifest.
    pub fn end(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Refused) {
            State::Note(Some(open)) => {
                let note = open.all(NOTE)?;
                let (seal, signer) = Seal::open(&note, &self.trusted)?;
                let open = None;
                self.state = State::Manifest { seal, signer, open };
            }
            State::Manifest {
                seal,
                signer,
                open: Some(open),
            } => {
                let bytes = open.all(MANIFEST)?;
                if Seal::of(&bytes) != seal {
                    return Err(Error::ManifestHash);
                }
                let manifest = Manifest::parse(&bytes)?;
                let sealed = Sealed {
                    manifest,
                    seal,
                    signer,
                };
                self.state = State::Members {
                    sealed: Box::new(sealed),
                    next: 0,
                    open: None,
                };
            }
            State::Members {
                sealed,
                next,
                open: Some(open),
            } => {
                if let Some(member) = sealed.manifest.members.get(next) {
                    open.check(member)?;
                }
                self.state = State::Members {
                    sealed,
                    next: next + 1,
                    open: None,
                };
            }
            State::Note(None)
            | State::Manifest { open: None, .. }
            | State::Members { open: None, .. }
            | State::Refused => return Err(Error::Refused),
        }
        Ok(())
    }

    /// The manifest, once it has come.
    pub fn sealed(&self) -> Option<&Sealed> {
        match &self.state {
            State::Members { sealed, .. } => Some(sealed),
            State::Note(_) | State::Manifest { .. } | State::Refused => None,
        }
    }

    /// The archive is at its end.
    ///
    /// # Errors
    /// [`Error::Truncated`].
    pub fn finish(self) -> Result<Sealed, Error> {
        let missing = |place: &str| Error::Truncated {
            place: shown(place),
        };
        match self.state {
            State::Note(_) => Err(missing(NOTE)),
            State::Manifest { .. } => Err(missing(MANIFEST)),
            State::Members { sealed, next, .. } => match sealed.manifest.members.get(next) {
                Some(member) => Err(missing(&member.place)),
                None => Ok(*sealed),
            },
            State::Refused => Err(Error::Refused),
        }
    }
}

impl Collected {
    fn all(self, place: &str) -> Result<Vec<u8>, Error> {
        let got = self.bytes.len() as u64;
        if got != self.size {
            return Err(Error::Size {
                place: place.to_owned(),
                want: self.size,
                got,
            });
        }
        Ok(self.bytes)
    }
}

impl Hashed {
    fn check(self, member: &Member) -> Result<(), Error> {
        let place = shown(&member.place);
        if self.left > 0 {
            return Err(Error::Size {
                place,
                want: member.size,
                got: member.size - self.left,
            });
        }
        let got = hex::encode(self.hash.finalize());
        if got != member.sha256 {
            return Err(Error::Hash {
                place,
                want: member.sha256.clone(),
                got,
            });
        }
        Ok(())
    }
}
