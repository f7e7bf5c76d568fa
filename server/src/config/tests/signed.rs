//! Signed configuration: what is taken, each refusal, and what is remembered.

use proto::manifest::{File, Manifest, Role};
use proto::note::{SignerKey, sign};

use super::*;

const LATER: u64 = 4_000_000_000;

/// A server's folder with a base file and a feature, signed with serial 7.
struct Site {
    folder: tempfile::TempDir,
}

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed("config.example", [seed; 32]).unwrap()
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        site.write("sumward.yaml", "limits: {fetches_max: 7}\n");
        site.write("conf.d/a.yaml", "log: {level: debug}\n");
        site.sign(7, |_| ());
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Signs the files as they are.
    fn sign(&self, serial: u64, change: impl FnOnce(&mut Manifest)) {
        self.sign_with(&key(1), serial, change);
    }

    fn sign_with(&self, key: &SignerKey, serial: u64, change: impl FnOnce(&mut Manifest)) {
        let file = |role, name: &str| File::of(role, name, &fs::read(self.path(name)).unwrap());
        let mut manifest = Manifest {
            serial,
            not_before: None,
            not_after: LATER,
            audience: None,
            files: vec![
                file(Role::Base, "sumward.yaml"),
                file(Role::Feature, "conf.d/a.yaml"),
            ],
        };
        change(&mut manifest);
        self.write(
            "sumward.manifest",
            sign(&manifest.to_string(), &[key]).unwrap(),
        );
    }

    fn flags(&self, more: &[&str]) -> Flags {
        let path = |name: &str| self.path(name).display().to_string();
        let key = key(1).verifier().to_string();
        let line = [
            "--config",
            &path("sumward.yaml"),
            "--feature",
            &path("conf.d"),
            "--data",
            &path("data"),
            "--config-trust",
            &key,
        ];
        flags(&[&line[..], more].concat())
    }

    fn load(&self, more: &[&str]) -> Result<Loaded, Problems> {
        Config::load(&self.flags(more), &Environment::default())
    }

    /// The one thing that is said, without the path of the folder.
    fn refused(&self, more: &[&str]) -> String {
        let problems = self.load(more).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        let folder = format!("{}/", self.folder.path().display());
        problems.to_string().replace(&folder, "")
    }
}

fn taken_into_use(loaded: &Loaded) {
    let signed = loaded.signed.as_ref().unwrap();
    signed.take_into_use().unwrap();
}

#[test]
fn what_was_signed_is_taken_and_remembered_once_it_is_in_use() {
    let site = Site::new();
    let loaded = site.load(&[]).unwrap();
    assert_eq!(loaded.config.limits.fetches_max, 7);
    let signed = loaded.signed.as_ref().unwrap();
    assert_eq!(signed.signed.signers, ["config.example"]);
    assert_eq!((signed.before, signed.overridden.len()), (None, 0));
    let state = site.path("data/config-accepted");
    assert_eq!(signed.state, state);
    // Reading settings, as every command does, remembers nothing.
    assert!(!state.exists());
    taken_into_use(&loaded);
    let before = site.load(&[]).unwrap().signed.unwrap().before.unwrap();
    assert_eq!(before.serial, 7);
    // One that was read before a later one came into use does not take its place.
    site.sign(8, |_| ());
    taken_into_use(&site.load(&[]).unwrap());
    taken_into_use(&loaded);
    assert!(fs::read_to_string(&state).unwrap().contains("\nserial 8\n"));
}

/// What somebody does to a site.
type Change = fn(&Site);

/// Changes a site that is in use, each in one way, and looks how that is refused.
#[track_caller]
fn each(changes: &[(Change, String)]) {
    for (change, want) in changes {
        let site = Site::new();
        taken_into_use(&site.load(&[]).unwrap());
        change(&site);
        let said = site.refused(&[]);
        assert!(said.starts_with(want), "{said}\n{want}");
    }
}

