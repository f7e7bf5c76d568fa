//! Files of one certificate, and the program that makes and checks it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use testkit::environment;

use super::hosts::{Hosts, owner};

/// Runs the program and returns its exit code and what it printed.
#[track_caller]
pub(crate) fn run(arguments: &[&str]) -> (i32, String) {
    let mut command = environment::command("verify-build");
    ended(command.args(arguments).output().unwrap())
}

/// Returns the exit code and what was printed.
#[track_caller]
pub(crate) fn ended(output: Output) -> (i32, String) {
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

/// Files of one certificate.
pub(crate) struct Desk {
    pub(crate) hosts: Hosts,
    pub(crate) quorum: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) public: PathBuf,
    pub(crate) certificate: PathBuf,
}

impl Desk {
    pub(crate) fn new(rule: &str) -> Self {
        let hosts = Hosts::build();
        let folder = hosts.folder();
        let desk = Self {
            quorum: folder.join("quorum.yaml"),
            key: folder.join("owner.key"),
            public: folder.join("owner.pem"),
            certificate: folder.join("cert.jsonl"),
            hosts,
        };
        fs::write(&desk.quorum, desk.hosts.quorum(rule)).unwrap();
        fs::write(&desk.key, owner().to_secret_pem().unwrap()).unwrap();
        fs::write(&desk.public, owner().public().to_pem()).unwrap();
        desk
    }

    pub(crate) fn program(&self) -> &Path {
        self.hosts.program()
    }

    pub(crate) fn certify(&self, more: &[&str]) -> (i32, String) {
        ended(self.certify_with(&[], more))
    }

    /// Certifies with these variables, and none beside them.
    pub(crate) fn certify_with(&self, variables: &[(&str, &str)], more: &[&str]) -> Output {
        self.hosts.write();
        self.certify_in(&self.hosts.observations(), variables, more)
    }

    /// Certifies what lies in a folder.
    pub(crate) fn certify_in(
        &self,
        folder: &Path,
        variables: &[(&str, &str)],
        more: &[&str],
    ) -> Output {
        let mut arguments = vec![
            "certify",
            "--quorum",
            text(&self.quorum),
            "--key",
            text(&self.key),
            "-o",
            text(&self.certificate),
        ];
        arguments.extend(more);
        arguments.push(text(folder));
        let mut command = environment::command("verify-build");
        command.envs(variables.iter().copied());
        command.args(arguments).output().unwrap()
    }

    pub(crate) fn check(&self, file: &Path, more: &[&str]) -> (i32, String) {
        let (certificate, file, key) = (text(&self.certificate), text(file), text(&self.public));
        let mut arguments = vec!["check", certificate, file, "--key", key];
        arguments.extend(more);
        run(&arguments)
    }

    /// Changes the certificate as it lies there.
    pub(crate) fn edit(&self, change: impl Fn(&mut Vec<String>)) {
        let file = fs::read_to_string(&self.certificate).unwrap();
        let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
        change(&mut lines);
        fs::write(&self.certificate, lines.join("\n") + "\n").unwrap();
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
