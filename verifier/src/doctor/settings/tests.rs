use super::*;

fn settings(environment: &[(&str, &str)], file: &str, installation: &str) -> Settings {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Settings::of(&Raw {
        environment: environment.iter().map(pair).collect(),
        file: Some(("/home/me/.config/go/env".into(), Ok(Some(file.to_owned())))),
        installation: installation.to_owned(),
    })
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_installation() {
    let found = settings(
        &[("GOFLAGS", "-trimpath"), ("GOAMD64", ""), ("EDITOR", "vi")],
        "GOFLAGS=-race\nGOAMD64=v3\nGOSUMDB=off\n",
        "# defaults\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=local\n",
    );
    let of = |name: &str| {
        found
            .set
            .get(name)
            .map(|one| (one.value.as_str(), one.origin))
    };
    assert_eq!(of("GOFLAGS"), Some(("-trimpath", Origin::Environment)));
    // An empty variable says nothing: the go command goes on to the file.
    assert_eq!(of("GOAMD64"), Some(("v3", Origin::File)));
    assert_eq!(of("GOTOOLCHAIN"), Some(("local", Origin::Installation)));
    assert_eq!(of("EDITOR"), None);
    assert_eq!(found.database, "off");
    assert_eq!(found.file.overridden, ["GOFLAGS"]);
}

#[test]
fn what_the_file_says_in_vain_is_named() {
    let found = settings(
        &[],
        "CC_FOR_TARGET=x\n# a comment\n\nnonsense\nGOARM=7\n",
        "",
    );
    assert_eq!(found.file.unknown, ["CC_FOR_TARGET"]);
    assert_eq!(found.file.nonsense, 1);
    assert_eq!(found.value("GOARM"), Some("7"));
}

#[test]
fn nothing_secret_is_kept() {
    let secrets = [
        (
            "GOPROXY",
            "https://me:s3cr3tA@proxy.example/s3cr3tA,https://proxy.example:8443/s3cr3tA|direct",
        ),
        (
            "GOFLAGS",
            "-trimpath '-ldflags=-X main.key=s3cr3tA' s3cr3tA",
        ),
        ("CC", "gcc -DKEY=s3cr3tA -O2"),
        ("CXX", "KEY=s3cr3tA"),
        ("CGO_CFLAGS", "-DTOKEN=s3cr3tA"),
        ("GOAUTH", "git s3cr3tA"),
        ("GOCACHEPROG", "/usr/bin/cache --token=s3cr3tA"),
        (
            "GOSUMDB",
            "sum.example+0f1e2d3c+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh https://me:s3cr3tA@x.example",
        ),
        ("GODEBUG", "s3cr3tA"),
        ("GOVCS", "s3cr3tA"),
        ("LD_PRELOAD", "https://me:s3cr3tA@x"),
        ("GONOSUMDB", "me:s3cr3tA@corp.example"),
    ];
    for origin in [0, 1] {
        let file: String = secrets
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        let found = match origin {
            0 => settings(&secrets, "", ""),
            _ => settings(&[], &file, ""),
        };
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains("s3cr3tA"), "{text}");
        assert!(
            found.is_set("GOAUTH") || origin == 1,
            "that it is set is said"
        );
        let servers: Vec<&str> = found
            .proxies
            .iter()
            .map(|one| one.server.as_str())
            .collect();
        assert_eq!(
            servers,
            [
                "https://proxy.example",
                "https://proxy.example:8443",
                "direct"
            ]
        );
        assert!(found.proxies[0].has_password && !found.proxies[1].has_password);
        assert_eq!(found.flags_refused, 1);
        assert_eq!(found.set["CC"].value, "gcc … -O2");
    }
}

#[test]
fn how_names_are_looked_up_is_shown_and_nothing_else_of_godebug() {
    let shown = |value: &str| {
        let found = settings(&[("GODEBUG", value)], "", "");
        let setting = &found.set["GODEBUG"];
        (setting.value.clone(), setting.whole)
    };
    assert_eq!(shown("netdns=go+1"), ("netdns=go+1".into(), true));
    assert_eq!(shown("netdns=go,x=s3cr3t"), ("netdns=go,…".into(), false));
    assert_eq!(shown("netdns=s3cr3t"), ("…".into(), false));
}

#[test]
fn holes_are_told_by_what_they_cover() {
    let found = settings(
        &[
            ("GONOSUMDB", "*"),
            ("GOPRIVATE", "github.com/corp,*.corp.example"),
            ("GONOPROXY", "github.com"),
        ],
        "",
        "",
    );
    let of = |name: &str| found.holes.iter().find(|hole| hole.name == name).unwrap();
    assert_eq!(of("GONOSUMDB").covers.len(), PUBLIC.len());
    assert!(of("GONOSUMDB").covers_toolchain);
    assert_eq!(of("GOPRIVATE").covers, [""; 0]);
    assert_eq!(of("GONOPROXY").covers, ["github.com"]);
    let broken = settings(&[("GOPRIVATE", "[")], "", "");
    assert!(broken.malformed.contains_key("GOPRIVATE"));
}

#[test]
fn a_server_is_plain_where_its_network_can_be_read() {
    let found = settings(
        &[(
            "GOPROXY",
            "http://proxy.example,http://127.0.0.1:8080,proxy.example,off",
        )],
        "",
        "",
    );
    let plain: Vec<bool> = found.proxies.iter().map(|one| one.is_plain).collect();
    assert_eq!(plain, [true, false, false, false]);
    assert_eq!(found.proxies[2].server, "https://proxy.example");
    assert_eq!(found.proxies[3].server, "off");
}
