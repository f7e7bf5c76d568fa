//! git: what it does to files on their way, and whether it is there.

use super::{Found, Judged};
use crate::doctor::facts::Facts;

pub(super) fn git(facts: &Facts) -> Judged {
    let git = &facts.git;
    let mut judged = Judged::new("version control", "git");
    if git.tool.path.is_empty() {
        judged.add(
            Found::new(
                "git-missing",
                "git is not there: programs built here name no commit, and those of other hosts do",
            )
            .seen("PATH", "no git")
            .fix("install git, or pass -buildvcs=false wherever it is built"),
        );
    } else if let Some(problem) = &git.tool.problem {
        judged.add(
            Found::new(
                "git-fails",
                format!(
                    "git was asked for its version and settings: {}",
                    problem.words()
                ),
            )
            .seen(git.tool.path.clone(), problem.words())
            .fix("mend its configuration or install it anew, or pass -buildvcs=false wherever it is built"),
        );
    }
    if !git.autocrlf.is_empty() && git.autocrlf != "false" {
        judged.add(
            Found::new("git-autocrlf", "git changes line ends of what it checks out or takes in: files that programs embed differ from those of other hosts")
                .seen("core.autocrlf", git.autocrlf.clone())
                .fix("turn it off, and have .gitattributes say what each file is")
                .run(&["git", "config", "--global", "core.autocrlf", "false"]),
        );
    }
    if git.filemode == "false" {
        judged.add(
            Found::new("git-filemode", "git overlooks that a file became executable: archives made of a checkout differ from those of other hosts")
                .seen("core.filemode", git.filemode.clone())
                .fix("turn it on")
                .run(&["git", "config", "--global", "core.filemode", "true"]),
        );
    }
    if git.netrc_open {
        judged.add(
            Found::new(
                "netrc-open",
                "others can read ~/.netrc, where go and git find passwords",
            )
            .seen("mode", "readable by others")
            .fix("take it from them")
            .command("chmod 600 ~/.netrc"),
        );
    }
    let rewrites = match git.rewrites {
        0 => String::new(),
        count => format!("; {count} rules replace addresses (insteadOf)"),
    };
    judged.stands(format!("{}{rewrites}", git.tool.version))
}
