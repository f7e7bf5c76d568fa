//! What was asked for and is not here, for people and as a list for the next transfer.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use proto::quantity::count;

use super::body::Body;
use super::by_address;
use super::html::{ago, escape};
use super::refusal::Refusal;
use super::{Role, Site, response};
use crate::bundle::gather::WHERE_THERE;
use crate::journal::seconds_now;
use crate::shelf::missing::Missed;

/// Answers with the list: `path@version` a line, what was asked for last first.
///
/// # Errors
/// What disk or ledger answer.
pub(super) async fn text(
    site: &Arc<Site>,
    role: Role,
    request: &Request<()>,
) -> Result<Response<Body>, Refusal> {
    let missed = site.shelf.missed().await;
    let missed = missed.map(|missed| told(site, role, request, &missed));
    let missed = missed.map_err(|error| Refusal::internal("listing what is missing", &error))?;
    let text = Bytes::from(lines(&missed));
    Ok(response::text(StatusCode::OK, text, request.method()))
}

/// Returns what is missing for the page: as of a moment ago, since anybody may open it.
///
/// # Errors
/// What disk or ledger answer.
pub(super) async fn of<B>(
    site: &Site,
    role: Role,
    request: &Request<B>,
) -> std::io::Result<Vec<Missed>> {
    let missed = site.shelf.missed_lately(AGE_MAX).await?;
    Ok(told(site, role, request, &missed))
}

/// How old what the page tells may be.
const AGE_MAX: Duration = Duration::from_secs(10);

/// Returns what may be told there: names of private modules only on the admin address, and
/// not to a page in a browser that has another name resolve to it.
fn told<B>(site: &Site, role: Role, request: &Request<B>, missed: &[Missed]) -> Vec<Missed> {
    let with_private = tells_private(role, request);
    let upstream = &site.config.upstream;
    let is_told = |it: &&Missed| with_private || upstream.private_entry(&it.module).is_none();
    missed.iter().filter(is_told).cloned().collect()
}

/// Whether names of private modules may be told: see [`told`].
pub(super) fn tells_private<B>(role: Role, request: &Request<B>) -> bool {
    role == Role::Admin && by_address::is_asked(request.headers())
}

fn lines(missed: &[Missed]) -> String {
    if missed.is_empty() {
        return String::new();
    }
    // The go command asks for shorter paths, too, and people mistype.
    let mut text = format!("{WHERE_THERE}\n");
    let (versions, questions): (Vec<_>, Vec<_>) = missed.iter().partition(|it| it.is_version);
    for missed in versions {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", missed.name);
    }
    if !questions.is_empty() {
        text.push_str("# Asked for without a version; the path may be none of a module:\n");
    }
    for missed in questions {
        let _ = writeln!(text, "# {}", missed.name);
    }
    text
}

/// Rows of the page.
const ROWS_MAX: usize = 50;

/// Writes the section of the page. `is_told` says whether the list can be had here.
pub(super) fn section(page: &mut String, missed: &[Missed], is_told: bool) {
    page.push_str("<h2>Asked for and missing</h2>\n");
    if missed.is_empty() {
        page.push_str("<p class=dim>Nothing: whatever was asked for could be had.</p>\n");
        return;
    }
    let versions = missed.iter().filter(|it| it.is_version).count();
    let versions = count(versions, "version", "versions");
    let list = match is_told {
        true => "<a href=\"/missing.txt\" download>missing.txt</a>",
        false => "missing.txt on the admin address",
    };
    let _ = write!(
        page,
        "<p>No upstream could be asked, or none answered. {versions} among these: {list} lists them for the next transfer.</p>\n\
         <div class=wide><table><tr><th>module<th>last asked for<th>times</tr>\n"
    );
    let now = seconds_now();
    let (named, asked): (Vec<_>, Vec<_>) = missed.iter().partition(|it| it.is_version);
    for missed in named.into_iter().chain(asked).take(ROWS_MAX) {
        let class = if missed.is_version { "" } else { " dim" };
        let _ = writeln!(
            page,
            "<tr><td class=\"name{class}\">{}<td>{} ago<td>{}</tr>",
            escape(&missed.name),
            ago(now.saturating_sub(missed.miss.last)),
            missed.miss.count
        );
    }
    page.push_str("</table></div>\n");
    let more = missed.len().saturating_sub(ROWS_MAX);
    if more > 0 {
        let _ = writeln!(page, "<p class=dim>and {more} more</p>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::missing::Miss;

    fn missed(name: &str, is_version: bool) -> Missed {
        Missed {
            name: name.to_owned(),
            module: name.split('@').next().unwrap_or_default().to_owned(),
            is_version,
            miss: Miss {
                count: 3,
                last: 7,
                parts: Default::default(),
            },
        }
    }

    #[test]
    fn the_list_has_versions_a_line_and_the_rest_as_remarks() {
        let all = [
            missed("m.example/y@latest", false),
            missed("m.example/X@v1.0.0", true),
        ];
        let text = lines(&all);
        let want: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(want, ["m.example/X@v1.0.0"]);
        assert!(text.contains("# m.example/y@latest"));
        assert_eq!(lines(&[]), "");
    }

    #[test]
    fn the_section_says_where_the_list_is_and_is_bounded() {
        let mut page = String::new();
        section(&mut page, &[], true);
        assert!(page.contains("Nothing: whatever"));
        let all = vec![missed("<b>@v1.0.0", true); ROWS_MAX + 2];
        let mut page = String::new();
        section(&mut page, &all, true);
        assert!(page.contains("&lt;b&gt;@v1.0.0") && !page.contains("<b>"));
        assert!(page.contains("and 2 more") && page.contains("href=\"/missing.txt\""));
        let mut page = String::new();
        section(&mut page, &all, false);
        assert!(!page.contains("href"));
    }
}
