//! Flags, configuration files, environment and defaults put together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_norway::Value;

use super::databases::is_off;
use super::environment::Environment;
use super::kind::{Kind as _, OFF, Part as _, scalar};
use super::layer::{Layer, Origin};
use super::lines::Lines;
use super::problem::{Problem, Problems};
use super::word::ModeWord;
use super::{Address, Config, Database, Mode, show, variables};
use crate::args::Flags;

/// Settings that are good, and what is worth saying about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What to log as warnings once logging is up.
    pub warnings: Vec<String>,
    /// Where each key was set that has not its default: a flag, a variable, or a file
    /// and its line.
    pub origins: BTreeMap<String, String>,
}

impl Loaded {
    /// Returns the settings as a configuration file, secrets left out, and in it
    /// behind each key where it was set.
    pub fn show_origins(&self) -> String {
        show::print_with_origins(&self.config, &self.origins)
    }

    /// Says of keys that are good by themselves what others found wrong with them:
    /// pairs of a key and a message.
    ///
    /// # Errors
    ///
    /// Each of the pairs, with the place where the key was set.
    pub fn refuse(
        &self,
        found: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), Problems> {
        let problem = |(key, message): (String, String)| match self.origins.get(&key) {
            Some(origin) => Problem::new(format!("{origin}: {key}"), message),
            None => Problem::new(key, message),
        };
        let problems: Vec<_> = found.into_iter().map(problem).collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problems(problems))
        }
    }
}

impl Config {
    /// Puts flags, configuration files, environment and defaults together.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them; the exit status for it is 64.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Loaded, Problems> {
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        let mut layer = variables::of_flags(flags, &mut problems).above(variables::of_own(
            environment,
            &mut problems,
            &mut warnings,
        ));
        // A later file goes over an earlier one.
        for path in files(flags, environment).iter().rev() {
            layer = layer.above(read_file(path, &mut problems));
        }
        let others = variables::of_others(environment, &layer, &mut problems);
        layer = layer.above(others);
        let private = variables::private(environment, &mut problems);
        layer.append(variables::PRIVATE, private);

        let mut config = Self::new(PathBuf::new());
        match layer.partial() {
            Ok(partial) => partial.fill(&mut config),
            Err(problem) => problems.push(problem),
        }
        config.runtime = environment.first_path("RUNTIME_DIRECTORY");
        config.log.journal_stream = environment.text("JOURNAL_STREAM");
        config.own.accept_head = flags.accept_head;
        config.own.end_after.clone_from(&flags.own_end_after);
        if let Some(key) = &mut config.own.key
            && let Some(credential) = credential(environment, key)
        {
            *key = credential;
        }
        warnings.extend(settle(&layer, &mut config, &mut problems));
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let mut origins = layer.origins();
        if config.proof.mode == Mode::Off && !layer.has("proof.mode") {
            // `databases: off` says so.
            let databases = origins.get("databases").cloned();
            origins.extend(databases.map(|origin| ("proof.mode".to_owned(), origin)));
        }
        Ok(Loaded {
            config,
            warnings,
            origins,
        })
    }

    /// Opens the files that the settings name, as the server does when it starts.
    /// Returns pairs of a key and a message: each file that cannot be read, and a
    /// `ca_file` that has no certificate in it. Certificate and key of `tls` are not
    /// looked into.
    pub fn check_files(&self) -> Vec<(String, String)> {
        let tls = self.tls.as_ref();
        let named = [
            ("tls.certificate", tls.map(|tls| &tls.certificate)),
            ("tls.key", tls.map(|tls| &tls.key)),
            (CA_FILE, self.upstream.ca_file.as_ref()),
            ("upstream.netrc", self.upstream.netrc.as_ref()),
        ];
        named
            .into_iter()
            .filter_map(|(key, path)| Some((key.to_owned(), check_file(key, path?).err()?)))
            .collect()
    }
}

/// Returns where a file lies that systemd hands down as a credential of this name.
fn credential(environment: &Environment, name: &Path) -> Option<PathBuf> {
    let is_name = name.components().count() == 1;
    let path = environment.path("CREDENTIALS_DIRECTORY")?.join(name);
    (is_name && path.exists()).then_some(path)
}

const CA_FILE: &str = "upstream.ca_file";

fn check_file(key: &str, path: &Path) -> Result<(), String> {
    let path_shown = path.display();
    let bytes =
        std::fs::read(path).map_err(|error| format!("{path_shown} cannot be read: {error}"))?;
    if key != CA_FILE {
        return Ok(());
    }
    let mut certificates = CertificateDer::pem_slice_iter(&bytes);
    match certificates.next() {
        None => Err(format!("{path_shown} has no certificate (PEM) in it")),
        Some(first) => first
            .and_then(|_| certificates.find_map(Result::err).map_or(Ok(()), Err))
            .map_err(|error| format!("{path_shown} has a certificate that is broken: {error}")),
    }
}

/// The configuration files, the strongest last.
fn files(flags: &Flags, environment: &Environment) -> Vec<PathBuf> {
    if flags.config.is_empty() {
        environment.path(variables::CONFIG).into_iter().collect()
    } else {
        flags.config.clone()
    }
}

