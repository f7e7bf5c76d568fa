//! Records that go into a bundle, and what proves them under one head of each database.

use std::collections::BTreeMap;

use proto::bundle::Database;
use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::sumdb::client::{HeadPlan, LookupPlan};
use proto::sumdb::{Head, LookupAnswer};
use proto::tlog::Tile;

use super::Error;
use super::ask::{not_had, whole};
use super::draft::{Draft, TEXT_BYTES_MAX};
use super::spool::Span;
use super::wanted::Need;

/// What one database answered.
struct Lookups {
    key: VerifierKey,
    lookups: Vec<(ModuleVersion, LookupAnswer)>,
}

impl Draft<'_> {
    /// Carries records, and what proves them under one head of each database.
    ///
    /// # Errors
    /// What cannot be had, or is not proved.
    pub(super) async fn databases(&mut self) -> Result<Vec<Database>, Error> {
        let mut asked: BTreeMap<String, Lookups> = BTreeMap::new();
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
            let entry = asked.entry(name).or_insert(Lookups { key, lookups });
            entry.lookups.push((version.clone(), answer));
            (self.progress)(bytes.len() as u64);
        }
        let mut databases = Vec::new();
        for (name, asked) in asked {
            databases.push(self.database(&name, asked).await?);
        }
        Ok(databases)
    }

    async fn database(&mut self, name: &str, asked: Lookups) -> Result<Database, Error> {
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
        Ok(Database {
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
}

/// Tiles by their paths.
#[derive(Default)]
struct Tiles(BTreeMap<String, Span>);

/// A record with the head of the whole bundle in place of the one that it came with.
fn under(answer: &LookupAnswer, head: &Head) -> Vec<u8> {
    let mut bytes = format!("{}\n", answer.id).into_bytes();
    bytes.extend_from_slice(&answer.record);
    bytes.push(b'\n');
    bytes.extend_from_slice(&head.note);
    bytes
}
