//! What is wrong that the server serves in spite of: looked for from time to time, and
//! told to systemd.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::MissedTickBehavior;

use crate::http::Site;
use crate::ledger::Ledger;
use crate::modules::room::Disk;
use crate::standing::{Condition, Held};
use crate::systemd;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);

/// Looks for what is wrong. Does not end.
pub(super) async fn look(site: Arc<Site>, ledger: Arc<dyn Ledger>, opened_to_read: bool) {
    let mut clock = Clock::new(SystemTime::now(), Instant::now());
    let mut lacks = false;
    let mut ticks = tokio::time::interval(LOOK);
    // A disk that hung for a while is not looked at once for each look it missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let standing = &site.standing;
        // What the disk does not answer is `StorageSilent`.
        let disk = site.modules.disk().await.ok();
        standing.set(Condition::DiskFull, disk.and_then(|it| full(&site, it)));
        let is_read_only = opened_to_read || disk.is_some_and(|it| it.is_read_only);
        standing.set(Condition::ReadOnly, is_read_only.then(|| read_only(&site)));
        standing.set(Condition::DatabaseStopped, databases_stopped(&site));
        // An index that is new has no records for a moment.
        let was_lacking = std::mem::replace(&mut lacks, ledger.may_lack_records());
        let text = || "records are made anew from files and journal".to_owned();
        standing.set(
            Condition::IndexRebuilding,
            (was_lacking && lacks).then(text),
        );
        let jumped = clock.look(SystemTime::now(), Instant::now());
        standing.set(Condition::ClockJumped, jumped);
    }
}

fn full(site: &Site, disk: Disk) -> Option<String> {
    let floor = site.live.now().disk_free_min;
    (disk.free < floor).then(|| {
        // No figure that changes at every look.
        format!("less than cache.disk_free_min ({floor} bytes) is free: nothing new is fetched")
    })
}

fn read_only(site: &Site) -> String {
    let data = site.config.data.display();
    format!("{data} can't be written: nothing new is fetched")
}

fn databases_stopped(site: &Site) -> Option<String> {
    let all = site.databases.all();
    let stopped: Vec<_> = all
        .iter()
        .filter(|database| database.is_stopped())
        .map(|database| database.name())
        .collect();
    let text = || {
        let names = stopped.join(", ");
        format!("{names} showed two histories: see `sumward database list`")
    };
    (!stopped.is_empty()).then(text)
}

/// Watches the wall clock beside one that only goes forward.
struct Clock {
    wall: SystemTime,
    steady: Instant,
    /// What was seen last, and when.
    jumped: Option<(String, Instant)>,
}

/// A clock that is brought right bit by bit never differs by so much at one look.
const JUMP_MIN: Duration = Duration::from_secs(60);

/// How long a jump is told of.
const JUMP_TOLD: Duration = Duration::from_secs(600);

impl Clock {
    fn new(wall: SystemTime, steady: Instant) -> Self {
        Self {
            wall,
            steady,
            jumped: None,
        }
    }

    /// Returns what there is to say of a jump that was not long ago.
    fn look(&mut self, wall: SystemTime, steady: Instant) -> Option<String> {
        let passed = steady.saturating_duration_since(self.steady);
        let expected = self.wall + passed;
        let jumped = match wall.duration_since(expected) {
            Ok(ahead) if ahead >= JUMP_MIN => Some((ahead, "forward")),
            Err(behind) if behind.duration() >= JUMP_MIN => Some((behind.duration(), "back")),
            Ok(_) | Err(_) => None,
        };
        (self.wall, self.steady) = (wall, steady);
        if let Some((by, way)) = jumped {
            let text = format!(
                "the clock went {way} by {} s: certificates and ages are judged by it",
                by.as_secs()
            );
            self.jumped = Some((text, steady));
        }
        let is_told = |(_, when): &&(String, Instant)| steady.duration_since(*when) < JUMP_TOLD;
        self.jumped.as_ref().filter(is_told).map(|it| it.0.clone())
    }
}

/// How often hosts without an address are looked up again.
const RESOLVE: Duration = Duration::from_secs(30);

/// Looks the hosts of upstreams up until each had an address once; what becomes of them
/// then, breakers see.
pub(super) async fn resolve(site: Arc<Site>) {
    loop {
        let hosts = site.sources.upstreams().unresolved().await;
        let text = || {
            format!(
                "no address for {}: asked again when needed",
                hosts.join(", ")
            )
        };
        let reason = (!hosts.is_empty()).then(text);
        site.standing.set(Condition::UpstreamUnresolved, reason);
        if hosts.is_empty() {
            return;
        }
        tokio::time::sleep(RESOLVE).await;
    }
}

/// Keeps the status line up to date: what is served, then what is wrong. Does not end.
pub(super) async fn tell(site: Arc<Site>, served: String) {
    let mut changes = site.standing.subscribe();
    loop {
        let text = line(&served, &changes.borrow_and_update());
        // On a thread that may be blocked: the reader of the socket may not read.
        let _ = tokio::task::spawn_blocking(move || systemd::status(&text)).await;
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Returns the status line.
pub(crate) fn line(served: &str, held: &Held) -> String {
    if held.is_empty() {
        return served.to_owned();
    }
    let held: Vec<_> = held
        .iter()
        .map(|(condition, reason)| format!("{} ({reason})", condition.label()))
        .collect();
    format!("{served}; degraded: {}", held.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_is_told_of_for_a_while() {
        let (wall, steady) = (SystemTime::now(), Instant::now());
        let at = |seconds| Duration::from_secs(seconds);
        let mut clock = Clock::new(wall, steady);
        assert_eq!(clock.look(wall + at(5), steady + at(5)), None);
        // Corrected a little.
        assert_eq!(clock.look(wall + at(40), steady + at(10)), None);
        let said = clock.look(wall - at(3600), steady + at(15)).unwrap();
        assert!(said.contains("back by 3645 s"), "{said}");
        let again = clock.look(wall - at(3595), steady + at(20));
        assert_eq!(again, Some(said));
        let later = clock.look(wall - at(3595) + at(600), steady + at(620));
        assert_eq!(later, None);
        let said = clock.look(wall + at(86_400), steady + at(630)).unwrap();
        assert!(said.contains("forward"), "{said}");
    }

    #[test]
    fn the_line_says_what_is_served_and_what_is_wrong() {
        assert_eq!(line("serving", &Held::new()), "serving");
        let held = Held::from([
            (Condition::ReadOnly, "a".to_owned()),
            (Condition::DiskFull, "b".to_owned()),
        ]);
        assert_eq!(
            line("serving", &held),
            "serving; degraded: disk_full (b); read_only (a)"
        );
    }
}
