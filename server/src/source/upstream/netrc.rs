//! Credentials in the form of a `.netrc` file.

use std::fmt;

/// The logins of a netrc file, in its order.
#[derive(Default, Clone)]
pub(super) struct Netrc {
    entries: Vec<Login>,
}

#[derive(Clone)]
struct Login {
    machine: String,
    login: String,
    password: String,
}

impl Netrc {
    /// Reads a file's text.
    ///
    /// `machine`, `login` and `password` may stand on one line or several; an
    /// entry counts when it has all three. `account` is skipped with its value,
    /// `macdef` with its text to the next empty line. `default` and what follows
    /// it are not used, as by the go command: a password for every host of the
    /// internet is a leak.
    pub(super) fn parse(text: &str) -> Self {
        let mut entries = Vec::new();
        let mut current = Partial::default();
        let mut in_macro = false;
        'lines: for line in text.lines() {
            if in_macro {
                in_macro = !line.trim().is_empty();
                continue;
            }
            let mut words = line.split_ascii_whitespace();
            while let Some(word) = words.next() {
                match word {
                    "machine" => {
                        current.finish_into(&mut entries);
                        current.machine = words.next().map(str::to_owned);
                    }
                    "login" => current.login = words.next().map(str::to_owned),
                    "password" => current.password = words.next().map(str::to_owned),
                    "account" => drop(words.next()),
                    "macdef" => {
                        in_macro = true;
                        continue 'lines;
                    }
                    "default" => break 'lines,
                    // A comment, or a word of someone else's.
                    _ if word.starts_with('#') => continue 'lines,
                    _ => {}
                }
            }
        }
        current.finish_into(&mut entries);
        Self { entries }
    }

    /// Returns login and password for a host name (without port). The first
    /// entry counts.
    pub(super) fn find(&self, host: &str) -> Option<(&str, &str)> {
        self.entries
            .iter()
            .find(|entry| entry.machine.eq_ignore_ascii_case(host))
            .map(|entry| (entry.login.as_str(), entry.password.as_str()))
    }
}

impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machines = self.entries.iter().map(|entry| &entry.machine);
        f.debug_list().entries(machines).finish()
    }
}

#[derive(Default)]
struct Partial {
    machine: Option<String>,
    login: Option<String>,
    password: Option<String>,
}

impl Partial {
    fn finish_into(&mut self, entries: &mut Vec<Login>) {
        let Self {
            machine,
            login,
            password,
        } = std::mem::take(self);
        if let (Some(machine), Some(login), Some(password)) = (machine, login, password) {
            entries.push(Login {
                machine,
                login,
                password,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_logins_in_every_layout() {
        let netrc = Netrc::parse(
            "# team credentials\n\
             machine one.example login u1 password p1\n\
             machine two.example\n\tlogin u2\n\taccount a\n\tpassword p#2\n\
             macdef init\nmachine evil.example login x password y\n\n\
             machine half.example login only\n\
             machine ONE.example login late password late\n\
             default login any password any\n\
             machine after.example login u password p\n",
        );
        assert_eq!(netrc.find("one.example"), Some(("u1", "p1")));
        assert_eq!(netrc.find("One.Example"), Some(("u1", "p1")));
        assert_eq!(netrc.find("two.example"), Some(("u2", "p#2")));
        for absent in [
            "evil.example",
            "half.example",
            "after.example",
            "example",
            "",
        ] {
            assert_eq!(netrc.find(absent), None, "{absent}");
        }
    }

    #[test]
    fn never_prints_a_password() {
        let netrc = Netrc::parse("machine a.example login u password hunter2");
        assert_eq!(format!("{netrc:?}"), r#"["a.example"]"#);
    }
}
