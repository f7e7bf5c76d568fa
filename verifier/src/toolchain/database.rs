//! A checksum database as a client sees it: an answer, the tiles that prove it,
//! and nothing believed before.

use anyhow::{Context as _, bail};
use proto::dirhash::H1;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::note::{self, VerifierKey};
use proto::sumdb::client::LookupPlan;
use proto::sumdb::{LookupAnswer, Record};
use proto::tlog::Tile;
use proto::toolchain::Release;

use super::settings::Route;
use super::site::Site;

/// The longest answer to a lookup that is read, in bytes.
pub const ANSWER_BYTES_MAX: u64 = (1 << 20) + note::LEN_MAX as u64;

/// The longest tile that is read, in bytes: 256 hashes.
const TILE_BYTES_MAX: u64 = 256 * 32;

/// The longest answer to `supported` that is read, in bytes; its text says nothing.
const SUPPORTED_BYTES_MAX: u64 = 4096;

/// Full tiles have this many hashes.
const TILE_WIDTH: u32 = 256;

/// What a record says a release's files hash to, and how far that is certain.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The release.
    pub release: Release,
    /// The hash of its files.
    pub h1: H1,
    /// The name of the database.
    pub database: String,
    /// The record's number in it.
    pub id: u64,
    /// Records under the signed head.
    pub tree_size: u64,
    /// Whether the record is proved to be under that head. The signature covers
    /// the head alone; without this proof anybody can have written the record.
    pub proved: bool,
    /// Where the answer was read from.
    pub source: String,
}

/// Opens an answer: its head must be signed by `key`, its record must be about
/// `release`, and, where tiles can be read, lie under the head.
///
/// # Errors
/// When the answer can't be true, or tiles are missing or bad.
pub fn open(
    answer: &[u8],
    release: &Release,
    key: &VerifierKey,
    tiles: Option<&Site>,
    source: String,
) -> anyhow::Result<Recorded> {
    let module = release.module();
    let plan = LookupPlan::new(None, answer, module, key)
        .with_context(|| format!("{source} is not an answer of {} about {module}", key.name()))?;
    let tree_size = plan.head().tree.size;
    let (id, record, proved) = match tiles {
        None => {
            let answer = LookupAnswer::parse(answer)?;
            (answer.id, Record::parse(&answer.record)?, false)
        }
        Some(site) => {
            let tiles = read_tiles(site, plan.tiles())?;
            let proved = plan
                .finish(&tiles)
                .with_context(|| format!("the tiles of {} do not prove {source}", site.name()))?;
            (proved.id, proved.record, true)
        }
    };
    let h1 = record
        .h1(module)
        .with_context(|| format!("record {id} of {} has no h1 of {module}", key.name()))?;
    Ok(Recorded {
        release: release.clone(),
        h1,
        database: key.name().to_owned(),
        id,
        tree_size,
        proved,
        source,
    })
}

/// Asks a database about a release by the first route that leads to it, and
/// proves the answer.
///
/// # Errors
/// As [`open`], and when the database can't be reached or has no such record.
pub fn look_up(routes: &[Route], release: &Release, key: &VerifierKey) -> anyhow::Result<Recorded> {
    let site = follow(routes)?;
    let answer = lookup(site, release.module())?;
    let path = SumdbRequest::Lookup(release.module().clone()).path();
    let source = site.join(&path).name();
    open(&answer, release, key, Some(site), source)
}

/// An answer of a database about a module, and the tiles that prove it.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The answer to the lookup.
    pub answer: Vec<u8>,
    /// The tiles, in the order that its [`LookupPlan`] names them.
    pub tiles: Vec<Vec<u8>>,
}

/// Asks a database about any module, where [`follow`] leads to, and checks the answer's
/// proof.
///
/// # Errors
/// When the database can't be reached, has no record of the module, or can't prove it.
pub fn prove(site: &Site, module: &ModuleVersion, key: &VerifierKey) -> anyhow::Result<Proof> {
    let answer = lookup(site, module)?;
    let about = || format!("{} does not prove {module}", site.name());
    let plan = LookupPlan::new(None, &answer, module, key).with_context(about)?;
    let tiles = read_tiles(site, plan.tiles())?;
    plan.finish(&tiles).with_context(about)?;
    Ok(Proof { answer, tiles })
}

fn lookup(site: &Site, module: &ModuleVersion) -> anyhow::Result<Vec<u8>> {
    let path = SumdbRequest::Lookup(module.clone()).path();
    let answer = site.read(&path, ANSWER_BYTES_MAX)?;
    answer.with_context(|| {
        format!(
            "{} has no record of {module}: no such version, or not under this name",
            site.name()
        )
    })
}

fn read_tiles(site: &Site, tiles: &[Tile]) -> anyhow::Result<Vec<Vec<u8>>> {
    tiles.iter().map(|tile| read_tile(site, tile)).collect()
}

