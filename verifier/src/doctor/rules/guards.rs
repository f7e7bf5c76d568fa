//! SELinux and fapolicyd: what may keep a go command, or what it built, from running.

use super::{Found, Judged};
use crate::doctor::facts::Facts;

pub(super) fn selinux(facts: &Facts) -> Judged {
    let guards = &facts.guards;
    let judged = Judged::new("SELinux", "host");
    if guards.selinux.is_empty() {
        return judged.stands("there is none");
    }
    let mut judged = judged.stands(guards.selinux.clone());
    if guards.selinux == "permissive" {
        judged.add(
            Found::new(
                "selinux-permissive",
                "SELinux is permissive: what it would deny here, it denies on an enforcing host",
            )
            .seen("mode", guards.selinux.clone())
            .fix("once nothing is denied any more: setenforce 1")
            .run(&["setenforce", "1"]),
        );
    }
    let configured = &guards.selinux_configured;
    if !configured.is_empty() && *configured != guards.selinux {
        judged.add(
            Found::new(
                "selinux-changed",
                format!(
                    "SELinux is {} until the next start, and then {configured}",
                    guards.selinux
                ),
            )
            .seen("/etc/selinux/config", configured.clone())
            .seen("now", guards.selinux.clone())
            .fix("make both say the same: setenforce for now, SELINUX= for the next start"),
        );
    }
    if !guards.denials.is_empty() {
        let mut found = Found::new(
            "selinux-denials",
            "SELinux denied something to a go command, or to a program that runs under its name",
        );
        for denial in &guards.denials {
            found = found.seen("audit log", denial.clone());
        }
        if guards.denials_more > 0 {
            found = found.seen("audit log", format!("and {} more", guards.denials_more));
        }
        judged.add(
            found
                .fix("see what was denied, and give files their label back where it was lost: restorecon")
                .run(&["ausearch", "-m", "avc", "-c", "go"])
                .run(&["restorecon", "-Rv", "/usr/local/go"]),
        );
    }
    if guards.selinux != "disabled" && !guards.audit_problem.is_empty() {
        return judged.untold(format!(
            "whether go was denied anything: {}",
            guards.audit_problem
        ));
    }
    judged
}

pub(super) fn fapolicyd(facts: &Facts) -> Judged {
    let state = &facts.guards.fapolicyd;
    let judged = Judged::new("fapolicyd", "host");
    if state.is_empty() {
        return judged.stands("there is none");
    }
    let mut judged = judged.stands(state.clone());
    if state == "enforcing" {
        judged.add(
            Found::new("fapolicyd", "fapolicyd is on: it refuses to run programs that no package has, a Go from an archive and what was just built among them")
                .seen("fapolicyd", state.clone())
                .fix("trust the folders that builds use: fapolicyd-cli --file add")
                .run(&["fapolicyd-cli", "--file", "add", "/usr/local/go/"])
                .run(&["fapolicyd-cli", "--update"]),
        );
    }
    judged
}
