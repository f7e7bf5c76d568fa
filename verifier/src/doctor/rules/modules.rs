//! Where modules come from, and what proves them.

use super::{Found, Judged};
use crate::doctor::facts::Facts;
use crate::doctor::settings::Settings;

pub(super) fn proxies(facts: &Facts) -> Judged {
    let settings = &facts.settings;
    let mut judged = Judged::new("where modules come from", "GOPROXY");
    malformed(settings, "GOPROXY", &mut judged);
    let servers: Vec<&str> = settings
        .proxies
        .iter()
        .map(|proxy| proxy.server.as_str())
        .collect();
    match servers.first() {
        Some(&"direct") => judged.add(
            Found::new("proxy-direct", "modules are fetched from their own repositories: a build needs them all to be there, and to be unchanged where nothing proves them")
                .seen("GOPROXY", "direct")
                .fix("name a proxy first, your own sumward for one")
                .run(&["go", "env", "-w", "GOPROXY=https://proxy.golang.org,direct"]),
        ),
        Some(&"off") => judged.add(
            Found::new("proxy-off", "modules that are not in the module cache can't be had, so a build depends on what was built here before")
                .seen("GOPROXY", "off")
                .fix("name a server that has them: a sumward, or file:// and a folder"),
        ),
        _ => {}
    }
    servers_each(settings, &mut judged);
    let told: Vec<String> = settings
        .proxies
        .iter()
        .filter(|proxy| !proxy.answers.is_empty())
        .map(|proxy| format!("{}: {}", proxy.server, proxy.answers))
        .collect();
    if !facts.online
        && settings
            .proxies
            .iter()
            .any(|proxy| proxy.server.contains("://"))
    {
        judged.not_asked = Some("whether its servers answer was not asked: --online does".into());
    }
    let servers = if servers.is_empty() {
        "Go's default".to_owned()
    } else {
        servers.join(", ")
    };
    judged.stands(if told.is_empty() {
        servers
    } else {
        told.join("; ")
    })
}

fn servers_each(settings: &Settings, judged: &mut Judged) {
    for proxy in &settings.proxies {
        if proxy.is_plain {
            judged.add(
                Found::new("proxy-plain", format!("modules come unencrypted from {}: versions and lists, which nothing proves, can be changed on the way", proxy.server))
                    .seen("GOPROXY", proxy.server.clone())
                    .fix("reach it by https"),
            );
        }
        if proxy.has_password {
            judged.add(
                Found::new("proxy-password", format!("the address of {} has a password in it: every program of the build can read it, and it lands in logs", proxy.server))
                    .seen("GOPROXY", proxy.server.clone())
                    .fix("put it into ~/.netrc (mode 0600), or GOAUTH"),
            );
        }
        if let Some(why) = proxy.answers.strip_prefix("no answer: ") {
            judged.add(
                Found::new(
                    "proxy-unreachable",
                    format!("{} does not answer", proxy.server),
                )
                .seen("GOPROXY", why)
                .fix("see whether it runs and whether this host may reach it"),
            );
        }
    }
}

pub(super) fn proof(facts: &Facts) -> Judged {
    let settings = &facts.settings;
    let mut judged = Judged::new("modules are proved", "GOSUMDB, GONOSUMDB, GOPRIVATE");
    malformed(settings, "GOSUMDB", &mut judged);
    match settings.database.as_str() {
        "off" => judged.add(
            Found::new("sumdb-off", "GOSUMDB=off: whatever a proxy sends is built the first time it is seen; it is no way to be offline")
                .seen("GOSUMDB", "off")
                .fix("unset it; for hosts without the internet a sumward relays the database and goes on when it is gone")
                .run(&["go", "env", "-u", "GOSUMDB"]),
        ),
        "sum.golang.google.cn" => judged.add(
            Found::new("sumdb-google-cn", "sum.golang.google.cn is Google's own database at another address: nothing is local about it")
                .seen("GOSUMDB", "sum.golang.google.cn")
                .fix("leave it where that address is the one in reach; else unset GOSUMDB"),
        ),
        _ => {}
    }
    for hole in &settings.holes {
        malformed(settings, &hole.name, &mut judged);
        let leaves_unproved =
            hole.name == "GONOSUMDB" || (hole.name == "GOPRIVATE" && !settings.is_set("GONOSUMDB"));
        if !leaves_unproved || settings.database == "off" {
            continue;
        }
        let value = settings
            .set
            .get(&hole.name)
            .map_or("", |setting| setting.value.as_str());
        if !hole.covers.is_empty() {
            judged.add(
                Found::new("sumdb-hole", format!("{} covers public modules: whatever a proxy sends for them is built the first time it is seen", hole.name))
                    .seen(hole.name.clone(), value)
                    .seen("covers", hole.covers.join(", "))
                    .fix("name your own modules alone: GOPRIVATE=corp.example,github.com/corp"),
            );
        }
        if hole.covers_toolchain {
            judged.add(
                Found::new(
                    "sumdb-hole-toolchain",
                    format!(
                        "{} covers {}: a Go that the go command downloads is not proved",
                        hole.name,
                        proto::toolchain::MODULE
                    ),
                )
                .seen(hole.name.clone(), value)
                .fix("name your own modules alone: GOPRIVATE=corp.example,github.com/corp"),
            );
        }
    }
    for name in ["GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOINSECURE"] {
        if !settings.holes.iter().any(|hole| hole.name == name) {
            malformed(settings, name, &mut judged);
        }
    }
    let database = if settings.database.is_empty() {
        "Go's default"
    } else {
        &settings.database
    };
    judged.stands(database)
}

fn malformed(settings: &Settings, name: &str, judged: &mut Judged) {
    if let Some(problem) = settings.malformed.get(name) {
        judged.add(
            Found::new(
                "setting-malformed",
                format!("{name}: {problem}; the go command fails"),
            )
            .seen(name, problem.clone())
            .fix(format!(
                "unset {name}, or see go help environment for what it may be"
            )),
        );
    }
}
