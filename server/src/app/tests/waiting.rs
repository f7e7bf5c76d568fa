//! Clients who wait for upstream, and those who leave.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_begins_downloads_and_leaves_has_his_places_taken() {
    let origin = Origin::start(|_| Reply::default().then_hang()).await;
    let server = Server::start(&origin.url(), |config| {
        config.limits.waiting_per_address_max = 2;
    })
    .await;
    for number in 0..2 {
        let key = format!("m.example/x/@v/v1.0.{number}.mod");
        let waits = server.get(&key);
        let seen = async {
            while asked(&origin).len() <= number {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        // He leaves as soon as upstream is asked.
        tokio::select! {
            answer = waits => panic!("{answer:?}"),
            () = seen => {}
        }
    }
    for key in ["m.example/x/@v/v1.0.2.mod", "m.example/x/@v/list"] {
        let (status, text) = server.get(key).await;
        assert_eq!(status, 503, "{text}");
        assert!(text.contains("from your address"), "{text}");
    }
    assert_eq!(asked(&origin).len(), 2, "{:?}", asked(&origin));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_come_through_another_server_wait_for_the_same_transfer() {
    let origin =
        Origin::start(|_| Reply::ok("module m.example/x\n").after(Duration::from_millis(200)))
            .await;
    let server = Server::start(&origin.url(), |_| {}).await;
    let key = "m.example/x/@v/v1.0.0.mod";
    let relayed = [("Sumward-Via", "edge")];
    let (own, relayed) =
        futures_util::future::join(server.ask(key, &[]), server.ask(key, &relayed)).await;
    for answer in [own, relayed] {
        assert_eq!(answer.status().as_u16(), 200);
    }
    assert_eq!(asked(&origin).len(), 1);
}
