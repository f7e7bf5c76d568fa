//! The chain of a key: each observation names the one before it, so that one held back
//! leaves a gap.
//!
//! The digest of the newest is kept in a file beside the key, 64 hexadecimal digits and
//! a line end. The file is locked from reading it until the next digest is in it, and
//! the observation is written before that: a run that is killed in between leaves two
//! observations that name the same one, and none that is missing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proto::attest::digest::Digest;
use proto::attest::dsse::{self, Envelope};
use proto::attest::observation::Observation;

use crate::opening::{self, Links};

/// Where the chain goes on.
#[derive(Debug)]
pub enum Chain {
    /// A file keeps the newest digest.
    Kept(PathBuf),
    /// The newest observation was given; who gave it keeps count.
    Given(Option<Digest>),
}

/// A link that is being made; the chain is this run's alone until it is dropped.
#[derive(Debug)]
pub struct Link<'a> {
    chain: &'a mut Chain,
    file: Option<File>,
    previous: Option<Digest>,
}

impl Chain {
    /// Goes on where a file says: one that keeps a digest, an observation, or one that
    /// is not there yet.
    ///
    /// # Errors
    /// When the file holds something else.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let mut text = Vec::new();
        match opening::regular(path, Links::Followed) {
            Ok(file) => {
                let limit = dsse::LEN_MAX as u64 + 1;
                file.take(limit)
                    .read_to_end(&mut text)
                    .with_context(|| format!("reading {}", path.display()))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
        if text.first() != Some(&b'{') {
            parse(&text).with_context(|| damaged(path))?;
            return Ok(Self::Kept(path.to_owned()));
        }
        let observation =
            || -> anyhow::Result<Observation> { Ok(Observation::of(&Envelope::parse(&text)?)?) };
        let observation =
            observation().with_context(|| format!("{} is not an observation", path.display()))?;
        Ok(Self::Given(Some(observation.digest()?)))
    }

    /// Takes the chain and tells what the next observation names.
    ///
    /// # Errors
    /// When the file can't be locked or read.
    pub fn link(&mut self) -> anyhow::Result<Link<'_>> {
        let (file, previous) = match self {
            Self::Given(previous) => (None, *previous),
            Self::Kept(path) => {
                let problem = || format!("opening {}", path.display());
                let mut file = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(&*path)
                    .with_context(problem)?;
                // Where the file system has no locks, two runs at once can't be told
                // from one; the chain then shows two observations after one.
                match file.lock() {
                    Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                        return Err(error).with_context(|| format!("locking {}", path.display()));
                    }
                    Ok(()) | Err(_) => {}
                }
                let mut text = Vec::new();
                io::Read::by_ref(&mut file)
                    .take(LEN_MAX)
                    .read_to_end(&mut text)
                    .with_context(problem)?;
                let previous = parse(&text).with_context(|| damaged(path))?;
                (Some(file), previous)
            }
        };
        Ok(Link {
            chain: self,
            file,
            previous,
        })
    }
}

impl Link<'_> {
    /// Returns what the observation names.
    pub fn previous(&self) -> Option<Digest> {
        self.previous
    }

    /// Makes an observation that was written the newest.
    ///
    /// # Errors
    /// What the system says.
    pub fn close(mut self, newest: Digest) -> anyhow::Result<()> {
        match (&mut self.chain, &mut self.file) {
            (Chain::Kept(path), Some(file)) => {
                // Always as many bytes as before, so nothing has to be cut off.
                let text = format!("{newest}\n");
                file.rewind()
                    .and_then(|()| file.write_all(text.as_bytes()))
                    .and_then(|()| file.sync_all())
                    .with_context(|| format!("writing {}", path.display()))
            }
            (Chain::Given(previous), _) => {
                *previous = Some(newest);
                Ok(())
            }
            (Chain::Kept(path), None) => bail!("{} was not opened", path.display()),
        }
    }
}

/// More than a digest and a line end.
const LEN_MAX: u64 = 128;

fn parse(text: &[u8]) -> anyhow::Result<Option<Digest>> {
    if text.is_empty() {
        return Ok(None);
    }
    let text = str::from_utf8(text).context("it is not text")?;
    Ok(Some(Digest::parse(text.trim_end())?))
}

fn damaged(path: &Path) -> String {
    format!(
        "{} keeps no digest of an observation; put that of the key's newest observation there \
         (verify-build matrix prints it), or remove the file and begin the chain anew",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use proto::attest::key::{Algorithm, PrivateKey};
    use proto::attest::observation::sample;

    use super::*;

    #[test]
    fn a_file_keeps_the_newest_and_begins_with_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.key.last");
        let mut chain = Chain::open(&path).unwrap();
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        for (previous, newest) in [(None, one), (Some(one), two)] {
            let link = chain.link().unwrap();
            assert_eq!(link.previous(), previous);
            link.close(newest).unwrap();
            assert_eq!(
                std::fs::read_to_string(&path).unwrap(),
                format!("{newest}\n")
            );
        }
        // A link that is not closed changes nothing.
        drop(chain.link().unwrap());
        let mut again = Chain::open(&path).unwrap();
        assert_eq!(again.link().unwrap().previous(), Some(two));
        std::fs::write(&path, "nonsense\n").unwrap();
        let error = format!("{:#}", Chain::open(&path).unwrap_err());
        assert!(error.contains("begin the chain anew"), "{error}");
    }

    #[test]
    fn an_observation_is_gone_on_from_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.observation.json");
        let key = PrivateKey::from_seed(Algorithm::Ed25519, [7; 32]).unwrap();
        let observation = sample();
        let bytes = observation.sign(&key).unwrap().bytes();
        std::fs::write(&path, &bytes).unwrap();
        let mut chain = Chain::open(&path).unwrap();
        let link = chain.link().unwrap();
        assert_eq!(link.previous(), Some(observation.digest().unwrap()));
        link.close(Digest::of(b"next")).unwrap();
        assert_eq!(chain.link().unwrap().previous(), Some(Digest::of(b"next")));
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        std::fs::write(&path, "{}").unwrap();
        assert!(Chain::open(&path).is_err());
    }
}
