//! The transfer request: what would be carried over, for a person to sign off.

use std::collections::BTreeMap;

use proto::bundle::{Carried, Manifest, Place};
use proto::{goproxy, quantity};
use serde_json::{Value, json};

use super::since::Since;

/// What a bundle would hold.
pub(crate) struct Request<'a> {
    manifest: &'a Manifest,
    /// Bytes of zips, by the versions they are of.
    sizes: BTreeMap<String, u64>,
    /// What was carried over before, and whether with its zip.
    before: BTreeMap<&'a str, bool>,
}

impl<'a> Request<'a> {
    /// Makes the request for a bundle with this manifest.
    pub(crate) fn new(manifest: &'a Manifest, since: &'a Since) -> Self {
        let mut sizes = BTreeMap::new();
        for member in &manifest.members {
            if let Ok(Place::Module(goproxy::Request::Zip(version))) = manifest.place(member) {
                sizes.insert(version.to_string(), member.size);
            }
        }
        let mut before = BTreeMap::new();
        for carried in &since.modules {
            *before.entry(&*carried.module).or_default() |= carried.zip;
        }
        Self {
            manifest,
            sizes,
            before,
        }
    }

    /// The request for people.
    pub(crate) fn text(&self) -> String {
        let manifest = self.manifest;
        let mut text = "Transfer request\n\n".to_owned();
        for asked in &manifest.asked {
            text.push_str(&format!("asked for: {asked}\n"));
        }
        for remark in &manifest.remarks {
            text.push_str(&format!("note: {remark}\n"));
        }
        if let Some(base) = self.base() {
            text.push_str(&format!("adds to {base}\n"));
        }
        for proved in self.proved() {
            text.push_str(&format!("proved by {proved}\n"));
        }
        text.push_str(&format!(
            "{}; licences by the text of the licence files:\n",
            self.summary()
        ));
        for (licence, count) in self.licences() {
            text.push_str(&format!("  {count:>5}  {licence}\n"));
        }
        text.push('\n');
        for carried in &manifest.modules {
            text.push_str(&format!("{}\n", self.line(carried)));
        }
        text
    }

    /// The request for machines.
    pub(crate) fn json(&self) -> Value {
        let modules: Vec<Value> = self
            .manifest
            .modules
            .iter()
            .map(|carried| {
                json!({
                    "module": carried.module,
                    "zip": carried.zip,
                    "licence": carried.licence,
                    "bytes": self.bytes(carried),
                    "new": self.is_new(carried),
                })
            })
            .collect();
        json!({
            "asked": self.manifest.asked,
            "remarks": self.manifest.remarks,
            "bytes": self.manifest.size(),
            "databases": self.manifest.databases,
            "licences": self.licences(),
            "modules": modules,
        })
    }

    /// The request as a page to sign.
    pub(crate) fn html(&self) -> String {
        let mut rows = String::new();
        for carried in &self.manifest.modules {
            let (licence, size) = match self.bytes(carried) {
                Some(bytes) => (&*carried.licence, quantity::size(bytes)),
                None => ("", "go.mod alone".to_owned()),
            };
            rows.push_str(&format!(
                "<tr><td>{}</td><td>{}</td><td class=\"size\">{size}</td><td>{}</td></tr>\n",
                escaped(&carried.module),
                escaped(licence),
                if self.is_new(carried) { "new" } else { "" },
            ));
        }
        let licences = self.licences().into_iter();
        let licences = licences.map(|(licence, count)| format!("{count} × {licence}"));
        let sections = [
            section("Asked for", &self.manifest.asked),
            section("Adds to", &Vec::from_iter(self.base())),
            section("Proved by", &self.proved()),
            section("Notes", &self.manifest.remarks),
            section(
                "Licences, by the text of the licence files",
                &licences.collect::<Vec<_>>(),
            ),
        ];
        PAGE.replace("{summary}", &escaped(&self.summary()))
            .replace("{sections}", &sections.concat())
            .replace("{rows}", &rows)
    }

