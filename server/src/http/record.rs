//! A record of a checksum database for people: what it says, and its proof as steps that can
//! be checked by hand, or as a file for programs (c2sp.org/tlog-proof).

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use http::{Request, Response, StatusCode};
use proto::module::ModuleVersion;
use proto::tlog::record_hash;
use proto::tlog_proof::TlogProof;

use super::body::Body;
use super::html::{self, escape};
use super::missing::tells_private;
use super::refusal::Refusal;
use super::response;
use super::{Role, Site};
use crate::sumdb::{Database, Inclusion};

/// Answers `/record?module=MODULE@VERSION`, as a page or, `is_file`, as a file.
///
/// # Errors
/// What is wrong with the question, that it is about a private module and not asked on the
/// admin address, or that the record is not stored here.
pub(super) async fn answer(
    site: &Arc<Site>,
    role: Role,
    request: &Request<()>,
    is_file: bool,
) -> Result<Response<Body>, Refusal> {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let asked = pairs.find(|(key, _)| key == "module");
    let asked = asked.map(|(_, value)| value.trim().to_owned());
    let asked = asked.unwrap_or_default();
    let module = ModuleVersion::parse(&asked).map_err(|error| {
        Refusal::bad_request(format!("want module=example.com/mod@v1.2.3: {error}\n"))
    })?;
    let path = module.path.as_str();
    let is_private = site.config.upstream.private_entry(path).is_some();
    if is_private && !tells_private(role, request) {
        return Err(Refusal::denied(
            "the module is private here: ask on the admin address\n",
        ));
    }
    let Some(database) = site.databases.covering(path) else {
        return Err(Refusal::not_here());
    };
    let found = database.inclusion(&module).await;
    let found = found.map_err(|error| Refusal::from_lookup(database.name(), &module, &error))?;
    let method = request.method();
    if is_file {
        let file = response::text(StatusCode::OK, file(&found)?.into(), method);
        return Ok(named(file, &module));
    }
    let text = Bytes::from(page(database, &module, &found));
    Ok(html::respond(text, method))
}

/// Names the file for whoever saves it.
fn named(mut file: Response<Body>, module: &ModuleVersion) -> Response<Body> {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '@' => letter,
        _ => '_',
    };
    let name: String = module.to_string().chars().map(plain).collect();
    let value = format!("attachment; filename=\"{name}.tlog-proof\"");
    if let Ok(value) = HeaderValue::from_str(&value) {
        file.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    file
}

fn file(found: &Inclusion) -> Result<String, Refusal> {
    let checkpoint = String::from_utf8(found.checkpoint.clone());
    let checkpoint = checkpoint.map_err(|error| Refusal::internal("writing a proof", &error))?;
    let proof = TlogProof {
        extra: None,
        index: found.id,
        hashes: found.hashes.clone(),
        checkpoint,
    };
    Ok(proof.to_string())
}

fn page(database: &Database, module: &ModuleVersion, found: &Inclusion) -> String {
    let module = module.to_string();
    let asked = url::form_urlencoded::byte_serialize(module.as_bytes()).collect::<String>();
    let leaf = record_hash(&found.record);
    let mut page = String::from(html::HEAD);
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<p><a href=\"/\">back</a></p>\n<h2>{}</h2>\n\
         <p>Record {} of {}, proved under its head of {} records.</p>\n\
         <pre>{}</pre>\n\
         <p><a href=\"/record.tlog-proof?module={asked}\">Download the proof</a> (c2sp.org/tlog-proof)</p>\n\
         <h2>The proof, by hand</h2>\n\
         <p>The record's hash is SHA-256 of a byte 00 and the record, with the newline at its end:</p>\n\
         <p><code>{}</code></p>\n\
         <p>Each further hash is SHA-256 of a byte 01, the left and the right hash (32 bytes each). \
         The one in <b>bold</b> is the hash of the line before.</p>\n\
         <div class=wide><table><tr><th>#<th>left, right<th>hash</tr>\n",
        escape(&module),
        found.id,
        escape(database.name()),
        found.tree.size,
        escape(&String::from_utf8_lossy(&found.record)),
        hex::encode(leaf.0),
    );
    let mut below = leaf;
    for (number, step) in (1..).zip(&found.steps) {
        let [left, right] = [step.left, step.right].map(|hash| {
            let text = hex::encode(hash.0);
            match hash == below {
                true => format!("<b>{text}</b>"),
                false => text,
            }
        });
        let _ = writeln!(
            page,
            "<tr><td>{number}<td class=name><code>{left}</code><br><code>{right}</code><td class=name><code>{}</code></tr>",
            hex::encode(step.hash.0)
        );
        below = step.hash;
    }
    let _ = write!(
        page,
        "</table></div>\n\
         <p>The last hash is the tree's, which the signed head has in base64: <code>{}</code></p>\n\
         <pre>{}</pre>\n\
         <p>It is signed by <code>{}</code>.</p>\n</body></html>\n",
        found.tree.hash,
        escape(&String::from_utf8_lossy(&found.checkpoint)),
        escape(&database.key().to_string()),
    );
    page
}
