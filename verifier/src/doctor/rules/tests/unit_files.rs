//! A unit that is fit, and each fault planted in it.

use proto::unit::Unit;

const FIT: &str = "[Unit]\nDescription=x\nWants=network-online.target\nAfter=network-online.target\nStartLimitIntervalSec=0\n[Service]\nType=notify\nExecStart=/usr/bin/x\nUser=x\nRestart=on-failure\nRestartSec=2s\nWatchdogSec=30s\n[Install]\nWantedBy=multi-user.target\n";

fn found(text: &str) -> Vec<String> {
    let unit = Unit::parse(text).unwrap();
    let judged = super::units::unit("x.service", &unit);
    judged
        .found
        .into_iter()
        .map(|found| found.finding.rule)
        .collect()
}

#[test]
fn each_planted_fault_of_a_unit_is_found_and_nothing_else() {
    assert_eq!(found(FIT), Vec::<String>::new());
    // A limit that somebody wrote down is no surprise.
    let limit = "StartLimitIntervalSec=60s\nStartLimitBurst=5";
    let limited = FIT.replace("StartLimitIntervalSec=0", limit);
    assert_eq!(found(&limited), Vec::<String>::new());
    // A folder of its own is what strict leaves it.
    let strict = FIT.replace(
        "User=x\n",
        "User=x\nProtectSystem=strict\nStateDirectory=x\nStandardOutput=append:/var/log/x\n",
    );
    assert_eq!(found(&strict), Vec::<String>::new());
    let service = |line: &str| FIT.replace("User=x\n", &format!("User=x\n{line}\n"));
    let table = [
        ("unit-unknown", service("DropCapability=CAP_SYS_ADMIN")),
        (
            "unit-unknown",
            service("HealthCheckHTTPUrl=http://localhost/health"),
        ),
        ("unit-unknown", service("After=network.target")),
        ("unit-unknown", format!("{FIT}[Services]\n")),
        ("unit-old-name", service("ReadOnlyDirectories=/srv")),
        ("unit-old-name", service("MemoryLimit=1G")),
        ("unit-too-new", service("RestartSteps=5")),
        (
            "unit-too-new",
            FIT.replace("Type=notify", "Type=notify-reload"),
        ),
        (
            "unit-value",
            FIT.replace("Type=notify", "NotifyAccess=main\nType=notified"),
        ),
        ("unit-value", FIT.replace("/usr/bin/x", "bin/x")),
        ("unit-stray", format!("{FIT}nonsense\n")),
        ("unit-stray", format!("User=root\n{FIT}")),
        ("unit-watchdog", FIT.replace("Type=notify", "Type=simple")),
        (
            "unit-restart-limit",
            FIT.replace("StartLimitIntervalSec=0", "StartLimitIntervalSec=60s")
                .replace("RestartSec=2s", "RestartSec=5s"),
        ),
        ("unit-root", FIT.replace("User=x\n", "")),
        (
            "unit-capability",
            service("CapabilityBoundingSet=CAP_NET_BIND_SERVICE"),
        ),
        ("unit-temp-read-only", service("ReadOnlyPaths=/tmp")),
        ("unit-read-only", service("ProtectSystem=strict")),
        ("unit-variable", service("ExecStop=/bin/x $SYSTEMD_UNIT")),
        ("unit-value", service("StandardOutput=json-syslog")),
        ("unit-old-name", service("StandardError=syslog")),
        (
            "unit-binds-socket",
            FIT.replace("StartLimit", "BindsTo=etcd.socket\nStartLimit"),
        ),
        (
            "unit-not-wanted",
            FIT.replace("Wants=network-online.target\n", ""),
        ),
        ("unit-oom", service("OOMScoreAdjust=-900")),
        ("unit-secret", service("Environment=DB_PASSWORD=hunter2")),
    ];
    for (rule, text) in table {
        assert_eq!(found(&text), [rule], "{text}");
    }
}

#[test]
fn no_number_of_notes_hides_an_error() {
    let notes = "ReadOnlyDirectories=/srv\n".repeat(200);
    let text = FIT.replace("User=x\n", &format!("User=x\n{notes}Nonsense=1\n"));
    let rules = found(&text);
    assert!(rules.contains(&"unit-unknown".to_owned()), "{rules:?}");
}

#[test]
fn a_secret_of_a_unit_is_never_shown() {
    let unit =
        Unit::parse("[Service]\nExecStart=/x\nUser=x\nEnvironment=\"API_TOKEN=s3cr3t\"\n").unwrap();
    let text = format!("{:?}", super::units::unit("x", &unit));
    assert!(
        text.contains("unit-secret") && !text.contains("s3cr3t"),
        "{text}"
    );
}
