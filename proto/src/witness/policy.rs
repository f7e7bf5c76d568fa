//! Which witnesses must have cosigned a head, and how lately.

use super::Error;
use crate::note::{self, Cosignature, CosignerKey, Note};

/// How far in the future a cosignature's time may lie, in seconds: clocks differ.
pub const SKEW_MAX_S: u64 = 300;

/// Demands cosignatures of k of n witnesses, none older than some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    witnesses: Vec<CosignerKey>,
    needed: usize,
    age_max_s: Option<u64>,
}

impl Policy {
    /// Demands `needed` of `witnesses`, each not older than `age_max_s` seconds, where
    /// that is given. With 0 needed every head meets it.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when more are needed than there are, or when one key or one
    /// name is there twice: a witness has one vote.
    pub fn new(
        witnesses: Vec<CosignerKey>,
        needed: usize,
        age_max_s: Option<u64>,
    ) -> Result<Self, Error> {
        if needed > witnesses.len() {
            return Err(Error::Policy(format!(
                "{needed} witnesses are needed, but there are {}",
                witnesses.len()
            )));
        }
        for (place, key) in witnesses.iter().enumerate() {
            let same = |other: &&CosignerKey| {
                other.public_bytes() == key.public_bytes() || other.name() == key.name()
            };
            if let Some(other) = witnesses[..place].iter().find(same) {
                let (one, other) = (key.name(), other.name());
                return Err(Error::Policy(format!(
                    "{one} and {other} have one key or one name"
                )));
            }
        }
        Ok(Self {
            witnesses,
            needed,
            age_max_s,
        })
    }

    /// The keys of the witnesses.
    pub fn witnesses(&self) -> &[CosignerKey] {
        &self.witnesses
    }

    /// Returns how many of them must have cosigned.
    pub fn needed(&self) -> usize {
        self.needed
    }

    /// Judges an opened checkpoint at `now_s`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`note::Error::BadSignature`] when a cosignature in a witness's name is not by it.
    pub fn judge(&self, note: &Note, now_s: u64) -> Result<Standing, note::Error> {
        let mut standing = Standing {
            needed: self.needed,
            ..Standing::default()
        };
        let cosignatures = note::cosignatures(note, &self.witnesses)?;
        for witness in &self.witnesses {
            let by_it = |one: &&Cosignature| {
                one.key_hash == witness.key_hash() && one.name == witness.name()
            };
            let Some(found) = cosignatures.iter().find(by_it) else {
                standing.missing.push(witness.name().to_owned());
                continue;
            };
            let oldest = self.age_max_s.map_or(0, |age| now_s.saturating_sub(age));
            let list = if found.time_s > now_s.saturating_add(SKEW_MAX_S) {
                &mut standing.future
            } else if found.time_s < oldest {
                &mut standing.stale
            } else {
                &mut standing.fresh
            };
            list.push(found.clone());
        }
        Ok(standing)
    }
}

/// How a head stands to a [`Policy`]. Every witness is in one of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Cosignatures that count.
    pub fresh: Vec<Cosignature>,
    /// Cosignatures that are too old.
    pub stale: Vec<Cosignature>,
    /// Cosignatures whose time has not come yet.
    pub future: Vec<Cosignature>,
    /// Names of witnesses that have not cosigned.
    pub missing: Vec<String>,
    /// How many must count.
    pub needed: usize,
}

impl Standing {
    /// Whether enough cosignatures count.
    pub fn is_met(&self) -> bool {
        self.fresh.len() >= self.needed
    }

    /// When the policy is no longer met if nothing new comes, in seconds since 1970: with
    /// `age_max_s` given, as in [`Policy::new`]. `None` when it is not met now, or
    /// nothing is needed.
    pub fn met_until_s(&self, age_max_s: u64) -> Option<u64> {
        let mut times: Vec<u64> = self.fresh.iter().map(|one| one.time_s).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        let last_needed = times.get(self.needed.checked_sub(1)?)?;
        last_needed.checked_add(age_max_s)
    }
}
