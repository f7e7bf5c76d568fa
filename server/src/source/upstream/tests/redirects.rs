use proto::goproxy::list::ProxyList;

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
    // Asked once: a ring of redirects is not a transient failure.
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

/// A world outside: names under `.example`, asked through an HTTP proxy on loopback,
/// redirect to what their path says after its first element.
async fn outside() -> (Origin, HttpProxy) {
    let world = Origin::start(|request| match request.target.split_once("/to/") {
        Some((_, target)) => Reply::redirect(&target.replace('@', "/")),
        None => Reply::ok("public"),
    })
    .await;
    let proxy = HttpProxy {
        http: Some(world.url()),
        ..HttpProxy::default()
    };
    (world, proxy)
}

#[tokio::test]
async fn who_names_the_hop_decides_at_each_hop() {
    let secret = Origin::start(|_| Reply::ok("secret")).await;
    let (_world, proxy) = outside().await;
    // Paths come to a scripted server as the URL of the next hop has them.
    let to_secret = format!("http://cdn.example/to/http:@@{}@x", secret.address);
    let here = secret.url();
    let upstream = Origin::start(move |request| match request.target.as_str() {
        "/direct" => Reply::redirect(&here),
        "/over-outside" => Reply::redirect(&to_secret),
        "/metadata" => Reply::redirect("http://169.254.169.254/latest/meta-data/"),
        "/link" => Reply::redirect("http://[fe80::1]/"),
        _ => Reply::redirect("http://cdn.example/blob"),
    })
    .await;
    let mut settings = settings(&upstream.url());
    settings.http_proxy = proxy;
    let upstreams = open(&settings);
    // An upstream inside may name another one inside, or one outside,
    assert_eq!(text(&upstreams, "direct").await, "secret");
    assert_eq!(text(&upstreams, "outside").await, "public");
    // but that one names nobody inside, and nobody names a link's addresses.
    for path in ["over-outside", "metadata", "link"] {
        let error = get(&upstreams, path).await.expect_err(path);
        assert!(error.to_string().contains("internal address"), "{error}");
    }
    assert_eq!(secret.seen().len(), 1);
}

#[tokio::test]
async fn the_configuration_may_name_hosts_inside() {
    let store = Origin::start(|_| Reply::ok("stored")).await;
    let (_world, proxy) = outside().await;
    let list = format!("http://go.example/to/http:@@{}", store.address);
    let mut settings = settings(&list);
    settings.http_proxy = proxy;
    let error = get(&open(&settings), "x").await.expect_err("inside");
    assert_eq!(brief(&error), "bad");
    settings.redirect_hosts = vec![store.address.to_string()];
    assert_eq!(text(&open(&settings), "x").await, "stored");
    // A private list names its host too.
    settings.redirect_hosts.clear();
    settings.private = vec![crate::config::Private {
        modules: Default::default(),
        list: Some(ProxyList::parse(&store.url()).expect("a list")),
    }];
    assert_eq!(text(&open(&settings), "x").await, "stored");
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
