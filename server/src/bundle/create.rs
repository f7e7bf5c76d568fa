//! Making a bundle.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use futures_util::StreamExt as _;
use proto::bundle::{Base, Carried, Manifest, Member};
use proto::dirhash;
use proto::module::{ModuleVersion, pseudo};
use proto::note::{SignerKey, VerifierKey};
use proto::semver;
use proto::sumdb::client::{HeadPlan, LookupPlan};
use proto::sumdb::{Head, LookupAnswer, Record};
use proto::tlog::Tile;

use super::ask::{Ask, not_had, whole};
use super::licence::UNKNOWN;
use super::spool::{Span, Spool};
use super::verifying::{Fetched, Verifying};
use super::volumes::Split;
use super::wanted::{Need, Wanted};
use super::{Error, pack, sbom};

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

/// What was carried over before.
#[derive(Default)]
pub(crate) struct Since {
    /// The bundle that this one adds to.
    pub(crate) base: Option<Base>,
    /// Signed heads, of any databases.
    pub(crate) heads: Vec<Vec<u8>>,
    /// Places that need not be carried again, and SHA-256 of what lies there.
    pub(crate) members: BTreeMap<String, String>,
    /// The module versions that were carried over.
    pub(crate) modules: Vec<Carried>,
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) manifest: Manifest,
    /// Bytes of the file.
    pub(crate) bytes: u64,
}

