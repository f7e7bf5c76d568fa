//! The files that settings name: certificates and keys.

use rcgen::{CertificateParams, KeyPair};

use super::*;

struct Pair {
    folder: tempfile::TempDir,
}

impl Pair {
    /// A certificate that holds between these days, and its key.
    fn between(from: (i32, u8, u8), until: (i32, u8, u8)) -> Self {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pair = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        pair.write("c.pem", &certificate.pem());
        pair.write("k.pem", &key.serialize_pem());
        pair
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn config(&self) -> Config {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let line = ["--tls-cert", &path("c.pem"), "--tls-key", &path("k.pem")];
        good(&line, "", [])
    }

    fn found(&self) -> Vec<(String, String)> {
        self.config().check_files()
    }
}

fn year() -> i32 {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .year()
        .into()
}

#[test]
fn a_certificate_that_has_expired_is_refused_and_one_that_will_is_warned_of() {
    let long = Pair::between((2020, 1, 1), (year() + 2, 1, 1));
    assert_eq!(long.found(), []);
    assert_eq!(long.config().warn_of_files(), [""; 0]);
    let old = Pair::between((2020, 1, 1), (2021, 2, 3));
    let [(key, message)] = &old.found()[..] else {
        panic!("one problem");
    };
    assert_eq!(key, "tls.certificate");
    let want = "c.pem has expired: it held until 2021-02-03T00:00:00Z; renew it";
    assert!(message.contains(want), "{message}");
    // The clock of a machine that has just started may be behind.
    let early = Pair::between((year() + 1, 1, 1), (year() + 2, 1, 1));
    assert_eq!(early.found(), []);
    let warning = early.config().warn_of_files();
    assert!(warning[0].contains("holds from "), "{warning:?}");
    let soon = jiff::Timestamp::now() + Duration::from_secs(3 * 86400);
    let soon = soon.to_zoned(jiff::tz::TimeZone::UTC).date();
    let month = u8::try_from(soon.month()).unwrap();
    let day = u8::try_from(soon.day()).unwrap();
    let late = Pair::between((2020, 1, 1), (soon.year().into(), month, day));
    let warning = late.config().warn_of_files();
    assert!(
        warning[0].contains("c.pem expires in 2 days"),
        "{warning:?}"
    );
}

#[test]
fn what_is_no_certificate_or_key_is_named_with_what_should_be_there() {
    let pair = Pair::between((2020, 1, 1), (year() + 2, 1, 1));
    let (good_certificate, good_key) = ("c.pem", "k.pem");
    let key = fs::read_to_string(pair.folder.path().join(good_key)).unwrap();
    let certificate = fs::read_to_string(pair.folder.path().join(good_certificate)).unwrap();
    for (name, text, at, want) in [
        (
            "c.pem",
            &*key,
            "tls.certificate",
            "has no certificate in it",
        ),
        ("c.pem", "", "tls.certificate", "has no certificate in it"),
        (
            "c.pem",
            "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n",
            "tls.certificate",
            "has a certificate that is broken",
        ),
        ("k.pem", &certificate, "tls.key", "has no private key in it"),
        (
            "k.pem",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "tls.key",
            "or an encrypted one",
        ),
        (
            "k.pem",
            "-----BEGIN PRIVATE KEY-----\n%\n-----END PRIVATE KEY-----\n",
            "tls.key",
            "has a private key that is broken",
        ),
    ] {
        pair.write(name, text);
        let found = pair.found();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, at);
        assert!(
            found[0].1.contains(name) && found[0].1.contains(want),
            "{found:?}"
        );
        pair.write("c.pem", &certificate);
        pair.write("k.pem", &key);
    }
    fs::remove_file(pair.folder.path().join("k.pem")).unwrap();
    fs::create_dir(pair.folder.path().join("k.pem")).unwrap();
    assert!(pair.found()[0].1.contains("is a folder; name a file"));
}
