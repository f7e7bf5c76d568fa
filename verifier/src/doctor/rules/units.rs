//! What units of systemd say that is not so: names that it does not know, limits that
//! leave a service down, watchdogs that nothing feeds.

mod life;

use proto::unit::{Assignment, Known, Unit, known, sections_of};
use proto::visible::clean;

use super::{Found, Judged};

/// The most findings of one rule.
const EACH_MAX: usize = 50;

/// The version that enterprise distributions of the day have (Rocky 9, Debian 12).
const OLDEST: u16 = 252;

/// Judges a unit; `name` is its path as given.
pub fn unit(name: &str, unit: &Unit) -> Judged {
    let mut judged = Judged::new("systemd unit", name);
    let mut add = |found: Vec<Found>| {
        for one in found {
            let is_same = |known: &&Found| known.finding.rule == one.finding.rule;
            if judged.found.iter().filter(is_same).count() < EACH_MAX {
                judged.found.push(one);
            }
        }
    };
    add(names(unit));
    add(strays(unit));
    add(life::kind(unit).into_iter().collect());
    add(life::watchdog(unit).into_iter().collect());
    add(life::restarts(unit));
    add(user(unit));
    add(folders(unit));
    add(writable(unit).into_iter().collect());
    add(commands(unit));
    add(output(unit));
    add(bound(unit));
    add(values(unit));
    let assignments: usize = unit
        .sections
        .iter()
        .map(|section| section.assignments.len())
        .sum();
    judged.stands(format!(
        "{assignments} settings in {} sections",
        unit.sections.len()
    ))
}

/// Shows an assignment; values of Environment= may be secret.
fn seen(found: Found, section: &str, one: &Assignment) -> Found {
    let value = match one.name.as_str() {
        "Environment" | "SetCredential" | "PassEnvironment" => "…".to_owned(),
        _ => clean(&one.value),
    };
    found.seen(
        format!("line {} [{}]", one.line, clean(section)),
        format!("{}={value}", clean(&one.name)),
    )
}

fn names(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    for section in &unit.sections {
        for one in &section.assignments {
            let name = clean(&one.name);
            let found = match known(&section.name, &one.name) {
                Known::Yes => match OLD.iter().find(|(old, _)| *old == one.name) {
                    Some((_, new)) => Found::new("unit-old-name", format!("{name}= is an old name of {new}="))
                        .fix(format!("write {new}=")),
                    None => continue,
                },
                Known::Since(version) => Found::new("unit-too-new", format!("{name}= came with systemd {version}; {OLDEST}, which Rocky 9 and Debian 12 have, passes over it"))
                    .fix("do without it where older hosts run the unit"),
                Known::NoSection => continue,
                Known::No => Found::new("unit-unknown", unknown(&name, &one.name)).fix(instead(&one.name)),
            };
            all.push(seen(found, &section.name, one));
        }
        if known(&section.name, "") == Known::NoSection {
            let place = format!("line {}", section.line);
            all.push(
                Found::new("unit-unknown", format!("systemd knows no section [{}]: all in it is passed over", clean(&section.name)))
                    .seen(place, format!("[{}]", clean(&section.name)))
                    .fix("write [Unit], [Service], [Socket], [Install]; sections of your own begin with X-"),
            );
        }
    }
    all
}

fn unknown(name: &str, raw: &str) -> String {
    let sections: Vec<&str> = sections_of(raw).collect();
    match sections.as_slice() {
        [] => format!("systemd knows no {name}=: it is logged once and passed over"),
        some => format!(
            "{name}= belongs into {}: here it is passed over",
            bracketed(some)
        ),
    }
}

fn bracketed(sections: &[&str]) -> String {
    let sections: Vec<String> = sections.iter().map(|one| format!("[{one}]")).collect();
    sections.join(" or ")
}

/// Names that are written again and again, and what does what they seem to do.
fn instead(name: &str) -> &'static str {
    match name {
        "DropCapability" | "DropCapabilities" => {
            "name what may be kept: CapabilityBoundingSet=, empty for nothing"
        }
        _ if name.to_ascii_lowercase().starts_with("healthcheck") => {
            "systemd asks no URL: WatchdogSec= and WATCHDOG=1 of the service, or a timer that asks"
        }
        _ => {
            "see systemd.directives(7); systemd-analyze verify names them too, and exits with 0 all the same"
        }
    }
}

