//! The checksum databases, as the page tells of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::Site;
use super::growth::plot;
use super::html::{ago, escape};
use crate::own;
use crate::sumdb::{Database, Point};

/// How each database has grown, as of a moment ago, since anybody may open the page.
#[derive(Debug, Default)]
pub(crate) struct Growths {
    /// By name. Held while it is found out: who comes meanwhile waits for that.
    kept: tokio::sync::Mutex<HashMap<String, (Instant, Vec<Point>)>>,
}

/// How old what the page tells of growth may be.
const AGE_MAX: Duration = Duration::from_secs(60);

impl Growths {
    async fn of(&self, database: &Database) -> Vec<Point> {
        let name = database.name();
        let mut kept = self.kept.lock().await;
        if let Some((at, points)) = kept.get(name)
            && at.elapsed() < AGE_MAX
        {
            return points.clone();
        }
        let points = database.growth().await.unwrap_or_else(|error| {
            tracing::warn!(database = name, %error, "the page does not tell how a database has grown");
            Vec::new()
        });
        kept.insert(name.to_owned(), (Instant::now(), points.clone()));
        points
    }
}

/// Writes the section of the page. Names of private modules are told only where
/// `with_private` says so.
pub(super) async fn section(page: &mut String, site: &Site, with_private: bool) {
    page.push_str(
        "<h2>Checksum databases</h2>\n<div class=wide><table><tr><th>name<th>records in the newest head<th>head accepted<th>last file held against it<th>state</tr>\n",
    );
    for database in site.databases.all() {
        let points = site.growths.of(database).await;
        let head = database
            .head_size()
            .map_or_else(|| "none yet".to_owned(), |size| size.to_string());
        let state = match (database, database.is_stopped()) {
            (Database::Followed(_), true) => {
                "<span class=bad>stopped: two of its heads do not fit, look at the evidence</span>"
            }
            (Database::Followed(_), false) => "<span class=good>followed</span>",
            (Database::Own(_), true) => {
                "<span class=bad>nothing is signed: the log says why</span>"
            }
            (Database::Own(_), false) => "<span class=good>kept and signed here</span>",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{head}{}<td>{}<td class=name>{}<td>{state}</tr>",
            escape(database.name()),
            plot(&points),
            age_of(database),
            last_judged(site, database, with_private)
        );
        if let Database::Own(own) = database
            && let Some(standing) = own.witness_standing()
        {
            let _ = writeln!(page, "<tr><td><td colspan=4>{}</tr>", witnesses(&standing));
        }
    }
    page.push_str(
        "</table></div>\n<form action=\"/record\"><label>Look a version up <input name=module size=30 required placeholder=\"example.com/mod@v1.2.3\"></label> <button>Show</button></form>\n",
    );
}

/// Says which file was held against a database last since the start, and was what it says.
/// One of a private module that was hashed to be logged is none of these.
fn last_judged(site: &Site, database: &Database, with_private: bool) -> String {
    let Some((version, age)) = site.modules.last_judged(database.name()) else {
        return "<span class=dim>none since the start</span>".to_owned();
    };
    let path = version.path.as_str();
    let is_told = with_private || site.config.upstream.private_entry(path).is_none();
    let name = match is_told {
        true => format!("{}<br>", escape(&version.to_string())),
        false => String::new(),
    };
    format!("{name}<span class=dim>{} ago</span>", ago(age.as_secs()))
}

/// Says how the newest head of our own log stands with its witnesses.
fn witnesses(standing: &own::WitnessStanding) -> String {
    let class = if standing.is_alarmed { "bad" } else { "dim" };
    let mut text = format!(
        "<span class={class}>cosigned by {} of {} witnesses, {} are needed</span>",
        standing.fresh, standing.witnesses, standing.needed
    );
    for (name, why) in &standing.troubles {
        let _ = write!(
            text,
            "<br><span class=dim>{}: {}</span>",
            escape(name),
            escape(why)
        );
    }
    text
}

/// Says how old a database's newest head is.
fn age_of(database: &Database) -> String {
    if let Database::Own(_) = database {
        return "<span class=dim>signed here</span>".to_owned();
    }
    match (database.head_age(), database.is_standing_still()) {
        (None, _) => "<span class=dim>never</span>".to_owned(),
        (Some(age), true) => format!(
            "<span class=bad>{} ago: too long, no newer one comes</span>",
            ago(age.as_secs())
        ),
        (Some(age), false) => format!("{} ago", ago(age.as_secs())),
    }
}
