//! The key that observations are signed with, and its chain.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use proto::attest::dsse::Envelope;
use proto::attest::key::{PrivateKey, PublicKey};
use proto::attest::observation::Observation;

use super::chain::Chain;
use crate::args::key::Source;
use crate::host::Environment;
use crate::key::file;

/// A key and its chain.
#[derive(Debug)]
pub struct Signer {
    key: PrivateKey,
    chain: Chain,
    /// What a reader should know of the key.
    pub notes: Vec<String>,
}

impl Signer {
    /// Reads a key and finds where its chain goes on.
    ///
    /// # Errors
    /// When the key or the chain can't be read.
    pub fn open(
        source: &Source,
        previous: Option<&Path>,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let key = file::private(source, environment)?;
        let mut notes = Vec::new();
        if file::is_open_to_others(source) {
            let place = file::shown(source);
            notes.push(format!(
                "others than its owner can read {place}: chmod 600 {place}"
            ));
        }
        let chain = match (previous, source) {
            (Some(previous), _) => Chain::open(previous)?,
            (None, Source::File(path)) => Chain::open(&beside(path))?,
            (None, Source::Variable(_)) => {
                notes.push(
                    "nothing tells the key's observation before these, so its chain begins anew: \
                     keep a file and name it with --previous"
                        .to_owned(),
                );
                Chain::Given(None)
            }
        };
        Ok(Self { key, chain, notes })
    }

    /// Returns the public half.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// Signs an observation as the newest of the key's, and hands it to `write` before
    /// the chain goes on.
    ///
    /// # Errors
    /// When it can't be signed or written, or the chain's file can't be.
    pub fn sign(
        &mut self,
        observation: &mut Observation,
        write: impl FnOnce(&Observation, &Envelope) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let link = self.chain.link()?;
        observation.chain.previous = link.previous();
        let envelope = observation.sign(&self.key)?;
        write(observation, &envelope)?;
        link.close(observation.digest()?)
    }
}

/// The file beside a key that keeps its newest observation's digest.
fn beside(key: &Path) -> PathBuf {
    let mut name = OsString::from(key);
    name.push(".last");
    name.into()
}
