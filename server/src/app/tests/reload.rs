//! Settings that change while requests are open.

use super::*;
use crate::modules::error::Error;
use crate::store::Key;

const KEY: &str = "m.example/x/@v/v1.0.0.mod";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_old_settings_let_through_is_not_kept_at_hand_under_stricter_ones() {
    let origin =
        Origin::start(|_| Reply::ok("module m.example/x\n").after(Duration::from_millis(200)))
            .await;
    let server = Server::start(&origin.url(), |_| {}).await;
    let mut stricter = server.app.config().clone();
    stricter.proof.mode = Mode::Require;
    let reload = async {
        while asked(&origin).is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.app.site.live.take_over(&stricter);
        server.app.site.shelf.forget_answers();
    };
    let (first, ()) = futures_util::future::join(server.get(KEY), reload).await;
    assert_eq!(first, (200, "module m.example/x\n".to_owned()));
    let (status, text) = server.get(KEY).await;
    assert_eq!(status, 403, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_old_settings_refused_is_asked_for_again() {
    let server = Server::start("off", |_| {}).await;
    let shelf = &server.app.site.shelf;
    let key = Key::parse(KEY).unwrap();
    shelf.refuse(&key, Error::NotStored, HOUR);
    assert!(shelf.refused(&key).is_some());
    shelf.forget_answers();
    assert!(shelf.refused(&key).is_none());
}