/// Bytes of texts that are read whole.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// Makes a bundle.
///
/// # Errors
/// What cannot be had, what is not proved, or what the file system answers. There is no
/// new file then.
pub(crate) async fn create(
    ask: &dyn Ask,
    order: &Order<'_>,
    signer: &SignerKey,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Made, Error> {
    let drafted = draft(ask, order, progress).await?;
    write(drafted, order, signer)
}

/// What goes into a bundle, set aside.
pub(crate) struct Drafted {
    pub(crate) manifest: Manifest,
    spans: Vec<Span>,
    spool: Spool,
}

/// Asks for everything that goes into a bundle, and writes none.
///
/// # Errors
/// As [`create`].
pub(crate) async fn draft(
    ask: &dyn Ask,
    order: &Order<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Drafted, Error> {
    let spool = Spool::beside(order.out).map_err(Error::at(order.out))?;
    let mut draft = Draft {
        ask,
        order,
        progress,
        spool,
        members: BTreeMap::new(),
        records: BTreeMap::new(),
        licences: BTreeMap::new(),
        remarks: order.wanted.remarks.clone(),
    };
    let databases = draft.databases().await?;
    draft.modules().await?;
    let (manifest, spans, spool) = draft.finish(databases)?;
    Ok(Drafted {
        manifest,
        spans,
        spool,
    })
}

fn write(drafted: Drafted, order: &Order<'_>, signer: &SignerKey) -> Result<Made, Error> {
    let Drafted {
        manifest,
        spans,
        mut spool,
    } = drafted;
    let mut out = Split::new(order.out, order.volume);
    pack::pack(&mut out, &manifest, signer, |number| {
        let span = spans.get(number).ok_or(io::ErrorKind::InvalidInput)?;
        spool.window(*span)
    })?;
    let bytes = out.finish().map_err(Error::at(order.out))?;
    Ok(Made { manifest, bytes })
}

struct Draft<'a> {
    ask: &'a dyn Ask,
    order: &'a Order<'a>,
    progress: &'a mut (dyn FnMut(u64) + Send),
    spool: Spool,
    members: BTreeMap<String, Span>,
    records: BTreeMap<ModuleVersion, Record>,
    licences: BTreeMap<ModuleVersion, String>,
    remarks: Vec<String>,
}

/// Records of one database.
struct Asked {
    key: VerifierKey,
    lookups: Vec<(ModuleVersion, LookupAnswer)>,
}

impl Draft<'_> {
    /// Carries records, and what proves them under one head of each database.
    async fn databases(&mut self) -> Result<Vec<proto::bundle::Database>, Error> {
        let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
        for (version, need) in &self.order.wanted.modules {
            let module = version.path.as_str();
            let key = (self.order.covering)(module).ok_or_else(|| {
                let reason = "no checksum database proves it, and bundles hold what is proved";
                not_had(&version.to_string(), reason.to_owned())
            })?;
            let path = format!("sumdb/{}/lookup/{}", key.name(), version.escaped());
            let bytes = match whole(self.ask, &path, TEXT_BYTES_MAX).await {
                Err(Error::NotHad {
                    absent: true,
                    reason,
                    ..
                }) if *need == Need::ZipIfThere => {
                    let text = format!("{version} is left out, it has no record: {reason}");
                    self.remarks.push(text);
                    continue;
                }
                bytes => bytes?,
            };
            let answer = LookupAnswer::parse(&bytes).map_err(proto::bundle::Error::from)?;
            let name = key.name().to_owned();
            let lookups = Vec::new();
            let entry = asked.entry(name).or_insert(Asked { key, lookups });
            entry.lookups.push((version.clone(), answer));
            (self.progress)(bytes.len() as u64);
        }
        let mut databases = Vec::new();
        for (name, asked) in asked {
            databases.push(self.database(&name, asked).await?);
        }
        Ok(databases)
    }

    async fn database(
        &mut self,
        name: &str,
        asked: Asked,
    ) -> Result<proto::bundle::Database, Error> {
        let wrong = |error: proto::sumdb::Error| not_had(name, error.to_string());
        // After the records: a head that came with one of them may be newer.
        let note = whole(self.ask, &format!("sumdb/{name}/latest"), TEXT_BYTES_MAX).await?;
        let head = Head::open(&note, &asked.key).map_err(wrong)?;
        let mut tiles = Tiles::default();
        for (version, answer) in &asked.lookups {
            let bytes = under(answer, &head);
            let plan = LookupPlan::new(Some(&head), &bytes, version, &asked.key).map_err(wrong)?;
            let data = self.tiles(name, plan.tiles(), &mut tiles).await?;
            let proved = plan.finish(&data).map_err(wrong)?;
            let place = format!("sumdb/{name}/lookup/{}", version.escaped());
            self.put(place, &bytes)?;
            self.records.insert(version.clone(), proved.record);
        }
        let since = self.since(&asked.key, &head);
        if let Some(since) = &since {
            let plan = HeadPlan::new(Some(since), head.clone()).map_err(wrong)?;
            let data = self.tiles(name, plan.tiles(), &mut tiles).await?;
            plan.finish(&data).map_err(wrong)?;
        }
        for (path, span) in tiles.0 {
            self.members.insert(format!("sumdb/{name}/{path}"), span);
        }
        self.put(format!("sumdb/{name}/latest"), &head.note)?;
        self.put(format!("sumdb/{name}/supported"), b"")?;
        Ok(proto::bundle::Database {
            key: asked.key.to_string(),
            size: head.tree.size,
            root: head.tree.hash.to_string(),
            since: since.map_or(0, |head| head.tree.size),
        })
    }

    /// The newest head of the database that was carried over before.
    fn since(&self, key: &VerifierKey, head: &Head) -> Option<Head> {
        let heads = self.order.since.heads.iter();
        let heads = heads.filter_map(|note| Head::open(note, key).ok());
        let older = heads.filter(|it| it.tree.size <= head.tree.size);
        older.max_by_key(|it| it.tree.size)
    }

    async fn tiles(
        &mut self,
        name: &str,
        wanted: &[Tile],
        tiles: &mut Tiles,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let mut data = Vec::with_capacity(wanted.len());
        for tile in wanted {
            let path = tile.path();
            let bytes = match tiles.0.get(&path) {
                Some(span) => self.spool.get(*span).map_err(Error::io("reading back"))?,
                None => {
                    let place = format!("sumdb/{name}/{path}");
                    let bytes = whole(self.ask, &place, TEXT_BYTES_MAX).await?;
                    let span = self.spool.put(&bytes).map_err(Error::io("setting aside"))?;
                    tiles.0.insert(path, span);
                    (self.progress)(span.len);
                    bytes
                }
            };
            data.push(bytes);
        }
        Ok(data)
    }

    /// Carries files of modules, each held against its record once more.
    async fn modules(&mut self) -> Result<(), Error> {
        let order = self.order;
        let mut verifying = Verifying::new();
        for (version, need) in &order.wanted.modules {
            if !self.records.contains_key(version) {
                continue;
            }
            let (module, name) = (version.path.escaped(), version.version.escaped());
            let base = format!("{module}/@v/{name}");
            self.go_mod(version, &format!("{base}.mod")).await?;
            // `go list -m all` wants it of each version of the build list.
            match self.info(&format!("{base}.info")).await {
                Err(Error::NotHad { absent: true, .. }) if *need != Need::Zip => {}
                taken => taken?,
            }
            if *need == Need::GoMod {
                continue;
            }
            let place = format!("{base}.zip");
            match self.zip(version, &place, &mut verifying).await {
                Err(Error::NotHad {
                    absent: true,
                    reason,
                    ..
                }) if *need == Need::ZipIfThere => {
                    let text = format!("{version}: its go.mod alone, there is no zip: {reason}");
                    self.remarks.push(text);
                    continue;
                }
                taken => taken?,
            }
        }
        self.licences = verifying.end().await?;
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // Those alone that can be built with.
        for version in self.licences.keys() {
            let versions = lists.entry(version.path.escaped()).or_default();
            if !pseudo::is_pseudo(version.version.as_str()) {
                versions.push(version.version.to_string());
            }
        }
        for (module, mut versions) in lists {
            versions.sort_by(|a, b| semver::compare(a, b));
            let lines: String = versions.into_iter().map(|it| format!("{it}\n")).collect();
            self.put(format!("{module}/@v/list"), lines.as_bytes())?;
        }
        Ok(())
    }

    async fn go_mod(&mut self, version: &ModuleVersion, place: &str) -> Result<(), Error> {
        let bytes = whole(self.ask, place, TEXT_BYTES_MAX).await?;
        let want = self
            .records
            .get(version)
            .and_then(|it| it.go_mod_h1(version));
        if want != Some(dirhash::go_mod(&bytes)) {
            return Err(not_had(place, "it is not what its record says".to_owned()));
        }
        self.put(place.to_owned(), &bytes)
    }

    async fn info(&mut self, place: &str) -> Result<(), Error> {
        let bytes = whole(self.ask, place, TEXT_BYTES_MAX).await?;
        self.put(place.to_owned(), &bytes)
    }

    async fn zip(
        &mut self,
        version: &ModuleVersion,
        place: &str,
        verifying: &mut Verifying,
    ) -> Result<(), Error> {
        let mut pieces = self.ask.get(place).await?;
        let mut part = self.spool.part();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| not_had(place, error.to_string()))?;
            part.write(&piece).map_err(Error::io("setting aside"))?;
            (self.progress)(piece.len() as u64);
        }
        let span = part.end();
        self.members.insert(place.to_owned(), span);
        let window = self.spool.window(span).map_err(Error::io("reading back"))?;
        let fetched = Fetched {
            version: version.clone(),
            place: place.to_owned(),
            want: self.records.get(version).and_then(|it| it.h1(version)),
            window,
        };
        verifying.begin(fetched).await
    }

    fn put(&mut self, place: String, bytes: &[u8]) -> Result<(), Error> {
        let span = self.spool.put(bytes).map_err(Error::io("setting aside"))?;
        self.members.insert(place, span);
        Ok(())
    }

    /// Leaves out what was carried over before, and writes down what is left.
    fn finish(
        mut self,
        databases: Vec<proto::bundle::Database>,
    ) -> Result<(Manifest, Vec<Span>, Spool), Error> {
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
        Ok((manifest, spans, self.spool))
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

/// Tiles by their paths.
#[derive(Default)]
struct Tiles(BTreeMap<String, Span>);

/// Heads and what proves them are carried each time; they are small.
fn is_always_carried(place: &str) -> bool {
    place.starts_with("sumdb/")
}

/// A record with the head of the whole bundle in place of the one that it came with.
fn under(answer: &LookupAnswer, head: &Head) -> Vec<u8> {
    let mut bytes = format!("{}\n", answer.id).into_bytes();
    bytes.extend_from_slice(&answer.record);
    bytes.push(b'\n');
    bytes.extend_from_slice(&head.note);
    bytes
}
