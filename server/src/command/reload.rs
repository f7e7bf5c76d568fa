//! SIGHUP: the settings are read again while the server serves.
//!
//! They are loaded as at the start. Either all of them come into effect, or none: a file
//! that is wrong, or a change that takes a restart, leaves the old ones as they are.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::serving;
use crate::app::App;
use crate::args::Flags;
use crate::config::environment::Environment;
use crate::config::live::Changes;
use crate::config::load::Loaded;
use crate::config::problem::Problems;
use crate::config::{Address, Config};
use crate::journal::seconds_now;
use crate::standing::Condition;
use crate::{systemd, telemetry};

pub(super) mod ask;

/// The settings in effect, and what they are read from again.
pub(super) struct Reload {
    loaded: Loaded,
    flags: Flags,
}

/// What may come into effect.
struct Next {
    loaded: Loaded,
    changes: Changes,
}

impl Reload {
    /// Begins with the settings of the start.
    pub(super) fn new(loaded: Loaded, flags: Flags) -> Self {
        Self { loaded, flags }
    }

    /// Reads the settings again whenever somebody asks, once the server is ready.
    pub(super) async fn tend(
        mut self,
        app: Arc<App>,
        address: Address,
        is_ready: oneshot::Receiver<()>,
    ) {
        let Some(mut asked) = app.site.reloads.take() else {
            return;
        };
        if is_ready.await.is_err() {
            return;
        }
        while let Some(answer) = asked.recv().await {
            if app.stop.is_cancelled() {
                return;
            }
            // It reads files, and the reader of the socket may not read.
            let work = tokio::task::spawn_blocking({
                let app = Arc::clone(&app);
                let address = address.clone();
                move || {
                    systemd::reloading();
                    let outcome = self.once(&app);
                    systemd::ready(&app.status(&address));
                    // After systemd was told: the command that asked is its job. Nobody
                    // may wait for it.
                    let _ = answer.send(outcome);
                    self
                }
            });
            match work.await {
                Ok(back) => self = back,
                Err(error) => {
                    tracing::error!(%error, "settings are not read again until a restart");
                    return;
                }
            }
        }
    }

    /// Reads them once, and says what came of it. Blocks.
    fn once(&mut self, app: &App) -> Result<String, String> {
        let done = self
            .next()
            .and_then(|next| take_over(app, &next).map(|()| next));
        match done {
            Ok(next) => {
                for warning in &next.loaded.warnings {
                    tracing::warn!("{warning}");
                }
                let changed = next.changes.live.join(", ");
                tracing::info!(changed, "the settings were read again and are in effect");
                app.site.standing.set(Condition::ReloadRefused, None);
                app.site.metrics.settings_read(Some(seconds_now()));
                next.loaded.signed.iter().for_each(serving::remember);
                self.loaded = next.loaded;
                Ok(if changed.is_empty() {
                    "read again: no key has changed".to_owned()
                } else {
                    format!("in effect: {changed}")
                })
            }
            Err(problems) => {
                for problem in &problems.0 {
                    tracing::error!(%problem, "the settings are not taken over: the old ones stay in effect");
                }
                let first = problems.0.first().map(ToString::to_string);
                let more = problems.0.len().saturating_sub(1);
                let more = if more == 0 {
                    String::new()
                } else {
                    format!(" (and {more} more, see the log)")
                };
                let reason = first.map(|first| format!("{first}{more}"));
                app.site.standing.set(Condition::ReloadRefused, reason);
                app.site.metrics.settings_read(None);
                Err(problems.to_string())
            }
        }
    }

    fn next(&self) -> Result<Next, Problems> {
        let loaded = Config::load(&self.flags, &Environment::read())?;
        super::config::check_named(&loaded)?;
        let changes = Changes::between(&self.loaded.config, &loaded.config);
        let refused = changes.fixed.iter().map(|key| {
            let was = match (loaded.origins.get(key), self.loaded.origins.get(key)) {
                (None, Some(was)) => format!(" (it was set at {was}, and is not any more)"),
                (Some(_), _) | (None, None) => String::new(),
            };
            (key.clone(), format!("{TAKES_A_RESTART}{was}"))
        });
        loaded.refuse(refused)?;
        Ok(Next { loaded, changes })
    }
}

const TAKES_A_RESTART: &str =
    "changed, which takes a restart; with a socket of systemd no client is refused meanwhile";

/// Brings settings into effect. Blocks.
///
/// # Errors
/// A certificate that was good a moment ago; nothing is changed then.
fn take_over(app: &App, next: &Next) -> Result<(), Problems> {
    let config = &next.loaded.config;
    let problem = |key: &str, text: String| next.loaded.refuse([(key.to_owned(), text)]);
    if let Some(tls) = &app.tls {
        tls.read_again()
            .or_else(|error| problem("tls.certificate", error.to_string()))?;
    }
    telemetry::set_level(&config.log).or_else(|error| problem("log.level", error.to_string()))?;
    app.site.live.take_over(config);
    let judges = |key: &String| JUDGING.iter().any(|it| key.starts_with(it));
    if next.changes.live.iter().any(judges) {
        app.site.shelf.forget_answers();
    }
    Ok(())
}

/// The keys that say what is put into memory, and for how long.
const JUDGING: [&str; 3] = ["proof.", "cache.list_fresh", "cache.negative_ttl"];
