//! What the folder of evidence holds, and what gives way when a kind's share is
//! full.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// The folder, as it was last read, with what was written since.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// By kind.
    shares: BTreeMap<String, Share>,
    read_at: Instant,
}

/// Incidents of one kind, by group: the module.
#[derive(Debug, Default)]
struct Share {
    groups: BTreeMap<String, Vec<Incident>>,
}

/// One incident.
#[derive(Debug)]
pub(super) struct Incident {
    stem: String,
    /// Bytes of its attachments.
    size: u64,
    seen: SystemTime,
    /// How often it was seen since it was read.
    times: u64,
}

/// Incidents of one kind that are kept.
pub(super) const INCIDENTS_MAX: usize = 500;
/// Bytes of attachments of one kind that are kept.
pub(super) const BYTES_MAX: u64 = 128 << 20;
/// Kinds that have a share. There are a handful.
const KINDS_MAX: usize = 16;
/// How old what is known of the folder may be when it seems full: somebody may
/// have cleared it.
const READ_FRESH: Duration = Duration::from_secs(1);

impl Incident {
    pub(super) fn new(stem: &str, size: u64, seen: SystemTime) -> Self {
        Self {
            stem: stem.to_owned(),
            size,
            seen,
            times: 1,
        }
    }
}

/// Splits the name of an incident into kind and group.
fn parse(stem: &str) -> Option<(&str, &str)> {
    let mut parts = stem.split('~');
    let (kind, subject, _) = (parts.next()?, parts.next()?, parts.next()?);
    let group = subject.split('@').next().unwrap_or_default();
    parts.next().is_none().then_some((kind, group))
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let mut folder = Self {
            path,
            shares: BTreeMap::new(),
            read_at: Instant::now(),
        };
        folder.read()?;
        Ok(folder)
    }

    /// Notes that an incident was seen again; returns how often it was. `None` where
    /// it is not kept, or was taken away.
    pub(super) fn again(&mut self, stem: &str) -> Option<u64> {
        let document = self.document(stem);
        let (kind, group) = parse(stem)?;
        let incidents = self.shares.get_mut(kind)?.groups.get_mut(group)?;
        let place = incidents
            .iter()
            .position(|incident| incident.stem == stem)?;
        if !document.exists() {
            incidents.remove(place);
            return None;
        }
        incidents[place].times += 1;
        Some(incidents[place].times)
    }

    /// Makes place for one more incident.
    pub(super) fn make_place(&mut self, stem: &str) -> io::Result<()> {
        let Some((kind, group)) = parse(stem) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        if self.is_full(kind) {
            self.read_if_stale()?;
        }
        if !self.is_full(kind) {
            return Ok(());
        }
        let path = self.path.clone();
        let share = self.shares.entry(kind.to_owned()).or_default();
        match share.give_way(group, |incidents| incidents.len() as u64, |_| true) {
            Some(incident) => remove(&path, &incident.stem, true),
            None => Err(io::Error::other(format!(
                "{} holds the most incidents of this kind that are kept: look at them and move them away",
                path.display()
            ))),
        }
    }

    /// Makes room for attachments; returns whether there is.
    pub(super) fn make_room(&mut self, stem: &str, wanted: u64) -> io::Result<bool> {
        let Some((kind, group)) = parse(stem) else {
            return Ok(false);
        };
        let has_room = |folder: &Self| {
            let held = folder.shares.get(kind).map_or(0, Share::size);
            held.saturating_add(wanted) <= BYTES_MAX
        };
        if !has_room(self) {
            self.read_if_stale()?;
        }
        while !has_room(self) {
            let path = self.path.clone();
            let share = self.shares.entry(kind.to_owned()).or_default();
            let size = |incidents: &[Incident]| incidents.iter().map(|it| it.size).sum();
            let Some(mut incident) = share.give_way(group, size, |it| it.size > 0) else {
                return Ok(false);
            };
            remove(&path, &incident.stem, false)?;
            incident.size = 0;
            self.add(incident);
        }
        Ok(true)
    }

    /// Notes an incident that was written.
    pub(super) fn add(&mut self, incident: Incident) {
        if let Some((kind, group)) = parse(&incident.stem) {
            let share = self.shares.entry(kind.to_owned()).or_default();
            let incidents = share.groups.entry(group.to_owned()).or_default();
            incidents.push(incident);
        }
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    pub(super) fn document(&self, stem: &str) -> PathBuf {
        self.path(&format!("{stem}.json"))
    }

    fn is_full(&self, kind: &str) -> bool {
        match self.shares.get(kind) {
            Some(share) => share.len() >= INCIDENTS_MAX,
            None => self.shares.len() >= KINDS_MAX,
        }
    }

    fn read_if_stale(&mut self) -> io::Result<()> {
        if self.read_at.elapsed() < READ_FRESH {
            return Ok(());
        }
        self.read()
    }

    fn read(&mut self) -> io::Result<()> {
        let mut found: BTreeMap<String, Incident> = BTreeMap::new();
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            // One that is just being moved away.
            let (Some(name), Ok(metadata)) = (name.to_str(), entry.metadata()) else {
                continue;
            };
            if let Some(stem) = name.strip_suffix(".json") {
                let seen = metadata.modified()?;
                found.insert(stem.to_owned(), Incident::new(stem, 0, seen));
            } else if let Some((stem, _)) = name.rsplit_once('.') {
                *sizes.entry(stem.to_owned()).or_default() += metadata.len();
            }
        }
        for (stem, incident) in &mut found {
            incident.size = sizes.get(stem).copied().unwrap_or(0);
        }
        self.shares.clear();
        let mut found: Vec<Incident> = found.into_values().collect();
        found.sort_by_key(|incident| incident.seen);
        for incident in found {
            self.add(incident);
        }
        self.read_at = Instant::now();
        Ok(())
    }
}

impl Share {
    fn len(&self) -> usize {
        self.groups.values().map(Vec::len).sum()
    }

    fn size(&self) -> u64 {
        let incidents = self.groups.values().flatten();
        incidents.map(|incident| incident.size).sum()
    }

    /// Takes the latest incident that `may` go, and is not the first of its group,
    /// out of the group that weighs most, where that weighs more than `group`.
    fn give_way(
        &mut self,
        group: &str,
        weight: impl Fn(&[Incident]) -> u64,
        may: impl Fn(&Incident) -> bool,
    ) -> Option<Incident> {
        let own = self.groups.get(group).map_or(0, |own| weight(own));
        let can_go = |incidents: &[Incident]| incidents.iter().skip(1).rposition(&may);
        let (_, heaviest) = self
            .groups
            .iter_mut()
            .filter(|(_, incidents)| can_go(incidents).is_some())
            .max_by_key(|(_, incidents)| weight(incidents))?;
        if weight(heaviest) <= own {
            return None;
        }
        let place = can_go(heaviest)? + 1;
        Some(heaviest.remove(place))
    }
}

/// Removes the files of an incident: all, or its attachments alone.
fn remove(folder: &std::path::Path, stem: &str, all: bool) -> io::Result<()> {
    let document = format!("{stem}.json");
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_of_it = name
            .strip_prefix(stem)
            .is_some_and(|rest| rest.starts_with('.'));
        if is_of_it && (all || name != document) {
            fs::remove_file(folder.join(name))?;
        }
    }
    Ok(())
}
