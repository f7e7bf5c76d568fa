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
    if let Some(found) = changed(&guards.selinux, &guards.selinux_configured) {
        judged.add(found);
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

/// Tells of a mode that is not the configured one. A kernel that runs without SELinux may
/// go on without it whatever the file says.
fn changed(now: &str, configured: &str) -> Option<Found> {
    if configured.is_empty() || configured == now {
        return None;
    }
    let found = if now == "disabled" {
        Found::new(
            "selinux-changed",
            format!("SELinux is not at work here: there is no /sys/fs/selinux, and its configuration says {configured}"),
        )
        .fix("start the kernel with SELinux and label the files (fixfiles onboot), or set SELINUX=disabled")
    } else {
        Found::new(
            "selinux-changed",
            format!(
                "SELinux is {now} until the next start, and its configuration says {configured}"
            ),
        )
        .fix("make both say the same: setenforce for now, SELINUX= for the next start")
    };
    let found = found.seen("/etc/selinux/config", configured);
    Some(found.seen("now", now))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_the_next_start_of_a_kernel_without_selinux() {
        let text = |now, configured| changed(now, configured).map(|found| found.finding.summary);
        assert_eq!(text("enforcing", "enforcing"), None);
        assert_eq!(text("disabled", ""), None);
        let disabled = text("disabled", "permissive").unwrap();
        assert!(!disabled.contains("next start"), "{disabled}");
        let permissive = text("permissive", "enforcing").unwrap();
        assert!(permissive.contains("until the next start"), "{permissive}");
    }
}
