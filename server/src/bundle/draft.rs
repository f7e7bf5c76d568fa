//! What goes into a bundle, set aside until all of it is known.

use std::collections::BTreeMap;
use std::path::Path;

use proto::bundle::{Carried, Database, Manifest, Member};
use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::sumdb::Record;

use super::ask::Ask;
use super::licence::UNKNOWN;
use super::since::Since;
use super::spool::{Span, Spool};
use super::wanted::Wanted;
use super::{Error, sbom};

/// How a bundle is to be made.
pub(crate) struct Order<'a> {
    pub(crate) wanted: Wanted,
    /// The database that proves a module.
    pub(crate) covering: &'a (dyn Fn(&str) -> Option<VerifierKey> + Sync),
    /// What was carried over before.
    pub(crate) since: Since,
    pub(crate) out: &'a Path,
    /// Bytes of a volume; one file of any size when `None`.
    pub(crate) volume: Option<u64>,
}

/// All that goes into a bundle, set aside.
pub(crate) struct Drafted {
    pub(crate) manifest: Manifest,
    /// Where its members are in the spool.
    pub(super) spans: Vec<Span>,
    pub(super) spool: Spool,
}

/// Bytes of texts that are read whole.
pub(super) const TEXT_BYTES_MAX: usize = 16 << 20;

/// What goes into a bundle, as far as it is known.
pub(super) struct Draft<'a> {
    pub(super) ask: &'a dyn Ask,
    pub(super) order: &'a Order<'a>,
    pub(super) progress: &'a mut (dyn FnMut(u64) + Send),
    pub(super) spool: Spool,
    pub(super) members: BTreeMap<String, Span>,
    pub(super) records: BTreeMap<ModuleVersion, Record>,
    pub(super) licences: BTreeMap<ModuleVersion, String>,
    pub(super) remarks: Vec<String>,
}

impl<'a> Draft<'a> {
    /// Begins with nothing set aside.
    ///
    /// # Errors
    /// What the file system answers.
    pub(super) fn new(
        ask: &'a dyn Ask,
        order: &'a Order<'a>,
        progress: &'a mut (dyn FnMut(u64) + Send),
    ) -> Result<Self, Error> {
        Ok(Self {
            ask,
            order,
            progress,
            spool: Spool::beside(order.out).map_err(Error::at(order.out))?,
            members: BTreeMap::new(),
            records: BTreeMap::new(),
            licences: BTreeMap::new(),
            remarks: order.wanted.remarks.clone(),
        })
    }

    /// Sets a member aside.
    ///
    /// # Errors
    /// What the file system answers.
    pub(super) fn put(&mut self, place: String, bytes: &[u8]) -> Result<(), Error> {
        let span = self.spool.put(bytes).map_err(Error::io("setting aside"))?;
        self.members.insert(place, span);
        Ok(())
    }

    /// Leaves out what was carried over before, and writes down what is left.
    ///
    /// # Errors
    /// What the file system answers, or that no manifest may have all of it.
    pub(super) fn finish(mut self, databases: Vec<Database>) -> Result<Drafted, Error> {
        let order = self.order;
        let before = &order.since.members;
        let is_new = |place: &String, span: &mut Span| {
            is_always_carried(place) || before.get(place) != Some(&hex::encode(span.sha256))
        };
        self.members.retain(is_new);
        let carried = self.carried();
        let bom = sbom::cyclonedx(&carried);
        self.put("bundle/sbom.cdx.json".to_owned(), &bom)?;
        let member = |(place, span): (&String, &Span)| Member {
            place: place.clone(),
            sha256: hex::encode(span.sha256),
            size: span.len,
        };
        let manifest = Manifest::new(
            order.wanted.asked.clone(),
            std::mem::take(&mut self.remarks),
            order.since.base.clone(),
            databases,
            carried.into_iter().map(|(carried, _)| carried).collect(),
            self.members.iter().map(member).collect(),
        )?;
        let span = |member: &Member| self.members.get(&member.place).copied();
        let spans = manifest.members.iter().filter_map(span).collect();
        Ok(Drafted {
            manifest,
            spans,
            spool: self.spool,
        })
    }

    fn carried(&self) -> Vec<(Carried, Option<String>)> {
        let modules = self.order.wanted.modules.keys();
        let mut carried: Vec<_> = modules
            .filter_map(|version| {
                let (module, name) = (version.path.escaped(), version.version.escaped());
                let base = format!("{module}/@v/{name}");
                let zip = self.members.get(&format!("{base}.zip"));
                if zip.is_none() && !self.members.contains_key(&format!("{base}.mod")) {
                    return None;
                }
                let licence = self.licences.get(version).filter(|_| zip.is_some());
                let carried = Carried {
                    module: version.to_string(),
                    zip: zip.is_some(),
                    licence: licence.map_or(UNKNOWN, |it| it).to_owned(),
                };
                Some((carried, zip.map(|span| hex::encode(span.sha256))))
            })
            .collect();
        carried.sort_by(|(a, _), (b, _)| a.module.cmp(&b.module));
        carried
    }
}

/// Heads and what proves them are carried each time; they are small.
fn is_always_carried(place: &str) -> bool {
    place.starts_with("sumdb/")
}
