//! Tiles proved by themselves.

use super::*;

#[test]
fn proves_single_tiles_of_hashes() {
    let head = head(&LOG, SIZE);
    for path in [
        "tile/8/0/000",
        "tile/8/0/000.p/7",
        "tile/8/0/273.p/112",
        "tile/8/0/273.p/1",
        "tile/8/1/000.p/200",
        "tile/8/1/001.p/17",
        "tile/8/2/000.p/1",
    ] {
        let tile = Tile::parse(path).unwrap();
        let check = TileCheck::new(&head, &tile).unwrap();
        let mut data = read(&LOG, check.tiles());
        assert_eq!(
            check.finish(&data).unwrap(),
            LOG.tile(&tile).unwrap(),
            "{path}"
        );
        let last = data.len() - 1;
        data[last][0] ^= 1;
        assert!(check.finish(&data).is_err(), "{path}");
    }
    for path in [
        "tile/8/0/274",
        "tile/8/0/273.p/113",
        "tile/8/0/273",
        "tile/8/3/000.p/1",
    ] {
        let tile = Tile::parse(path).unwrap();
        assert!(TileCheck::new(&head, &tile).is_err(), "{path}");
    }
}

#[test]
fn proves_tiles_of_records() {
    let head = head(&LOG, 300);
    for (path, first, last) in [
        ("tile/8/data/000", 0, 256),
        ("tile/8/data/001.p/9", 256, 265),
    ] {
        let tile = Tile::parse(path).unwrap();
        let check = TileCheck::new(&head, &tile).unwrap();
        assert_eq!(check.tiles().last(), Some(&tile));
        let (_, hashes) = check.tiles().split_last().unwrap();
        assert!(hashes.iter().all(|tile| tile.level != Level::Data));
        let text: String = (first..last).map(|id| record(id) + "\n").collect();
        let with = |text: &str| {
            let mut data = read(&LOG, hashes);
            data.push(text.as_bytes().to_vec());
            check.finish(&data)
        };
        assert_eq!(with(&text).unwrap(), text.as_bytes());
        assert!(matches!(
            with(&text.replacen("h1:", "h1;", 1)),
            Err(Error::RecordMismatch { .. })
        ));
        assert!(with(&text[record(first).len() + 1..]).is_err(), "one fewer");
        assert!(
            with(&format!("{text}{}\n", record(last))).is_err(),
            "one more"
        );
        assert!(with("").is_err());
        assert!(check.finish(&read(&LOG, hashes)).is_err(), "none at all");
    }
}
