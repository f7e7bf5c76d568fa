use std::io::Write;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::sync::oneshot;

use super::*;
use crate::shelf::answer::Kind;

fn fills() -> Arc<Fills> {
    fills_for(Duration::from_secs(60))
}

fn fills_for(unwatched_max: Duration) -> Arc<Fills> {
    let bounds = Bounds {
        begun_max: 10,
        unwatched_max,
    };
    Arc::new(Fills::new(bounds, TaskTracker::new()))
}

fn key() -> Key {
    Key::parse("m.example/x/@v/v1.0.0.zip").unwrap()
}

fn answer(body: &[u8]) -> Arc<Answer> {
    let body = Bytes::copy_from_slice(body);
    Arc::new(Answer::of_bytes(Kind::Zip, body, None))
}

async fn body(reply: Reply) -> io::Result<Vec<u8>> {
    match reply {
        Reply::Whole(answer) => Ok(answer.content.bytes(1 << 30)?.to_vec()),
        Reply::Arriving { pieces, .. } => {
            pieces
                .try_fold(Vec::new(), |mut all, piece| async move {
                    all.extend_from_slice(&piece);
                    Ok(all)
                })
                .await
        }
    }
}

#[tokio::test]
async fn many_clients_share_one_fill() {
    let fills = fills();
    let (go, wait) = oneshot::channel();
    let mut wait = Some(wait);
    let mut clients = Vec::new();
    for number in 0..20 {
        let joined = fills
            .join(&key(), |_flow| {
                let wait = wait.take().unwrap();
                async move {
                    wait.await.unwrap();
                    Ok(answer(b"bytes"))
                }
            })
            .unwrap();
        assert_eq!(joined.began, number == 0);
        clients.push(tokio::spawn(reply(joined.seat, ())));
    }
    // Half of them leave, the first one among them.
    for client in clients.drain(..10) {
        client.abort();
    }
    go.send(()).unwrap();
    for client in clients {
        let reply = client.await.unwrap().ok().unwrap();
        assert_eq!(body(reply).await.unwrap(), b"bytes");
    }
}

#[tokio::test]
async fn a_fill_ends_though_everybody_left() {
    let fills = fills();
    let (done, ended) = oneshot::channel();
    let joined = fills.join(&key(), |_flow| async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        done.send(()).unwrap();
        Ok(answer(b"bytes"))
    });
    drop(joined);
    ended.await.unwrap();
    while fills.under_way() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bytes_leave_as_they_are_let_go_and_the_rest_at_the_end() {
    let fills = fills();
    let whole: Vec<u8> = (0..400_000_u32).map(|n| (n % 251) as u8).collect();
    let file = tempfile::tempfile().unwrap();
    (&file).write_all(&whole).unwrap();
    let (file, kept) = (Arc::new(file), whole.clone());
    let (go, wait) = oneshot::channel();
    let joined = fills.join(&key(), move |flow| async move {
        flow.advance(&file, Some(400_000), 1);
        wait.await.unwrap();
        flow.advance(&file, Some(400_000), 300_000);
        tokio::task::yield_now().await;
        Ok(answer(&kept))
    });
    let Ok(Reply::Arriving { length, pieces }) = reply(joined.ok().unwrap().seat, ()).await else {
        panic!("nothing is arriving");
    };
    assert_eq!(length, Some(400_000));
    go.send(()).unwrap();
    assert_eq!(
        body(Reply::Arriving { length, pieces }).await.unwrap(),
        whole
    );
}

#[tokio::test]
async fn a_refusal_after_the_first_bytes_is_an_error_of_the_body() {
    let fills = fills();
    let file = tempfile::tempfile().unwrap();
    (&file).write_all(b"0123456789").unwrap();
    let joined = fills.join(&key(), move |flow| async move {
        flow.advance(&Arc::new(file), Some(10), 4);
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(Error::Unfit {
            reason: "another file".to_owned(),
        })
    });
    let arriving = reply(joined.ok().unwrap().seat, ()).await.ok().unwrap();
    let error = body(arriving).await.unwrap_err();
    assert!(error.to_string().contains("another file"));
}

#[tokio::test]
async fn a_fill_that_panics_fails_its_clients_and_blocks_nobody() {
    let fills = fills();
    let panics = fills.join(&key(), |_flow| async move { panic!("a bug") });
    let refusal = reply(panics.ok().unwrap().seat, ()).await.err().unwrap();
    assert!(matches!(refusal, Error::Stopping), "{refusal:?}");
    while fills.under_way() > 0 {
        tokio::task::yield_now().await;
    }
    let again = fills.join(&key(), |_flow| async move { Ok(answer(b"bytes")) });
    assert!(reply(again.ok().unwrap().seat, ()).await.is_ok());
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let fills = fills();
    let begin = |number: usize| {
        let key = Key::parse(&format!("m.example/x/@v/v1.0.{number}.zip")).unwrap();
        fills
            .join(&key, |_flow| std::future::pending())
            .map(|joined| joined.began)
    };
    for number in 0..10 {
        assert!(matches!(begin(number), Ok(true)));
    }
    assert!(matches!(begin(10), Err(Error::Busy { .. })));
    assert!(matches!(begin(0), Ok(false)));
}

#[tokio::test]
async fn a_fill_that_nobody_watches_any_more_ends_after_a_while() {
    struct Dropped(Option<oneshot::Sender<()>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(());
        }
    }
    let fills = fills_for(Duration::from_millis(20));
    let (dropped, ended) = oneshot::channel();
    let dropped = Dropped(Some(dropped));
    let joined = fills.join(&key(), move |_flow| async move {
        let _dropped = dropped;
        std::future::pending().await
    });
    let first = joined.ok().unwrap().seat;
    // Somebody else comes and goes; the first one stays.
    drop(fills.join(&key(), |_| async { Ok(answer(b"")) }));
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(fills.under_way(), 1);
    drop(first);
    ended.await.unwrap();
    while fills.under_way() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_comes_while_an_abandoned_fill_ends_begins_another_one() {
    /// Somebody who comes when the work is dropped.
    struct Comes(Option<(Arc<Fills>, oneshot::Sender<Joined<Watcher>>)>);
    impl Drop for Comes {
        fn drop(&mut self) {
            let (fills, sender) = self.0.take().unwrap();
            let joined = fills.join(&key(), |_| async { Ok(answer(b"bytes")) });
            let _ = sender.send(joined.ok().unwrap());
        }
    }
    let fills = fills_for(Duration::from_millis(20));
    let (sender, coming) = oneshot::channel();
    let comes = Comes(Some((Arc::clone(&fills), sender)));
    let joined = fills.join(&key(), move |_flow| async move {
        let _comes = comes;
        std::future::pending().await
    });
    drop(joined);
    let joined = coming.await.unwrap();
    assert!(joined.began);
    let reply = reply(joined.seat, ()).await.ok().unwrap();
    assert_eq!(body(reply).await.unwrap(), b"bytes");
    while fills.under_way() > 0 {
        tokio::task::yield_now().await;
    }
}
