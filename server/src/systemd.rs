//! What systemd is told, where it started us: ready, reading settings again, stopping,
//! still alive, and how it goes.
//!
//! Without `NOTIFY_SOCKET` nothing is said to anyone. Sockets that systemd hands down
//! are taken over where the settings name them: see `serve::inherited`.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says that the server answers requests, with a line for `systemctl status`.
pub fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that the server drains, which may take up to `drain`.
pub fn stopping(drain: Duration) {
    let us = u32::try_from(drain.as_micros()).unwrap_or(u32::MAX);
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("draining"),
        NotifyState::ExtendTimeoutUsec(us),
    ]);
}

/// Says how it goes, for `systemctl status`: one line.
pub fn status(status: &str) {
    notify(&[NotifyState::Status(status)]);
}

/// Says that the start is still under way and may take `longer` from now on.
pub fn extend_start(longer: Duration, status: &str) {
    let us = u32::try_from(longer.as_micros()).unwrap_or(u32::MAX);
    notify(&[
        NotifyState::ExtendTimeoutUsec(us),
        NotifyState::Status(status),
    ]);
}

/// Says that the settings are read again; [`ready`] ends it.
///
/// The time is what `Type=notify-reload` of 253 waits for; 252 passes it over.
pub fn reloading() {
    let Ok(now) = NotifyState::monotonic_usec_now() else {
        return;
    };
    let status = NotifyState::Status("reading the settings again");
    notify(&[NotifyState::Reloading, now, status]);
}

/// Returns how often systemd wants to hear that the server is alive (`WatchdogSec=`).
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero())
}

/// Says that the server is alive.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd does not take notifications");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_unit_waits_longer_than_the_server_drains() {
        let unit = include_str!("../../deploy/systemd/sumward.service");
        let seconds = |key: &str| -> u64 {
            let line = unit.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap().trim_end_matches('s').parse().unwrap()
        };
        let drain = crate::config::Limits::default().drain_timeout;
        assert!(Duration::from_secs(seconds("TimeoutStopSec=")) > drain);
        // Twice in an interval: enough room for a machine under load.
        assert!(seconds("WatchdogSec=") >= 10);
        assert!(unit.contains("\nType=notify\n"));
        let status = format!("\nRestartPreventExitStatus={}\n", crate::args::EXIT_USAGE);
        assert!(unit.contains(&status));
    }

    /// Runs with a socket as the child of the next test, and without one, where
    /// nothing must happen, as a test of its own.
    #[test]
    fn speaks_only_where_there_is_a_socket() {
        extend_start(Duration::from_secs(60), "opening");
        ready("listening on 127.0.0.1:8080");
        if watchdog_interval().is_some() {
            alive();
        }
        reloading();
        status("serving");
        stopping(Duration::from_secs(30));
    }

    #[test]
    fn systemd_hears_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "systemd::tests::speaks_only_where_there_is_a_socket",
            ])
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "20000")
            .output()
            .unwrap()
            .status;
        assert!(status.success());
        let mut messages = Vec::new();
        let mut buffer = [0; 1024];
        while let Ok(length) = socket.recv(&mut buffer) {
            messages.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        assert_eq!(
            messages[0],
            "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening\n"
        );
        assert_eq!(messages[1], "READY=1\nSTATUS=listening on 127.0.0.1:8080\n");
        assert_eq!(messages[2], "WATCHDOG=1\n");
        assert!(
            messages[3].starts_with("RELOADING=1\nMONOTONIC_USEC="),
            "{}",
            messages[3]
        );
        assert_eq!(messages[4], "STATUS=serving\n");
        let last = "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=30000000\n";
        assert_eq!(messages.last().unwrap(), last);
    }
}
