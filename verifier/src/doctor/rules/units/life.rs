//! How a service is started, watched, and started again.

use proto::unit::{Assignment, Unit, milliseconds};
use proto::visible::clean;

use super::super::Found;
use super::{seen, value};

pub(super) fn kind(unit: &Unit) -> Option<Found> {
    let one = unit
        .last("Service", "Type")
        .filter(|one| !one.value.is_empty())?;
    let found = match one.value.as_str() {
        "simple" | "exec" | "forking" | "oneshot" | "dbus" | "notify" | "idle" => return None,
        "notify-reload" => Found::new("unit-too-new", "Type=notify-reload came with systemd 253: 252 runs such a service as simple, and takes it for ready at once")
            .fix("write Type=notify, and send RELOADING=1 and READY=1 on a reload"),
        _ => Found::new("unit-value", "systemd knows no such Type: it runs the service as simple")
            .fix("write simple, exec, forking, oneshot, dbus, notify or idle"),
    };
    Some(seen(found, "Service", one))
}

pub(super) fn watchdog(unit: &Unit) -> Option<Found> {
    let one = unit.last("Service", "WatchdogSec")?;
    let span = milliseconds(&one.value)?;
    let notifies = matches!(value(unit, "Type"), Some("notify" | "notify-reload"));
    let access = value(unit, "NotifyAccess");
    let may = matches!(access, Some("main" | "exec" | "all")) || (notifies && access.is_none());
    (span > 0 && !may).then(|| {
        let found = Found::new("unit-watchdog", "systemd asks nothing: the service must send WATCHDOG=1, and this one may not, so it is killed and started again and again")
            .fix("write Type=notify if the program sends READY=1 and WATCHDOG=1, else leave WatchdogSec= out");
        seen(found, "Service", one)
    })
}

/// How often systemd starts a service within the interval where the unit names no number.
///
/// Source: systemd-system.conf(5), `DefaultStartLimitBurst=`
const STARTS: u64 = 5;

/// Restart limits: a service that was started so often stays down.
pub(super) fn restarts(unit: &Unit) -> Vec<Found> {
    let mut all = Vec::new();
    let policy = unit.last("Service", "Restart");
    let restarts = policy.filter(|one| {
        POLICIES.contains(&one.value.as_str()) && !matches!(one.value.as_str(), "" | "no")
    });
    // Whoever writes down the number of starts knows that it is a limit.
    let is_said = limit(unit, "StartLimitBurst").is_some();
    let interval =
        limit(unit, "StartLimitIntervalSec").or_else(|| limit(unit, "StartLimitInterval"));
    let interval_ms = interval.map_or(Some(10_000), |one| milliseconds(&one.value));
    let pause = value(unit, "RestartSec").map_or(Some(100), milliseconds);
    if let (Some(policy), Some(interval_ms), Some(pause)) = (restarts, interval_ms, pause) {
        let reached = STARTS.saturating_mul(pause);
        if !is_said && interval_ms > 0 && reached < interval_ms {
            let found = Found::new("unit-restart-limit", format!("a service that fails at its start is down for good after {STARTS} starts, in less than {} s: {}={} does not change that", reached.div_ceil(1000).max(1), policy.name, clean(&policy.value)))
                .seen("RestartSec × StartLimitBurst", format!("{pause} ms × {STARTS}"))
                .seen("StartLimitIntervalSec", format!("{interval_ms} ms"))
                .fix("watch for failed units, or set StartLimitIntervalSec=0 in [Unit] with a RestartSec= of some seconds; a limit that is meant is written down as StartLimitBurst=");
            all.push(seen(found, "Service", policy));
        }
    }
    if let Some(one) = policy.filter(|one| !POLICIES.contains(&one.value.as_str())) {
        let found = Found::new(
            "unit-value",
            "systemd knows no such Restart: the service is never started again",
        )
        .fix("write no, on-success, on-failure, on-abnormal, on-watchdog, on-abort or always");
        all.push(seen(found, "Service", one));
    }
    all
}

/// Limits stood in `[Service]` once, and are taken from there still.
fn limit<'a>(unit: &'a Unit, name: &'a str) -> Option<&'a Assignment> {
    let old = unit.last("Service", name);
    unit.last("Unit", name).or(old)
}

const POLICIES: [&str; 8] = [
    "",
    "no",
    "on-success",
    "on-failure",
    "on-abnormal",
    "on-watchdog",
    "on-abort",
    "always",
];