fn read_file(path: &Path, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::default();
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::new(name, format!("cannot be read: {error}")));
            return layer;
        }
    };
    match serde_norway::from_str::<Value>(&text) {
        Ok(value) => {
            let lines = Arc::new(Lines::of(&text));
            layer.put_all(value, &Origin::File { name, lines }, problems);
        }
        Err(error) => {
            let place = error
                .location()
                .map_or_else(String::new, |at| format!(":{}:{}", at.line(), at.column()));
            problems.push(Problem::new(format!("{name}{place}"), error.to_string()));
        }
    }
    layer
}

/// Settles what depends on more than one key, and checks that they fit together.
fn settle(layer: &Layer, config: &mut Config, problems: &mut Vec<Problem>) -> Vec<String> {
    if !layer.has("data") {
        let message = "there is no home folder to put it in; give --data FOLDER";
        problems.push(Problem::new("data", message));
    }
    if config
        .admin
        .as_ref()
        .is_some_and(|it| is_same(it, &config.listen))
    {
        config.admin = None;
    }
    problems.extend(half_of_tls(layer));
    let upstream = &config.upstream;
    let breaker = &upstream.breaker;
    let pairs = [
        (
            "upstream.backoff",
            upstream.backoff_min,
            upstream.backoff_max,
        ),
        ("upstream.breaker.open", breaker.open_min, breaker.open_max),
    ];
    for (key, min, max) in pairs {
        if max < min {
            problems.push(shorter(layer, &format!("{key}_max"), &format!("{key}_min")));
        }
    }
    if config.clients.proxy_protocol && config.clients.trusted_proxies.is_empty() {
        let key = "clients.proxy_protocol";
        let message = "nobody could connect: only `clients.trusted_proxies` may speak the PROXY protocol, and there are none";
        problems.push(Problem::new(place(layer, key), message));
    }
    let mut warnings = Vec::new();
    match settle_proof(layer, config) {
        Ok(warning) => warnings.extend(warning),
        Err(problem) => problems.push(problem),
    }
    warnings.extend(shadowed(&config.databases));
    warnings
}

/// Port 0 is another free port each time.
fn is_same(admin: &Address, listen: &Address) -> bool {
    match admin {
        Address::Tcp(address) => admin == listen && address.port() != 0,
        Address::Unix(_) | Address::Inherited(_) => admin == listen,
    }
}

fn half_of_tls(layer: &Layer) -> Option<Problem> {
    let is_said = |key: &str| {
        let value = layer.entry(key).map(|entry| &entry.value);
        value.is_some_and(|value| scalar(value).is_ok_and(|text| text != OFF))
    };
    let message = match (is_said("tls.certificate"), is_said("tls.key")) {
        (true, false) => "a certificate needs its key: --tls-key",
        (false, true) => "a key needs its certificate: --tls-cert",
        (true, true) | (false, false) => return None,
    };
    Some(Problem::new("tls", message))
}

/// A longest duration that is shorter than the first one.
fn shorter(layer: &Layer, max: &str, min: &str) -> Problem {
    let said = if layer.has(max) { max } else { min };
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let message = if said == max {
        format!("is shorter than `{}`", name(min))
    } else {
        format!("is longer than `{}`", name(max))
    };
    Problem::new(place(layer, said), message)
}

fn place(layer: &Layer, path: &str) -> String {
    let entry = layer.entry(path);
    entry.map_or_else(|| path.to_owned(), |entry| entry.origin.place(path))
}

/// Settles whether proof is asked of the databases.
///
/// `off` means to the go command that nothing is verified, so it means here that
/// nothing is proved. The public database is relayed all the same: clients that
/// verify for themselves, and every download of a Go toolchain, need it.
fn settle_proof(layer: &Layer, config: &mut Config) -> Result<Option<String>, Problem> {
    let databases = layer.entry("databases");
    if !databases.is_some_and(|entry| is_off(&entry.value)) {
        return Ok(None);
    }
    if !layer.has("proof.mode") {
        config.proof.mode = Mode::Off;
        return Ok(Some(OFF_WARNING.to_owned()));
    }
    match config.proof.mode {
        Mode::Off => Ok(None),
        mode @ (Mode::Require | Mode::Report) => Err(Problem::new(
            place(layer, "proof.mode"),
            format!(
                "`{}` needs a checksum database, and the database is `off` (GOSUMDB, --database or `databases`); name one, or write `off` here too",
                ModeWord::print(&mode)
            ),
        )),
    }
}

const OFF_WARNING: &str = "the checksum database is `off`: modules are served without proof; \
    the public database is still relayed to clients that ask for it";

/// A database after one that proves every module proves nothing itself.
fn shadowed(databases: &[Database]) -> Option<String> {
    let all = databases.iter().position(|it| it.modules.is_none())?;
    let after = databases.get(all + 1)?;
    Some(format!(
        "`{}` proves every module, so `{}` after it proves none and is only relayed; give the first one `modules`, or put it last",
        databases[all].name, after.name
    ))
}
