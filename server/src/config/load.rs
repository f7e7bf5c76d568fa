//! Flags, configuration file, environment and defaults put together.

use std::path::{Path, PathBuf};

use super::databases::Choice;
use super::environment::Environment;
use super::layer::Layer;
use super::problem::{Problem, Problems};
use super::{Address, Config, Database, Mode, Tls, file, word};
use crate::args::Flags;

/// Settings that are good, and what is worth saying about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What to log as warnings once logging is up.
    pub warnings: Vec<String>,
}

impl Config {
    /// Puts flags, configuration file, environment and defaults together.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them; the exit status for it is 64.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Loaded, Problems> {
        let mut problems = Vec::new();
        let mut config = Self::new(PathBuf::new());
        let layer = Layer::of_flags(flags, &mut problems);
        let path = flags
            .config
            .clone()
            .or_else(|| environment.path("SUMWARD_CONFIG"));
        let from_file = path.map_or_else(Layer::default, |path| {
            read_file(&path, &mut config, &mut problems)
        });
        let layer = layer
            .over(from_file)
            .or_environment(environment, &mut problems);
        let warnings = apply(layer, &mut config, &mut problems);
        if problems.is_empty() {
            Ok(Loaded { config, warnings })
        } else {
            Err(Problems(problems))
        }
    }
}

impl Config {
    /// Opens the files that the settings name, for `sumward config check`.
    ///
    /// # Errors
    ///
    /// Each file that cannot be read. What is in them is not looked at.
    pub fn check_files(&self) -> Result<(), Problems> {
        let tls = self.tls.as_ref();
        let named = [
            ("tls.certificate", tls.map(|tls| &tls.certificate)),
            ("tls.key", tls.map(|tls| &tls.key)),
            ("upstream.ca_file", self.upstream.ca_file.as_ref()),
            ("upstream.netrc", self.upstream.netrc.as_ref()),
        ];
        let problems: Vec<_> = named
            .into_iter()
            .filter_map(|(key, path)| {
                let path = path?;
                let error = std::fs::read(path).err()?;
                let message = format!("{} cannot be read: {error}", path.display());
                Some(Problem::new(key, message))
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problems(problems))
        }
    }
}

fn read_file(path: &Path, config: &mut Config, problems: &mut Vec<Problem>) -> Layer {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let (layer, found) = file::read(&name, &text, config);
            problems.extend(found);
            layer
        }
        Err(error) => {
            problems.push(Problem::new(name, format!("cannot be read: {error}")));
            Layer::default()
        }
    }
}

/// Moves what the layers say into the settings and checks that it fits together.
fn apply(layer: Layer, config: &mut Config, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(data) = layer.data {
        config.data = data;
    } else {
        let message = "there is no home folder to put it in; give --data FOLDER";
        problems.push(Problem::new("data", message));
    }
    if let Some(listen) = layer.listen {
        config.listen = listen;
    }
    // Port 0 is another free port each time.
    let is_main = |admin: &Address| match admin {
        Address::Tcp(address) => *admin == config.listen && address.port() != 0,
        Address::Unix(_) | Address::Inherited(_) => *admin == config.listen,
    };
    config.admin = layer.admin.filter(|admin| !is_main(admin));
    config.tls = match (layer.certificate, layer.key) {
        (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            problems.push(Problem::new(
                "tls",
                "a certificate needs its key: --tls-key",
            ));
            None
        }
        (None, Some(_)) => {
            problems.push(Problem::new(
                "tls",
                "a key needs its certificate: --tls-cert",
            ));
            None
        }
    };
    let upstream = &mut config.upstream;
    upstream.list = layer.list.unwrap_or_else(|| upstream.list.clone());
    upstream.ca_file = layer.ca_file;
    upstream.netrc = layer.netrc;
    upstream.http_proxy = layer.http_proxy.unwrap_or_default();
    config.proof.exempt = layer.exempt.unwrap_or_default();
    config.log.format = layer.format.unwrap_or(config.log.format);
    config.log.level = layer.level.unwrap_or_else(|| config.log.level.clone());
    match apply_databases(layer.databases, layer.mode, config) {
        Ok(warning) => warnings.extend(warning),
        Err(problem) => problems.push(problem),
    }
    warnings.extend(shadowed(&config.databases));
    warnings
}

/// Settles which databases there are and whether proof is asked of them.
///
/// `off` means to the go command that nothing is verified, so it means here that
/// nothing is proved. The public database is relayed all the same: clients that
/// verify for themselves, and every download of a Go toolchain, need it.
fn apply_databases(
    choice: Option<Choice>,
    mode: Option<Mode>,
    config: &mut Config,
) -> Result<Option<String>, Problem> {
    match (choice, mode) {
        (Some(Choice::Off), Some(Mode::Off)) => config.proof.mode = Mode::Off,
        (Some(Choice::Off), None) => {
            config.proof.mode = Mode::Off;
            return Ok(Some(OFF_WARNING.to_owned()));
        }
        (Some(Choice::Off), Some(mode @ (Mode::Require | Mode::Report))) => {
            let message = format!(
                "`{}` needs a checksum database, and the database is `off` (GOSUMDB, --database or `databases`); name one, or write `off` here too",
                word::print_mode(mode)
            );
            return Err(Problem::new("proof mode", message));
        }
        (Some(Choice::Of(databases)), mode) => {
            config.databases = databases;
            config.proof.mode = mode.unwrap_or(config.proof.mode);
        }
        (None, mode) => config.proof.mode = mode.unwrap_or(config.proof.mode),
    }
    Ok(None)
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
