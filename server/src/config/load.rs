//! Flags, configuration files, environment and defaults put together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::databases::is_off;
use super::environment::Environment;
use super::kind::{Kind as _, OFF, Part as _, scalar};
use super::layer::Layer;
use super::place::Place;
use super::problem::{Problem, Problems};
use super::signed::{self, Signed};
use super::sources::{self, Source};
use super::trust::{self, Trust};
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
    pub origins: BTreeMap<String, Place>,
    /// The signed manifest that the files are held to, where a key is trusted.
    pub signed: Option<Signed>,
}

impl Loaded {
    /// Returns the settings as a configuration file, secrets left out, and in it
    /// behind each key where it was set.
    pub fn show_origins(&self) -> String {
        show::print_with_origins(&self.config, &self.origins)
    }

    /// Returns the settings as one JSON object, secrets left out: keys in sections, as in
    /// the configuration file. With origins, those under `settings`, and under `origins`
    /// the layer and the place of each key by its path.
    pub fn show_json(&self, with_origins: bool) -> String {
        show::print_json(&self.config, with_origins.then_some(&self.origins))
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
            Some(origin) => Problem::new(format!("{}: {key}", origin.at), message),
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
    /// Puts flags, configuration files, environment and defaults together. Reads every file
    /// anew: a reload calls it again, and keeps its old settings where this fails.
    ///
    /// With a trusted key nothing is parsed before its signature holds over all files, and
    /// what is said is about that alone.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them; the exit status for it is 64.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Loaded, Problems> {
        Self::load_with(&trusted(flags, environment)?, flags, environment)
    }

    /// Does the same for who only looks at the settings, on any host and from any script:
    /// that nothing says the data folder is a warning, and `data` is empty then.
    ///
    /// # Errors
    ///
    /// Everything else that is wrong with them.
    pub(crate) fn load_to_look(
        flags: &Flags,
        environment: &Environment,
    ) -> Result<Loaded, Problems> {
        let judged = Judged {
            data_needed: false,
            ..trusted(flags, environment)?
        };
        Self::load_with(&judged, flags, environment)
    }

    /// Does the same without a look at signatures: for a command that only has to find
    /// the server.
    ///
    /// # Errors
    ///
    /// Everything else that is wrong with the settings.
    pub(crate) fn load_unsigned(
        flags: &Flags,
        environment: &Environment,
    ) -> Result<Loaded, Problems> {
        let judged = Judged {
            trust: None,
            data_needed: true,
        };
        Self::load_with(&judged, flags, environment)
    }

    fn load_with(
        judged: &Judged,
        flags: &Flags,
        environment: &Environment,
    ) -> Result<Loaded, Problems> {
        let mut problems = Vec::new();
        let sources = sources::read(flags, environment, &mut problems);
        let opened = match &judged.trust {
            Some(_) if !problems.is_empty() => return Err(Problems(problems)),
            Some(trust) => {
                let opened = signed::open(trust, &sources, flags, environment);
                Some(opened.map_err(Problems)?)
            }
            None => None,
        };

        let mut warnings = Vec::new();
        let own = variables::of_own(environment, &mut problems, &mut warnings);
        let above = variables::of_flags(flags, &mut problems).above(own);
        let below = files(&sources, &mut problems);
        let overridden = below.overridden_by(&above);
        let layer = with_others(above.above(below), environment, &mut problems);

        let mut config = Self::new(PathBuf::new());
        match layer.partial() {
            Ok(partial) => partial.fill(&mut config),
            Err(problem) => problems.push(problem),
        }
        config.runtime = environment.first_path("RUNTIME_DIRECTORY");
        config.log.journal_stream = environment.text("JOURNAL_STREAM");
        config.errors.invocation_id = environment.text("INVOCATION_ID");
        config.own.accept_head = flags.accept_head;
        config.own.end_after.clone_from(&flags.own_end_after);
        let missing = config.take_credentials(environment).into_iter();
        problems.extend(missing.map(|(key, message)| Problem::new(place(&layer, &key), message)));
        if !layer.has("data") {
            // A signature is held against what was in use before, which lies there too.
            let is_needed = judged.data_needed
                || opened.is_some() && !signed::state_is_said(flags, environment);
            if is_needed {
                problems.push(Problem::new("data", NO_DATA));
            } else {
                warnings.push(format!("data: {NO_DATA}"));
            }
        }
        warnings.extend(settle(&layer, &mut config, &mut problems));
        let mut signed = None;
        if let Some(opened) = opened {
            match opened.settle(&config.data, flags, environment) {
                Ok(it) => signed = Some(Signed { overridden, ..it }),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        warnings.extend(signed.iter().flat_map(Signed::warnings));
        let origins = origins(&layer, &config);
        Ok(Loaded {
            config,
            warnings,
            origins,
            signed,
        })
    }
}

const NO_DATA: &str = "there is no home folder to put it in; give --data FOLDER, or write `data: FOLDER` in a configuration file";

/// What settings are held to.
struct Judged {
    /// The keys that must have signed the files, where there are any.
    trust: Option<Trust>,
    /// Whether there must be a data folder.
    data_needed: bool,
}

fn trusted(flags: &Flags, environment: &Environment) -> Result<Judged, Problems> {
    let trust = trust::read(flags, environment).map_err(|problem| Problems(vec![problem]))?;
    Ok(Judged {
        trust,
        data_needed: true,
    })
}

/// Puts the configuration files over each other, a later one over an earlier one.
fn files(sources: &[Source], problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::default();
    for source in sources.iter().rev() {
        layer = layer.above(source.layer(problems));
    }
    layer
}

/// Adds what the variables of the go command and of the system say below all else.
fn with_others(layer: Layer, environment: &Environment, problems: &mut Vec<Problem>) -> Layer {
    let others = variables::of_others(environment, &layer, problems);
    let mut layer = layer.above(others);
    let private = variables::private(environment, problems);
    layer.append(variables::PRIVATE, private);
    layer
}

fn origins(layer: &Layer, config: &Config) -> BTreeMap<String, Place> {
    let mut origins = layer.origins();
    if config.proof.mode == Mode::Off && !layer.has("proof.mode") {
        // `databases: off` says so.
        let databases = origins.get("databases").cloned();
        origins.extend(databases.map(|origin| ("proof.mode".to_owned(), origin)));
    }
    origins
}

/// Settles what depends on more than one key, and checks that they fit together.
fn settle(layer: &Layer, config: &mut Config, problems: &mut Vec<Problem>) -> Vec<String> {
    if config
        .admin
        .as_ref()
        .is_some_and(|it| is_same(it, &config.listen))
    {
        config.admin = None;
    }
    problems.extend(half_of_tls(layer));
    problems.extend(half_of_events(layer));
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

/// Whether a key has another value than `off`.
fn is_said(layer: &Layer, key: &str) -> bool {
    let value = layer.entry(key).map(|entry| &entry.value);
    value.is_some_and(|value| scalar(value).is_ok_and(|text| text != OFF))
}

fn half_of_events(layer: &Layer) -> Option<Problem> {
    let message = match ["events.webhook", "events.secret"].map(|key| is_said(layer, key)) {
        [true, false] => "a web hook needs the secret that it knows the sender by: events.secret",
        [false, true] => "a secret needs the web hook that it is for: events.webhook",
        [true, true] | [false, false] => return None,
    };
    Some(Problem::new("events", message))
}

fn half_of_tls(layer: &Layer) -> Option<Problem> {
    let is_said = |key: &str| is_said(layer, key);
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
