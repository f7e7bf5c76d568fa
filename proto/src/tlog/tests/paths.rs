//! Paths of tiles, texts of tree heads, and cutting tiles.

use super::*;

#[test]
fn a_narrow_tile_is_cut_from_a_wider_one() {
    let log = log(70);
    let held = Tile::parse("tile/3/0/008.p/6").unwrap();
    let data = log.tile(&held).unwrap();
    for width in 1..=6 {
        let narrow = Tile { width, ..held };
        let want = log.tile(&narrow).unwrap();
        assert_eq!(narrow.cut(&held, &data).unwrap(), want);
    }
    for other in [
        "tile/3/0/008",
        "tile/3/0/008.p/7",
        "tile/3/0/007.p/1",
        "tile/3/1/008.p/1",
        "tile/4/0/008.p/1",
        "tile/3/data/008.p/1",
    ] {
        let refused = Tile::parse(other).unwrap().cut(&held, &data);
        assert!(matches!(refused, Err(Error::NotAPrefix { .. })), "{other}");
    }
    let narrow = Tile { width: 2, ..held };
    assert!(matches!(
        narrow.cut(&held, &data[1..]),
        Err(Error::TileLength { .. })
    ));
}

#[test]
fn tile_paths_are_read_in_one_way_only() {
    for good in [
        "tile/8/0/000",
        "tile/8/0/x001/067.p/1",
        "tile/8/data/x001/x234/067",
        "tile/3/4/x001/x234/067.p/1",
        "tile/1/63/999.p/1",
        "tile/30/0/000.p/1073741823",
        "tile/8/0/x018/x446/x744/x073/x709/x551/615",
    ] {
        assert_eq!(Tile::parse(good).unwrap().path(), good);
    }
    let bad = "tile tile/ tile/8 tile/8/0 tile/8/0/ tile/8/0/1 tile/8/0/01 tile/8/0/0000 \
        tile/8/0/001/ tile/8/0/x001 tile/8/0/x000/001 tile/8/0/001/002 tile/8/0/x001/x002 \
        tile/8/0/x0010/002 tile/8/0/X001/002 tile/8/0/+01 tile/8/0/-01 \
        tile/8/64/000 tile/8/-1/000 tile/8/00/000 tile/8/DATA/000 \
        tile/0/0/000 tile/31/0/000 tile/08/0/000 tile/256/0/000 \
        tile/8/0/000.p/0 tile/8/0/000.p/256 tile/8/0/000.p/257 tile/8/0/000.p/01 \
        tile/8/0/000.p/ tile/8/0/000.p tile/8/0/000.p/1/ tile/8/0/000.p/1.p/1 \
        tile/8/0/x018/x446/x744/x073/x709/x551/616 \
        tile/8/0/x999/x999/x999/x999/x999/x999/x999/999 \
        /tile/8/0/000 tile//8/0/000 tile/8/0/٠٠٠ tile/8/0/000.p/٣ TILE/8/0/000";
    for bad in bad.split(' ').chain(["", "tile/8/0/000 ", " tile/8/0/000"]) {
        assert!(Tile::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn tree_heads_are_read_in_one_way_only() {
    let tree = log(7).tree();
    let text = checkpoint::format(&tree);
    assert_eq!(checkpoint::parse(&text), Ok(tree));
    assert_eq!(checkpoint::parse(&format!("{text}more\nlines\n")), Ok(tree));
    let hash = tree.hash;
    for bad in [
        String::new(),
        "go.sum database tree\n".into(),
        "go.sum database tree\n7\n".into(),
        format!("go.sum database tree\n7\n{hash}"),
        format!("other tree\n7\n{hash}\n"),
        format!("go.sum database tree\n07\n{hash}\n"),
        format!("go.sum database tree\n+7\n{hash}\n"),
        format!("go.sum database tree\n-7\n{hash}\n"),
        format!("go.sum database tree\n\n{hash}\n"),
        format!("go.sum database tree\n7 \n{hash}\n"),
        format!("go.sum database tree\n7\n {hash}\n"),
        "go.sum database tree\n7\nAAAA\n".into(),
        format!("go.sum database tree\n0\n{hash}\n"),
        format!("go.sum database tree\n4611686018427387905\n{hash}\n"),
        format!("go.sum database tree\n99999999999999999999\n{hash}\n"),
    ] {
        assert!(checkpoint::parse(&bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn tile_paths_and_tiles_are_inverses(
        height in 1..=HEIGHT_MAX,
        level in prop_oneof![Just(Level::Data), (0..=63_u8).prop_map(Level::Hashes)],
        index: u64,
        width: u32,
    ) {
        let tile = Tile { height, level, index, width: 1 + width % (1 << height) };
        prop_assert_eq!(Tile::parse(&tile.path()), Ok(tile));
    }

    #[test]
    fn any_text_is_a_tile_path_or_an_error(text in "(tile/)?[0-9xp./]{0,20}|.{0,30}") {
        if let Ok(tile) = Tile::parse(&text) {
            prop_assert_eq!(tile.path(), text);
        }
    }
}
