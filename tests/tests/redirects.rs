//! Where an upstream's redirects may lead: inside only from inside, or where the
//! configuration says so.

use testkit::client::Reply;
use testkit::origin::{Fault, Origin};
use testkit::sumward::Setup;
use testkit::world::{QUICK, World};

const LIST: &str = "/example.com/thing/@v/list";

/// An upstream that answers every list with a redirect.
fn redirecting(to: &str) -> World {
    let world = World::with(&[]);
    redirect(&world.origin, "@v/list", to);
    world
}

fn redirect(origin: &Origin, part: &str, to: &str) {
    let header = Fault::Header("location".to_owned(), to.to_owned());
    origin.fault(part, Fault::Status(302, "elsewhere\n".to_owned()));
    origin.fault(part, header);
}

/// What answers the redirected request with versions, whatever its path.
fn inside() -> World {
    let world = World::with(&[]);
    let versions = b"v1.0.0\nv1.1.0\n".to_vec();
    world.origin.fault("", Fault::Body(versions));
    world
}

fn ask(setup: &Setup, yaml: &str) -> Reply {
    let server = setup.clone().with_config(yaml).start();
    let reply = server.get(LIST);
    if reply.status != 200 {
        // And it is not there for who asks offline, either.
        let stored = server.get(&format!("/cached-only{LIST}"));
        assert_eq!(stored.status, 404, "{}", stored.text());
    }
    reply
}

#[test]
fn a_hop_outside_leads_nowhere_inside() {
    let secret = inside();
    // Every host outside is this one: what the server takes for its HTTP proxy.
    let outside = World::with(&[]);
    let metadata = format!("{}/latest/meta-data/", secret.origin.url());
    redirect(&outside.origin, "hop", &metadata);
    let upstream = redirecting("http://cdn.public.example/hop");
    let setup = upstream
        .setup()
        .with_env("HTTP_PROXY", &outside.origin.url());
    let reply = ask(&setup, QUICK);
    assert_eq!(reply.status, 502, "{}", reply.text());
    assert!(reply.text().contains("redirect"), "{}", reply.text());
    assert_eq!(outside.origin.count("hop"), 1, "the hop outside was asked");
    assert_eq!(secret.origin.count(""), 0, "the server inside was asked");

    // Unless the configuration names that host and port.
    let host = secret.origin.address();
    let yaml = QUICK.replace(
        "upstream:\n",
        &format!("upstream:\n  redirect_hosts: {host}\n"),
    );
    let reply = ask(&setup, &yaml);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.text(), "v1.0.0\nv1.1.0\n");
}

#[test]
fn an_upstream_inside_may_lead_to_its_neighbours() {
    let store = inside();
    let upstream = redirecting(&format!("{}/bucket/list", store.origin.url()));
    let reply = ask(&upstream.setup(), QUICK);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(store.origin.count("bucket/list"), 1);
}

#[test]
fn nobody_leads_to_an_address_of_the_link() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/latest/",
        "http://[::ffff:169.254.169.254]/latest/",
    ] {
        let upstream = redirecting(to);
        let reply = ask(&upstream.setup(), QUICK);
        assert_eq!(reply.status, 502, "{to}: {}", reply.text());
        assert!(reply.text().contains("redirect"), "{to}: {}", reply.text());
    }
}
