//! The bundles that were taken in, as the page tells of them.

use std::fmt::Write as _;

use proto::quantity;

use super::Site;
use super::html::{ago, escape};
use crate::bundle::history::day;
use crate::journal::{Imported, seconds_now};

/// Module versions of a bundle that are listed.
const NAMES_MAX: usize = 200;

/// Writes the section of the page; none where no bundle was taken in. Names of private
/// modules are told only where `with_private` says so.
pub(super) fn section(page: &mut String, site: &Site, with_private: bool) {
    let upstream = &site.config.upstream;
    let is_told = |name: &str| {
        let module = name.split('@').next().unwrap_or_default();
        with_private || upstream.private_entry(module).is_none()
    };
    write(page, &site.mirror.imported(), &is_told, seconds_now());
}

fn write(page: &mut String, bundles: &[Imported], is_told: &dyn Fn(&str) -> bool, now: u64) {
    if bundles.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Bundles taken in</h2>\n<div class=wide><table><tr><th>when<th>signed by<th>held</tr>\n",
    );
    for bundle in bundles {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "<tr><td class=day>{}<br><span class=dim>{} ago</span><td class=name>{}<td class=name>{}",
            day(bundle.at),
            ago(now.saturating_sub(bundle.at)),
            escape(&bundle.signer).replace('+', "<wbr>+"),
            held(bundle),
        );
        names(page, bundle, is_told);
        let _ = writeln!(
            page,
            "<div class=dim>manifest <code>{}</code></div></tr>",
            escape(&bundle.sha256)
        );
    }
    page.push_str("</table></div>\n");
}

fn held(bundle: &Imported) -> String {
    let versions = quantity::count(
        usize::try_from(bundle.modules).unwrap_or(usize::MAX),
        "module version",
        "module versions",
    );
    let zips = bundle.zips.map(|zips| format!(", {zips} with zip"));
    let size = quantity::size(bundle.bytes);
    format!("{versions}{}, {size} unpacked", zips.unwrap_or_default())
}

fn names(page: &mut String, bundle: &Imported, is_told: &dyn Fn(&str) -> bool) {
    let told = bundle.names.iter().filter(|name| is_told(name));
    let told: Vec<&String> = told.take(NAMES_MAX).collect();
    if told.is_empty() {
        return;
    }
    page.push_str("<details><summary>which</summary>");
    for name in &told {
        let _ = write!(page, "{}<br>", escape(name));
    }
    let more = bundle.modules.saturating_sub(told.len() as u64);
    if more > 0 {
        let _ = write!(page, "<span class=dim>and {more} more</span>");
    }
    page.push_str("</details>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_are_told_where_they_may_be_and_all_is_escaped() {
        let bundle = Imported {
            sha256: "ab".to_owned(),
            signer: "<b>+1".to_owned(),
            modules: 3,
            zips: Some(2),
            bytes: 2048,
            names: vec![
                "corp.example/a@v1.0.0".to_owned(),
                "m.example/b@v1.0.0".to_owned(),
            ],
            at: 1_790_000_000,
        };
        let shown = |is_told: &dyn Fn(&str) -> bool| {
            let mut page = String::new();
            write(
                &mut page,
                std::slice::from_ref(&bundle),
                is_told,
                1_790_000_050,
            );
            page
        };
        let all = shown(&|_| true);
        assert!(
            all.contains("corp.example/a") && all.contains("and 1 more"),
            "{all}"
        );
        assert!(
            all.contains("&lt;b&gt;<wbr>+1") && all.contains("50 s ago"),
            "{all}"
        );
        assert!(all.contains("3 module versions, 2 with zip"), "{all}");
        let some = shown(&|name| !name.starts_with("corp"));
        assert!(
            !some.contains("corp.example") && some.contains("m.example/b"),
            "{some}"
        );
        assert!(some.contains("and 2 more"), "{some}");
        let mut none = String::new();
        write(&mut none, &[], &|_| true, 0);
        assert_eq!(none, "");
    }
}