    fn summary(&self) -> String {
        let modules = &self.manifest.modules;
        let new = modules.iter().filter(|carried| self.is_new(carried));
        let new = match self.before.is_empty() {
            true => "no earlier transfer is named".to_owned(),
            false => format!("{} new since the last transfer", new.count()),
        };
        format!(
            "{}, {new}, {}",
            quantity::count(modules.len(), "module version", "module versions"),
            quantity::size(self.manifest.size())
        )
    }

    fn proved(&self) -> Vec<String> {
        let databases = self.manifest.databases.iter();
        let proved =
            databases.map(|it| format!("{} under a signed head of {} records", it.name(), it.size));
        proved.collect()
    }

    /// What must have been carried over before.
    fn base(&self) -> Option<String> {
        let base = self.manifest.base.as_ref();
        base.map(|base| format!("the bundle {}", base.sha256))
    }

    fn line(&self, carried: &Carried) -> String {
        let new = if self.is_new(carried) { "new " } else { "    " };
        match self.bytes(carried) {
            Some(bytes) => format!(
                "{new}{} {} {}",
                carried.module,
                quantity::size(bytes),
                carried.licence
            ),
            None => format!("{new}{} go.mod alone", carried.module),
        }
    }

    fn licences(&self) -> BTreeMap<String, usize> {
        let mut licences = BTreeMap::new();
        let zips = self.manifest.modules.iter().filter(|carried| carried.zip);
        for carried in zips {
            *licences.entry(carried.licence.clone()).or_default() += 1;
        }
        licences
    }

    fn is_new(&self, carried: &Carried) -> bool {
        let before = self.before.get(&*carried.module);
        before.is_none_or(|zip| carried.zip && !zip)
    }

    /// Bytes of a version's zip.
    fn bytes(&self, carried: &Carried) -> Option<u64> {
        self.sizes.get(&carried.module).copied()
    }
}

/// A heading and a list; nothing where the list is empty.
fn section(heading: &str, texts: &[String]) -> String {
    if texts.is_empty() {
        return String::new();
    }
    let item = |text: &String| format!("<li>{}</li>\n", escaped(text));
    let items: String = texts.iter().map(item).collect();
    format!("<h2>{heading}</h2>\n<ul>\n{items}</ul>\n")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Transfer request</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .2em .6em .2em 0; border-bottom: 1px solid #8884 }
td:first-child, li { overflow-wrap: anywhere }
h2 { font-size: 1.15em; margin: 1.4em 0 .3em }
ul { margin: .3em 0; padding-left: 1.3em }
.size { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.sign { break-inside: avoid; margin-top: 2em }
.sign td { border: 0; border-top: 1px solid; padding-top: .3em; width: 33% }
.sign td + td { border-left: 1.5em solid transparent }
.sign tr.line td { border-top: 0; height: 3em }
@media print {
  :root { color-scheme: light }
  @page { margin: 18mm }
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0; color: #000; background: #fff }
  h1 { font-size: 16pt; margin-top: 0 }
  h2 { break-after: avoid }
  thead { display: table-header-group }
  tr { break-inside: avoid }
  td, th { border-color: #999 }
}
</style>
<h1>Transfer request</h1>
<p>{summary}</p>
{sections}<h2>Modules</h2>
<table>
<thead><tr><th>Module version</th><th>Licence</th><th class="size">Zip</th><th></th></tr></thead>
<tbody>
{rows}</tbody></table>
<section class="sign">
<h2>Sign-off</h2>
<table>
<tr class="line"><td></td><td></td><td></td></tr>
<tr><td>Asked for by: name</td><td>Date</td><td>Signature</td></tr>
<tr class="line"><td></td><td></td><td></td></tr>
<tr><td>Approved by: name</td><td>Date</td><td>Signature</td></tr>
</table>
</section>
</html>
"#;
