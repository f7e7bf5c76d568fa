//! `verify-build key`: keys of hosts and owners.
//!
//! ```text
//! file     where a key is kept, and how it is read
//! outcome  what is said of it, for the printers
//! ```

pub mod file;
pub mod outcome;

use anyhow::Context as _;
use proto::attest::key::{Algorithm, PrivateKey};
use rand::TryRngCore as _;
use rand::rngs::OsRng;

use crate::args::key::{Command, Key};
use crate::host::Host;
use crate::report::printed::Printed;
use outcome::Outcome;

/// Runs the command.
///
/// # Errors
/// A file that is there already, that can't be read, or that holds no key.
pub fn run(args: &Key, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let outcome = match &args.command {
        Command::New(new) => {
            let algorithm = if new.p256 {
                Algorithm::P256
            } else {
                Algorithm::Ed25519
            };
            let key = make(algorithm)?;
            file::create(&new.out, &key)?;
            Outcome::made(key.public(), &new.out)
        }
        Command::Show(show) => {
            let (key, is_private) = file::public(&show.key, &host.environment)?;
            Outcome::shown(key, &show.key, is_private, show.public)
        }
    };
    Ok(Box::new(outcome))
}

/// Makes a key from the system's random bytes.
fn make(algorithm: Algorithm) -> anyhow::Result<PrivateKey> {
    let mut seed = [0; 32];
    // Of 2^32 seeds one is not a key of P-256.
    for _ in 0..SEEDS_TRIED {
        OsRng
            .try_fill_bytes(&mut seed)
            .context("asking the system for random bytes")?;
        if let Ok(key) = PrivateKey::from_seed(algorithm, seed) {
            return Ok(key);
        }
    }
    anyhow::bail!("the system's random bytes make no key")
}

/// Seeds that are tried before the system's random bytes are blamed.
const SEEDS_TRIED: usize = 8;
