//! The log of our own before its witnesses, while the server answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::http::Site;

/// How often it is looked whether there is a new head.
const LOOK: Duration = Duration::from_secs(1);

/// Has heads of our own log cosigned; ends at once where there are no witnesses.
pub(super) async fn tend(site: Arc<Site>) {
    let Some(own) = site.databases.own().filter(|own| own.has_witnesses()) else {
        return;
    };
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let standing = own.ask_witnesses().await;
        let fresh = standing.fresh as u64;
        site.metrics
            .database_witnesses(own.name(), fresh, standing.is_alarmed);
    }
}
