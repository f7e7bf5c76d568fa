//! What many clients need at once is asked for once, and not all at once.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use futures_util::future::try_join_all;
use http::HeaderValue;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn cold_lookups_at_once_ask_for_each_tile_once() {
    let bench = Bench::new();
    bench.serve(SIZE);
    try_join_all((0..150).map(|id| bench.lookup(id * 400)))
        .await
        .unwrap();
    let mut times = BTreeMap::new();
    for path in bench.fake.asked() {
        *times.entry(path).or_insert(0) += 1;
    }
    let edge = "entry 0/tile/8/0/257.p/208";
    assert_eq!(times.get(edge), Some(&1), "{times:?}");
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let at_once = bench.fake.asking_max.load(Ordering::Relaxed);
    assert!((2..=33).contains(&at_once), "{at_once}");
}

#[tokio::test]
async fn those_that_come_through_another_server_share_the_work_of_others() {
    let bench = Bench::new();
    bench.serve(500);
    let relayed = Hops {
        via: Some(HeaderValue::from_static("edge, me")),
    };
    let own = Hops {
        via: Some(HeaderValue::from_static("me")),
    };
    let seven = module(7);
    let lookup = |hops| bench.database.lookup(&seven, hops);
    let (a, b, c) = tokio::join!(lookup(&own), lookup(&relayed), lookup(&own));
    assert!(a.unwrap().bytes == b.unwrap().bytes && c.is_ok());
    let asked = bench.fake.asked();
    let lookups = asked.iter().filter(|path| path.contains("/lookup/"));
    assert_eq!(lookups.count(), 1);
}

#[tokio::test]
async fn what_a_client_came_through_is_told_with_every_request() {
    let bench = Bench::new();
    bench.serve(SIZE);
    let hops = Hops {
        via: Some(HeaderValue::from_static("first, me")),
    };
    bench.database.latest(&hops).await.unwrap();
    bench.database.lookup(&module(3), &hops).await.unwrap();
    let tile = Tile::parse("tile/8/0/077").unwrap();
    bench.database.tile(&tile, &hops).await.unwrap();
    let seen = bench.fake.hops.lock().unwrap();
    assert!(seen.len() > 5 && seen.iter().all(|seen| seen.via == hops.via));
}