#[test]
fn files_that_are_not_as_signed_are_refused_by_name() {
    let by = "(signed by config.example)";
    each(&[
        (
            |site| site.write("sumward.yaml", "proof: {mode: off}\n"),
            format!(
                "sumward.manifest: sumward.yaml was changed after it was signed {by}; put back the signed file, or sign again with `sumward config sign` and a higher --serial"
            ),
        ),
        (
            // What is not signed is not parsed.
            |site| site.write("conf.d/a.yaml", "listen: ["),
            format!(
                "sumward.manifest: conf.d/a.yaml was changed after it was signed {by}; put back"
            ),
        ),
        (
            |site| site.write("conf.d/b.yaml", ""),
            format!(
                "sumward.manifest: conf.d/b.yaml is read as feature file, and the manifest does not list it {by}; remove the file, or sign again with it"
            ),
        ),
        (
            |site| fs::remove_file(site.path("conf.d/a.yaml")).unwrap(),
            format!(
                "sumward.manifest: conf.d/a.yaml is listed as feature file, and was not read {by}; put the file back"
            ),
        ),
    ]);
}

#[test]
fn a_manifest_that_no_trusted_key_signed_is_refused() {
    let trusted = format!(
        "config.example+{:08x} (--config-trust)",
        key(1).verifier().key_hash()
    );
    each(&[
        (
            |site| fs::remove_file(site.path("sumward.manifest")).unwrap(),
            format!(
                "sumward.manifest: cannot be read: No such file or directory (os error 2); the trusted key {trusted} asks for it: sign the configuration with `sumward config sign`, or name the manifest with --config-manifest"
            ),
        ),
        (
            |site| site.write("sumward.manifest", "serial 7\n"),
            format!(
                "sumward.manifest: is not a manifest that the trusted key {trusted} signed: malformed note: "
            ),
        ),
        (
            |site| site.sign_with(&key(2), 8, |_| ()),
            format!(
                "sumward.manifest: is not signed by the trusted key {trusted}; sign the configuration with its key: `sumward config sign --key KEYFILE`"
            ),
        ),
        (
            |site| {
                let note = fs::read_to_string(site.path("sumward.manifest")).unwrap();
                site.write("sumward.manifest", note.replace("serial 7", "serial 9"));
            },
            "sumward.manifest: the signature of config.example does not fit the text: ".to_owned(),
        ),
    ]);
}

#[test]
fn a_manifest_of_another_time_host_or_serial_is_refused() {
    let by = "(signed by config.example)";
    each(&[
        (
            |site| site.sign(8, |it| it.not_after = 1_000_000_000),
            "sumward.manifest: held until 2001-09-09T01:46:40Z, and the clock says ".to_owned(),
        ),
        (
            |site| site.sign(8, |it| it.not_before = Some(LATER)),
            "sumward.manifest: holds from 2096-10-02T07:06:40Z on, and the clock says ".to_owned(),
        ),
        (
            |site| site.sign(8, |it| it.audience = Some("eu-west".to_owned())),
            format!("sumward.manifest: is for `eu-west`, and this host has no name {by}; install the manifest"),
        ),
        (
            |site| site.sign(6, |_| ()),
            format!("sumward.manifest: has serial 6, and serial 7 was in use already {by}; install the newest manifest with its files; to go back to older files, sign those again with a higher --serial"),
        ),
        (
            |site| site.sign(7, |it| it.not_after += 1),
            format!("sumward.manifest: has serial 7, which another manifest had that was in use {by}; sign again with a higher --serial"),
        ),
        (
            |site| site.write("data/config-accepted", "serial 6\n"),
            "data/config-accepted: does not say which configuration was in use; restore it, or remove it".to_owned(),
        ),
    ]);
}

#[test]
fn a_server_is_found_by_its_files_when_their_signature_has_expired() {
    let site = Site::new();
    let listen = site.load(&[]).unwrap().config.listen;
    site.sign(8, |it| it.not_after = 1_000_000_000);
    assert!(site.refused(&[]).contains("held until 2001"));
    let found = Config::load_unsigned(&site.flags(&[]), &Environment::default());
    assert_eq!(found.unwrap().config.listen, listen);
}

#[test]
fn the_name_of_the_host_is_held_to_the_manifest() {
    let site = Site::new();
    site.sign(8, |it| it.audience = Some("eu-west".to_owned()));
    assert!(site.load(&["--config-for", "eu-west"]).is_ok());
    let said = site.refused(&["--config-for", "us-east"]);
    assert!(
        said.contains("is for `eu-west`, and this is `us-east`"),
        "{said}"
    );
}

#[test]
fn what_lies_over_a_signed_key_is_named() {
    let site = Site::new();
    let more = ["--set=limits.fetches_max=9", "--set=limits.waiting_max=9"];
    let loaded = site.load(&more).unwrap();
    assert_eq!(loaded.config.limits.fetches_max, 9);
    let file = site.path("sumward.yaml").display().to_string();
    let overridden = &loaded.signed.unwrap().overridden;
    assert_eq!(
        *overridden,
        [format!("limits.fetches_max ({file}:1) by --set")]
    );
    let want = format!("the signed configuration is overridden: {}", overridden[0]);
    assert_eq!(loaded.warnings, [want]);
}

