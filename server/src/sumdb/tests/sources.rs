//! Where a database is asked.

use std::time::Duration;

use proto::goproxy::list::{Fallback, ProxyList};

use super::fake::Says;
use super::*;
use crate::sumdb::remote::Remote;

const YES: Says = Says::File(Vec::new());

/// Looks something up with these entries in the list, and says who was asked.
async fn places(
    entries: Vec<(Says, Fallback)>,
    url: Option<&str>,
) -> Result<Vec<String>, LookupError> {
    places_of(entries, url, &upstream()).await
}

async fn places_of(
    entries: Vec<(Says, Fallback)>,
    url: Option<&str>,
    upstream: &config::Upstream,
) -> Result<Vec<String>, LookupError> {
    let fake = Arc::new(Fake::with_entries(entries));
    fake.serve(|_| Says::File(b"x".to_vec()));
    let settings = config::Database {
        url: url.map(str::to_owned),
        ..settings(signer().verifier())
    };
    let remote = Arc::new(Remote::new(&settings, upstream, Arc::clone(&fake) as _));
    let hops = Hops::default();
    remote.read("latest", 100, &hops).await?;
    remote.read("latest", 100, &hops).await?;
    Ok(fake.asked())
}

#[tokio::test]
async fn the_list_is_asked_as_the_go_command_asks_it() {
    let (comma, pipe) = (Fallback::NotFound, Fallback::AnyError);
    let own = "https://sum.example.com/latest";
    for (entries, want) in [
        (vec![], vec![own, own]),
        (
            vec![(YES, comma)],
            vec!["entry 0/supported", "entry 0/latest", "entry 0/latest"],
        ),
        (
            vec![(Says::NotFound, comma), (YES, comma)],
            vec![
                "entry 0/supported",
                "entry 1/supported",
                "entry 1/latest",
                "entry 1/latest",
            ],
        ),
        (
            vec![(Says::NotFound, comma), (Says::NotFound, pipe)],
            vec!["entry 0/supported", "entry 1/supported", own, own],
        ),
        (
            vec![(Says::Status(500), pipe), (YES, comma)],
            vec![
                "entry 0/supported",
                "entry 1/supported",
                "entry 1/latest",
                "entry 1/latest",
            ],
        ),
    ] {
        assert_eq!(places(entries, None).await.unwrap(), want);
    }
    for entries in [
        vec![(Says::Status(500), comma), (YES, comma)],
        vec![(Says::Status(500), pipe), (Says::NotFound, comma)],
    ] {
        let error = places(entries, None).await.unwrap_err();
        assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_address_of_its_own_goes_around_the_list() {
    let want = ["http://127.0.0.1:1/db/latest"; 2];
    let asked = places(
        vec![(YES, Fallback::NotFound)],
        Some("http://127.0.0.1:1/db/"),
    )
    .await;
    assert_eq!(asked.unwrap(), want);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_asked_again_after_a_while_and_after_a_failure() {
    let fake = Arc::new(Fake::default());
    let settings = settings(signer().verifier());
    let remote = Arc::new(Remote::new(&settings, &upstream(), Arc::clone(&fake) as _));
    let hops = Hops::default();
    let searches = || {
        fake.asked()
            .iter()
            .filter(|path| path.ends_with("supported"))
            .count()
    };
    fake.serve(|_| Says::NotFound);
    for _ in 0..3 {
        assert!(remote.read("lookup/x@v1.0.0", 100, &hops).await.is_err());
    }
    assert_eq!(searches(), 1, "not found is an answer");
    fake.go_down();
    for _ in 0..3 {
        assert!(remote.read("latest", 100, &hops).await.is_err());
    }
    assert_eq!(searches(), 2, "after each failure but the last");
    fake.serve(|_| Says::File(Vec::new()));
    remote.read("latest", 100, &hops).await.unwrap();
    assert_eq!(searches(), 1);
    tokio::time::advance(Duration::from_secs(601)).await;
    remote.read("latest", 100, &hops).await.unwrap();
    assert_eq!(searches(), 1);
}

#[tokio::test]
async fn where_the_list_says_off_nobody_is_dialled() {
    let comma = Fallback::NotFound;
    let of = |list: &str| config::Upstream {
        list: ProxyList::parse(list).unwrap(),
        ..upstream()
    };
    let own = Some("http://127.0.0.1:1/db");
    let error = places_of(vec![], None, &of("off")).await.unwrap_err();
    let LookupError::Unreachable { reason, .. } = error else {
        panic!("{error}");
    };
    assert!(reason.contains("off"), "{reason}");
    let then_off = of("https://a.example,off");
    let entries = || vec![(Says::NotFound, comma)];
    let error = places_of(entries(), None, &then_off).await.unwrap_err();
    assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
    // One that relays it, or an address of its own, is asked all the same.
    let asked = places_of(vec![(YES, comma)], None, &then_off)
        .await
        .unwrap();
    assert_eq!(asked.last().unwrap(), "entry 0/latest");
    let asked = places_of(vec![], own, &of("off")).await.unwrap();
    assert_eq!(asked.last().unwrap(), "http://127.0.0.1:1/db/latest");
}
