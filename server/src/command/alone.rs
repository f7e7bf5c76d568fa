//! Working on a data folder that no server has open.

use std::sync::Arc;

use anyhow::{Result, bail};

use crate::app::App;
use crate::config::Config;

/// Puts together what a server would, without listening, and brings the index up to date.
///
/// # Errors
/// What stands in the way, with what to do about it.
pub(super) async fn open(config: &Config) -> Result<Arc<App>> {
    let app = App::open(config.clone()).await?;
    if app.is_read_only() {
        let data = app.config().data.display();
        bail!("the data folder {data} is read-only");
    }
    app.catch_up().await;
    Ok(app)
}