#[test]
fn an_end_that_is_near_is_warned_of() {
    let site = Site::new();
    let now = jiff::Timestamp::now().as_second().cast_unsigned();
    site.sign(8, |it| it.not_after = now + 3 * 86400 + 60);
    let warnings = site.load(&[]).unwrap().warnings;
    assert!(
        warnings[0].contains("holds for 3 more days"),
        "{warnings:?}"
    );
}

#[test]
fn the_trusted_key_comes_from_the_unit_and_never_from_a_file() {
    let site = Site::new();
    let mut flags = site.flags(&[]);
    let line = flags.config_trust.remove(0);
    let credentials = site.path("credentials");
    let credentials = credentials.to_str().unwrap();
    let said = |variables: [(&'static str, &str); 2]| {
        let loaded = Config::load(&flags, &Environment::of(variables));
        loaded.map(|loaded| loaded.signed.is_some())
    };
    let directory = ("CREDENTIALS_DIRECTORY", credentials);
    assert_eq!(said([directory, directory]), Ok(false));
    assert_eq!(said([directory, ("SUMWARD_CONFIG_TRUST", &line)]), Ok(true));
    let mine = key(2).verifier().to_string();
    site.write(
        "credentials/config-trust",
        format!("# ours\n\n{line}\n{mine}\n"),
    );
    assert_eq!(said([directory, directory]), Ok(true));
    // The variable comes first, and an empty one does not turn the check off.
    assert!(said([directory, ("SUMWARD_CONFIG_TRUST", &mine)]).is_err());
    let empty = said([directory, ("SUMWARD_CONFIG_TRUST", "")]).unwrap_err();
    assert!(
        empty
            .to_string()
            .starts_with("SUMWARD_CONFIG_TRUST: has no key in it; write the line"),
        "{empty}"
    );
    site.write("credentials/config-trust", "sum.example+1+x\n");
    let broken = said([directory, directory]).unwrap_err().to_string();
    assert!(
        broken.contains("credentials/config-trust: `sum.example+1+x`: "),
        "{broken}"
    );
    site.write("sumward.yaml", "config: {trust: x}\n");
    fs::remove_file(site.path("credentials/config-trust")).unwrap();
    let in_a_file = said([directory, directory]).unwrap_err().to_string();
    assert!(
        in_a_file.contains("sumward.yaml:1: config: no file says which files there are"),
        "{in_a_file}"
    );
}

#[test]
fn a_signature_over_no_file_is_no_configuration() {
    let site = Site::new();
    let mut flags = site.flags(&[]);
    flags.config.clear();
    flags.feature.clear();
    let said = Config::load(&flags, &Environment::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        "--config-trust: asks for a signed configuration, and no file is named: give --config FILE"
    );
}

#[test]
fn the_state_lies_where_no_signed_file_can_say() {
    let site = Site::new();
    let state = |flags: &Flags, variables: [(&'static str, &str); 1]| {
        let loaded = Config::load(flags, &Environment::of(variables));
        loaded.unwrap().signed.unwrap().state
    };
    let unit = [("STATE_DIRECTORY", "/absent/state")];
    assert_eq!(
        state(&site.flags(&[]), unit),
        Path::new("/absent/state/config-accepted")
    );
    let said = site.flags(&["--config-state", "/absent/x"]);
    assert_eq!(state(&said, unit), Path::new("/absent/x"));
    let variable = [("SUMWARD_CONFIG_STATE", "/absent/y")];
    assert_eq!(state(&site.flags(&[]), variable), Path::new("/absent/y"));
}

#[test]
fn a_slip_in_the_name_of_its_variable_does_not_turn_the_check_off() {
    let site = Site::new();
    let mut flags = site.flags(&[]);
    flags.config_trust.clear();
    let environment = Environment::of([("SUMWARD_CONFIG_TRUTS", "x")]);
    let said = Config::load(&flags, &environment).unwrap_err().to_string();
    let want =
        "the variable SUMWARD_CONFIG_TRUTS is not a setting; did you mean SUMWARD_CONFIG_TRUST?";
    assert_eq!(said, format!("SUMWARD_CONFIG_TRUTS: {want}"));
}