/// Names that systemd still takes, and those that stand for them now.
const OLD: [(&str, &str); 9] = [
    ("ReadOnlyDirectories", "ReadOnlyPaths"),
    ("ReadWriteDirectories", "ReadWritePaths"),
    ("InaccessibleDirectories", "InaccessiblePaths"),
    ("MemoryLimit", "MemoryMax"),
    ("CPUShares", "CPUWeight"),
    ("BlockIOWeight", "IOWeight"),
    ("StartLimitInterval", "StartLimitIntervalSec"),
    ("BindTo", "BindsTo"),
    ("Capabilities", "AmbientCapabilities"),
];

fn strays(unit: &Unit) -> Vec<Found> {
    let line = |stray: &proto::unit::Stray| {
        let what = if stray.outside {
            "a setting before the first section"
        } else {
            "a line that sets nothing"
        };
        Found::new("unit-stray", format!("{what}: systemd logs it and goes on"))
            .seen("line", stray.line.to_string())
            .fix("each line is NAME=value below a [Section], or begins with #")
    };
    unit.strays.iter().map(line).collect()
}

fn value<'a>(unit: &'a Unit, name: &'a str) -> Option<&'a str> {
    unit.last("Service", name)
        .map(|one| one.value.as_str())
        .filter(|value| !value.is_empty())
}

fn user(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    let starts = unit.last("Service", "ExecStart");
    let is_root = value(unit, "User").is_none_or(|user| user == "root" || user == "0");
    let is_dynamic = is_on(value(unit, "DynamicUser"));
    if let Some(one) = starts.filter(|_| is_root && !is_dynamic) {
        let found = Found::new(
            "unit-root",
            "no User= other than root is named: the service runs as root",
        )
        .fix("name a user of its own: User=sumward, made by sysusers.d");
        all.push(seen(found, "Service", one));
    }
    let bounding = unit
        .last("Service", "CapabilityBoundingSet")
        .filter(|one| one.value.contains("CAP_NET_BIND_SERVICE"));
    let ambient =
        value(unit, "AmbientCapabilities").is_some_and(|set| set.contains("CAP_NET_BIND_SERVICE"));
    if let Some(one) = bounding.filter(|one| !ambient && !is_root && !one.value.starts_with('~')) {
        let found = Found::new("unit-capability", "CapabilityBoundingSet= gives nothing, it only takes away: a user other than root gets no port below 1024 by it")
            .fix("write AmbientCapabilities=CAP_NET_BIND_SERVICE beside it, or have systemd open the socket (a .socket unit)");
        all.push(seen(found, "Service", one));
    }
    all
}

fn folders(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    let is_private = is_on(value(unit, "PrivateTmp"));
    for name in ["ReadOnlyPaths", "ReadOnlyDirectories"] {
        for one in unit.all("Service", name) {
            let temp = one
                .value
                .split_whitespace()
                .any(|path| matches!(path.trim_start_matches(['-', '+']), "/tmp" | "/var/tmp"));
            if temp {
                let what = if is_private {
                    ", the service's own one too"
                } else {
                    ""
                };
                let found = Found::new(
                    "unit-temp-read-only",
                    format!(
                        "the temporary folder is read-only{what}: what makes temporary files fails"
                    ),
                )
                .fix("leave it out; PrivateTmp=yes gives the service a folder of its own");
                all.push(seen(found, "Service", one));
            }
        }
    }
    all
}

/// What gives a service a folder that it may write to.
const WRITABLE: [&str; 10] = [
    "ReadWritePaths",
    "ReadWriteDirectories",
    "StateDirectory",
    "CacheDirectory",
    "LogsDirectory",
    "RuntimeDirectory",
    "ConfigurationDirectory",
    "BindPaths",
    "TemporaryFileSystem",
    "RootDirectory",
];

/// `strict` is everything; what `/usr`, `/boot` and `/etc` are is `full`.
fn writable(unit: &Unit) -> Option<Found> {
    let one = unit
        .last("Service", "ProtectSystem")
        .filter(|one| one.value == "strict")?;
    let is_dynamic = is_on(value(unit, "DynamicUser"));
    let has_folder = WRITABLE.iter().any(|name| value(unit, name).is_some());
    (!is_dynamic && !has_folder && !is_on(value(unit, "PrivateTmp"))).then(|| {
        let found = Found::new("unit-read-only", "ProtectSystem=strict makes every folder read-only, and not /usr, /boot and /etc alone: this service may write nowhere")
            .fix("name what it writes: StateDirectory=, PrivateTmp=yes; or write ProtectSystem=full");
        seen(found, "Service", one)
    })
}

fn is_on(value: Option<&str>) -> bool {
    matches!(value, Some("yes" | "true" | "on" | "1"))
}