/// Chooses the route as the go command does: a proxy that says it relays the
/// database is the only one asked; one that says "not found" is passed over.
///
/// # Errors
/// When a proxy that may not be passed over can't be asked, or no route leads anywhere.
///
/// Source: go.dev/ref/mod#checksum-database
pub fn follow(routes: &[Route]) -> anyhow::Result<&Site> {
    for route in routes {
        match route {
            Route::Database(site) => return Ok(site),
            Route::Proxy {
                site,
                passes_errors,
            } => match site.read(&SumdbRequest::Supported.path(), SUPPORTED_BYTES_MAX) {
                Ok(Some(_)) => return Ok(site),
                Ok(None) => {}
                Err(_) if *passes_errors => {}
                Err(error) => return Err(error),
            },
        }
    }
    bail!("no server of the list relays the checksum database");
}

/// Reads a tile, cut from a wider one where the site has no narrower one any more.
fn read_tile(site: &Site, tile: &Tile) -> anyhow::Result<Vec<u8>> {
    if let Some(bytes) = site.read(&tile.path(), TILE_BYTES_MAX)? {
        return Ok(bytes);
    }
    let widths: Vec<u32> = match site {
        // A folder may hold what was fetched for another head; looking costs little.
        Site::Folder(_) => (tile.width + 1..=TILE_WIDTH).collect(),
        Site::Http { .. } => vec![TILE_WIDTH],
    };
    for width in widths {
        let wider = Tile { width, ..*tile };
        if let Some(bytes) = site.read(&wider.path(), TILE_BYTES_MAX)? {
            return Ok(tile.cut(&wider, &bytes)?.to_vec());
        }
    }
    bail!("{} has no {tile}", site.name())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proto::tlog::Level;

    use super::*;

    /// A folder as a proxy, which says that it relays or says nothing.
    fn proxy(folder: &Path, relays: bool, passes_errors: bool) -> Route {
        fs::create_dir_all(folder).unwrap();
        if relays {
            fs::write(folder.join("supported"), "").unwrap();
        }
        Route::Proxy {
            site: Site::Folder(folder.into()),
            passes_errors,
        }
    }

    #[test]
    fn the_first_proxy_that_relays_is_asked_and_one_that_fails_stops_the_search() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let silent = || proxy(&at("silent"), false, false);
        let relays = || proxy(&at("relays"), true, false);
        // A file in place of a folder can't be looked into.
        fs::write(at("broken"), "").unwrap();
        let broken = |passes_errors| Route::Proxy {
            site: Site::Folder(at("broken")),
            passes_errors,
        };
        let database = || Route::Database(Site::Folder(at("database")));
        let asked = |routes: &[Route]| {
            let site = follow(routes).map_err(|error| format!("{error:#}"));
            site.map(|site| site.name().rsplit('/').next().unwrap().to_owned())
        };
        let site = |name: &str| Ok(name.to_owned());
        assert_eq!(asked(&[relays(), database()]), site("relays"));
        assert_eq!(asked(&[silent(), database()]), site("database"));
        assert_eq!(asked(&[silent(), relays(), database()]), site("relays"));
        assert_eq!(asked(&[broken(true), relays()]), site("relays"));
        assert!(asked(&[broken(false), relays()]).is_err());
        let nowhere = asked(&[silent()]).unwrap_err();
        assert_eq!(
            nowhere,
            "no server of the list relays the checksum database"
        );
    }

    #[test]
    fn a_tile_that_is_not_there_any_more_is_cut_from_a_wider_one() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::Folder(folder.path().into());
        let tile = |width: u32| Tile {
            height: 8,
            level: Level::Hashes(0),
            index: 0,
            width,
        };
        let hashes = |width: u32| vec![7; 32 * usize::try_from(width).unwrap()];
        let write = |width: u32| {
            let path = folder.path().join(tile(width).path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, hashes(width)).unwrap();
        };
        let missing = read_tile(&site, &tile(5)).unwrap_err().to_string();
        assert!(
            missing.ends_with(&format!(" has no {}", tile(5))),
            "{missing}"
        );
        write(4);
        assert!(read_tile(&site, &tile(5)).is_err(), "a narrower one");
        write(9);
        assert_eq!(read_tile(&site, &tile(5)).unwrap(), hashes(5));
        assert_eq!(read_tile(&site, &tile(4)).unwrap(), hashes(4));
        let tiles = read_tiles(&site, &[tile(5), tile(9)]).unwrap();
        assert_eq!(tiles, [hashes(5), hashes(9)]);
        let other = tempfile::tempdir().unwrap();
        let path = other.path().join(tile(TILE_WIDTH).path());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, hashes(TILE_WIDTH)).unwrap();
        let other = Site::Folder(other.path().into());
        assert_eq!(read_tile(&other, &tile(255)).unwrap(), hashes(255));
        fs::write(&path, hashes(TILE_WIDTH + 1)).unwrap();
        assert!(
            read_tile(&other, &tile(255)).is_err(),
            "longer than any tile"
        );
    }
}
