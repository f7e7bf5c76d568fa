use super::kit::{Origin, Reply, brief, get, open, settings, text};
use crate::config::HttpProxy;
use crate::source::upstream::FetchError;

fn with_user(origin: &Origin) -> String {
    format!("http://u:p@{}", origin.address)
}

#[tokio::test]
async fn credentials_stay_at_home() {
    let store = Origin::start(|_| Reply::ok("stored")).await;
    let away = format!("{}/blob?sig=1", store.url());
    let origin = Origin::start(move |request| match request.target.as_str() {
        "/away" => Reply::redirect(&away),
        "/home" => Reply::redirect("/moved"),
        _ => Reply::ok("at home"),
    })
    .await;
    let upstreams = open(&settings(&with_user(&origin)));
    assert_eq!(text(&upstreams, "home").await, "at home");
    assert_eq!(text(&upstreams, "away").await, "stored");
    for request in origin.seen() {
        assert_eq!(
            request.header("authorization"),
            Some("Basic dTpw"),
            "{}",
            request.target
        );
    }
    let [request] = &store.seen()[..] else {
        panic!("not one request")
    };
    assert_eq!(request.target, "/blob?sig=1");
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn follows_ten_and_no_more() {
    let origin = Origin::start(|request| {
        let left: u32 = request.target[1..].parse().expect("a number");
        match left {
            0 => Reply::ok("end"),
            _ => Reply::redirect(&format!("/{}", left - 1)),
        }
    })
    .await;
    let upstreams = open(&settings(&origin.url()));
    assert_eq!(text(&upstreams, "10").await, "end");
    let error = get(&upstreams, "11").await.expect_err("too many");
    assert_eq!(brief(&error), "bad");
    // Asked once: a ring of redirects is no transient failure.
    assert_eq!(origin.seen().len(), 11 + 11);
}

#[tokio::test]
async fn refuses_redirects_without_sense() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/none" => Reply::new(302, &[], b""),
        "/file" => Reply::redirect("file:///etc/passwd"),
        "/long" => {
            // More than hyper itself would take is another error, and as final.
            let long = "x".repeat(70_000);
            Reply::new(200, &[("X-Long", long.as_str())], b"")
        }
        _ => Reply::redirect("http://["),
    })
    .await;
    let upstreams = open(&settings(&origin.url()));
    for path in ["none", "file", "broken", "long"] {
        let error = get(&upstreams, path).await.expect_err(path);
        assert_eq!(brief(&error), "bad", "{path}: {error}");
    }
}

#[tokio::test]
async fn public_upstreams_cannot_send_us_inside() {
    let inside = Origin::start(|_| Reply::ok("secret")).await;
    let targets = [
        inside.url(),
        format!("http://localhost:{}/", inside.address.port()),
        format!("http://2130706433:{}/", inside.address.port()),
        format!("http://[::ffff:127.0.0.1]:{}/", inside.address.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/".to_owned(),
    ];
    // An HTTP proxy makes a public upstream out of a port on loopback.
    let count = targets.len();
    let world = Origin::start(move |request| {
        let at = request.target.rsplit('/').next().expect("a path");
        match targets.get(at.parse::<usize>().expect("a number")) {
            Some(target) => Reply::redirect(target),
            None => Reply::ok("public"),
        }
    })
    .await;
    let mut settings = settings("http://modules.example/proxy");
    settings.http_proxy = HttpProxy {
        http: Some(format!("http://u:p@{}", world.address)),
        ..HttpProxy::default()
    };
    let upstreams = open(&settings);
    for at in 0..count {
        let error = get(&upstreams, &at.to_string()).await.expect_err("inside");
        let FetchError::BadAnswer { reason, .. } = &error else {
            panic!("{at}: {error}");
        };
        assert!(reason.contains("internal address"), "{reason}");
    }
    assert!(inside.seen().is_empty());
    assert_eq!(text(&upstreams, "99").await, "public");
    let last = world.seen().pop().expect("a request");
    assert_eq!(last.target, "http://modules.example/proxy/99");
    assert_eq!(last.header("proxy-authorization"), Some("Basic dTpw"));
    assert_eq!(last.header("authorization"), None);
}

#[tokio::test]
async fn hosts_beside_the_proxy_are_reached_without_it() {
    let direct = Origin::start(|_| Reply::ok("direct")).await;
    let proxy = Origin::start(|_| Reply::ok("through the proxy")).await;
    let mut settings = settings(&direct.url());
    settings.http_proxy = HttpProxy {
        http: Some(proxy.url()),
        https: None,
        except: Some("example.org".into()),
    };
    assert_eq!(text(&open(&settings), "x").await, "direct");
    assert!(proxy.seen().is_empty());
}