fn commands(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    for name in ["ExecStart", "ExecStartPre", "ExecReload", "ExecStop"] {
        for one in unit.all("Service", name) {
            let program = one.value.trim_start_matches(['-', '+', '!', '@', ':']);
            let first = program.split_whitespace().next().unwrap_or_default();
            if first.contains('/')
                && !first.starts_with('/')
                && !first.starts_with(['"', '\'', '%'])
            {
                let found = Found::new(
                    "unit-value",
                    format!("{name} names a program by a relative path: systemd refuses the unit"),
                )
                .fix("write the whole path");
                all.push(seen(found, "Service", one));
            }
            if one.value.contains("$SYSTEMD_UNIT") || one.value.contains("${SYSTEMD_UNIT}") {
                let found = Found::new(
                    "unit-variable",
                    "systemd sets no variable SYSTEMD_UNIT: nothing stands in its place",
                )
                .fix("write %n for the unit's name; $INVOCATION_ID is the number of one start");
                all.push(seen(found, "Service", one));
            }
        }
    }
    all
}

/// Where output can go.
///
/// Source: systemd.exec(5), `StandardOutput=`
const OUTPUTS: [&str; 8] = [
    "inherit",
    "null",
    "tty",
    "journal",
    "kmsg",
    "journal+console",
    "kmsg+console",
    "socket",
];

fn output(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    for name in ["StandardOutput", "StandardError"] {
        let Some(one) = unit.last("Service", name) else {
            continue;
        };
        let kind = one.value.split(':').next().unwrap_or_default();
        let found = match kind {
            "" | "file" | "append" | "truncate" | "fd" => continue,
            known if OUTPUTS.contains(&known) => continue,
            "syslog" | "syslog+console" => Found::new("unit-old-name", format!("{name}={kind} is an old value: systemd takes it for journal"))
                .fix("write journal"),
            _ => Found::new("unit-value", format!("systemd knows no such {name}: it passes over the line, and output goes where it goes by default"))
                .fix("write journal; a program that logs lines of JSON needs no other value"),
        };
        all.push(seen(found, "Service", one));
    }
    all
}

/// A socket stays there when its service fails, and so does what is bound to it.
fn bound(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    for one in unit.all("Unit", "BindsTo") {
        if one
            .value
            .split_whitespace()
            .any(|name| name.ends_with(".socket"))
        {
            let found = Found::new("unit-binds-socket", "the socket stays active when its service fails: this unit is not stopped then")
                .fix("name the service: BindsTo= and After=name.service; or Wants= and ask again in the program");
            all.push(seen(found, "Unit", one));
        }
    }
    let afters: Vec<&str> = unit
        .all("Unit", "After")
        .flat_map(|one| one.value.split_whitespace())
        .collect();
    let wants: Vec<&str> = ["Wants", "Requires", "BindsTo"]
        .iter()
        .flat_map(|name| {
            unit.all("Unit", name)
                .flat_map(|one| one.value.split_whitespace())
                .collect::<Vec<_>>()
        })
        .collect();
    let online = "network-online.target";
    if let Some(one) = unit
        .last("Unit", "After")
        .filter(|_| afters.contains(&online) && !wants.contains(&online))
    {
        let found = Found::new(
            "unit-not-wanted",
            "After=network-online.target alone waits for nothing: no unit need want that target",
        )
        .fix("write Wants=network-online.target beside it");
        all.push(seen(found, "Unit", one));
    }
    all
}

fn values(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    if let Some(one) = unit.last("Service", "OOMScoreAdjust")
        && one.value.parse::<i32>().is_ok_and(|score| score < 0)
    {
        let found = Found::new("unit-oom", "other programs are ended in place of this one when memory runs out; its own use is not bounded")
            .fix("bound it: MemoryHigh=, MemoryMax=");
        all.push(seen(found, "Service", one));
    }
    for one in unit.all("Service", "Environment") {
        let secret = [
            "PASSWORD",
            "SECRET",
            "TOKEN",
            "CREDENTIAL",
            "PRIVATE_KEY",
            "DSN",
        ];
        let name = one.value.to_ascii_uppercase();
        let names = name.split_whitespace().filter_map(|word| {
            word.trim_matches(['"', '\''])
                .split_once('=')
                .map(|(name, _)| name.to_owned())
        });
        if names
            .into_iter()
            .any(|name| secret.iter().any(|word| name.contains(word)))
        {
            let found = Found::new("unit-secret", "a variable that is called like a secret stands in the unit, which every user can read (systemctl show)")
                .fix("give it as a file: LoadCredential=, or EnvironmentFile= of mode 0600");
            all.push(seen(found, "Service", one));
        }
    }
    all
}
