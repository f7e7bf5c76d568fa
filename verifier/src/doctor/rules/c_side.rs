//! C compilers, those for other architectures, and pkg-config.

use proto::finding::Level;

use super::{Found, Judged};
use crate::doctor::facts::{Facts, Tool};
use crate::doctor::triplet::is_of;

fn line(tool: &Tool) -> String {
    match (tool.version.as_str(), tool.path.as_str()) {
        ("", "") => "none".into(),
        ("", path) => path.to_owned(),
        (version, _) => version.to_owned(),
    }
}

pub(super) fn compilers(facts: &Facts) -> Judged {
    let c = &facts.c;
    let mut judged = Judged::new("C compiler", c.cc.name.clone());
    let is_off = c.cgo_enabled == "0" && facts.settings.value("CGO_ENABLED") == Some("0");
    if c.cc.path.is_empty() {
        if !is_off {
            let asked = facts.settings.value("CGO_ENABLED") == Some("1")
                || facts.settings.by_person("CC").is_some();
            judged.add(
                Found::new("cc-missing", format!("{} is not there: builds with cgo fail, and where it is not asked for it is off, which other hosts do not say", c.cc.name))
                    .at(if asked { Level::Error } else { Level::Warning })
                    .seen(named_by(&c.cc), c.cc.name.clone())
                    .fix("install it (gcc and the C library's headers), or set CGO_ENABLED=0 for programs that can do without C")
                    .run(&["go", "env", "-w", "CGO_ENABLED=0"]),
            );
        }
    } else {
        compiler(facts, &c.cc, &mut judged);
        if c.cxx.path.is_empty() && !is_off {
            judged.add(
                Found::new(
                    "cxx-missing",
                    format!(
                        "{} is not there: packages with C++ code do not build",
                        c.cxx.name
                    ),
                )
                .seen(named_by(&c.cxx), c.cxx.name.clone())
                .fix("install it (g++, gcc-c++) if a program needs it"),
            );
        } else if let Some(problem) = &c.cxx.problem {
            judged.add(
                Found::new(
                    "cc-fails",
                    format!(
                        "{} was asked for its version: {}",
                        c.cxx.name,
                        problem.words()
                    ),
                )
                .at(Level::Warning)
                .seen(c.cxx.path.clone(), problem.words())
                .fix("install it anew, or name another one in CXX"),
            );
        } else if versions_differ(&c.cc, &c.cxx) {
            judged.add(
                Found::new("cxx-differs", "the C and the C++ compiler are of different versions: one program gets code of both")
                    .seen(c.cc.name.clone(), c.cc.version.clone())
                    .seen(c.cxx.name.clone(), c.cxx.version.clone())
                    .fix("name both: CC and CXX"),
            );
        }
    }
    judged.stands(format!(
        "{}; C++: {}; linker: {}",
        line(&c.cc),
        line(&c.cxx),
        line(&c.linker)
    ))
}

fn named_by(tool: &Tool) -> &str {
    if tool.named_by.is_empty() {
        "usual name"
    } else {
        &tool.named_by
    }
}

fn compiler(facts: &Facts, cc: &Tool, judged: &mut Judged) {
    if let Some(problem) = &cc.problem {
        judged.add(
            Found::new(
                "cc-fails",
                format!("{} was asked for its version: {}", cc.name, problem.words()),
            )
            .seen(cc.path.clone(), problem.words())
            .fix("install it anew, or name another one in CC"),
        );
        return;
    }
    if is_of(&cc.target, facts.target_arch()) == Some(false) {
        judged.add(
            Found::new(
                "cc-foreign",
                format!(
                    "{} compiles for {}, and builds here are for {}",
                    cc.name,
                    cc.target,
                    facts.target_arch()
                ),
            )
            .seen(named_by(cc), cc.name.clone())
            .seen("-dumpmachine", cc.target.clone())
            .fix(
                "name the compiler of that architecture in CC, beside GOARCH, or set CGO_ENABLED=0",
            ),
        );
        return;
    }
    if cc.headers == Some(false) {
        judged.add(
            Found::new(
                "headers-missing",
                format!(
                    "{} finds no headers of the C library: builds with cgo fail",
                    cc.name
                ),
            )
            .seen(cc.path.clone(), "#include <stdlib.h> fails")
            .fix(
                "install them: libc6-dev (Debian), glibc-devel (Rocky, Fedora), musl-dev (Alpine)",
            ),
        );
    }
}

/// The last word of `gcc (Debian 12.2.0-14) 12.2.0` is the version.
fn versions_differ(cc: &Tool, cxx: &Tool) -> bool {
    let last = |tool: &Tool| tool.version.split_whitespace().last().map(str::to_owned);
    match (last(cc), last(cxx)) {
        (Some(cc), Some(cxx)) => cc != cxx,
        _ => false,
    }
}

pub(super) fn cross(facts: &Facts) -> Judged {
    let mut judged = Judged::new("C compilers for other architectures", "PATH");
    let mut stands = Vec::new();
    for cross in &facts.c.cross {
        stands.push(format!(
            "{} ({}): {}",
            cross.goarch, cross.libc, cross.tool.name
        ));
        if let Some(problem) = &cross.tool.problem {
            let why = format!("{}: {}", cross.tool.name, problem.words());
            judged.untold.get_or_insert(why);
        }
        // Of the host's own architecture it is the C compiler once more, by its long name.
        let is_own = cross.goarch == facts.system.goarch && cross.libc == "glibc";
        if cross.tool.headers == Some(false) && !is_own {
            judged.add(
                Found::new(
                    "cross-headers-missing",
                    format!(
                        "{} finds no headers of the C library: builds with cgo for {} fail",
                        cross.tool.name, cross.goarch
                    ),
                )
                .seen(cross.tool.path.clone(), "#include <stdlib.h> fails")
                .fix(format!(
                    "install them: libc6-dev-{}-cross (Debian)",
                    debian(&cross.goarch)
                )),
            );
        }
    }
    judged.stands(if stands.is_empty() {
        "none".to_owned()
    } else {
        stands.join(", ")
    })
}

fn debian(goarch: &str) -> &str {
    match goarch {
        "386" => "i386",
        "arm" => "armhf",
        "ppc64le" => "ppc64el",
        same => same,
    }
}

pub(super) fn pkg_config(facts: &Facts) -> Judged {
    let c = &facts.c;
    let tool = &c.pkg_config;
    let mut judged = Judged::new("pkg-config", tool.name.clone());
    if tool.path.is_empty() {
        judged.add(
            Found::new(
                "pkg-config-missing",
                "it is not there: packages with `#cgo pkg-config:` do not build",
            )
            .seen(named_by(tool), tool.name.clone())
            .fix("install it (pkg-config, pkgconf) if a program needs it"),
        );
    } else if let Some(problem) = &tool.problem {
        judged.add(
            Found::new(
                "pkg-config-fails",
                format!(
                    "{} was asked for its version: {}",
                    tool.name,
                    problem.words()
                ),
            )
            .seen(tool.path.clone(), problem.words())
            .fix("install it anew, or name another one in PKG_CONFIG"),
        );
    }
    if !tool.path.is_empty() && facts.target_arch() != facts.system.goarch && !c.pkg_config_bound {
        judged.add(
            Found::new("pkg-config-native", format!("builds are for {}, and pkg-config tells of this host's libraries", facts.target_arch()))
                .seen("GOARCH", facts.target_arch())
                .fix("set PKG_CONFIG_LIBDIR to the folder of that architecture, or PKG_CONFIG to its own program (aarch64-linux-gnu-pkg-config)"),
        );
    }
    for folder in &c.pkg_config_foreign {
        judged.add(
            Found::new(
                "pkg-config-foreign",
                format!(
                    "{folder} is of another architecture than is built for ({})",
                    facts.target_arch()
                ),
            )
            .seen("PKG_CONFIG_PATH, PKG_CONFIG_LIBDIR", folder.clone())
            .fix("name folders of the architecture that is built for"),
        );
    }
    if !c.pkg_config_missing.is_empty() {
        judged.add(
            Found::new(
                "pkg-config-path-missing",
                "pkg-config is led to folders that are not there",
            )
            .seen(
                "PKG_CONFIG_PATH, PKG_CONFIG_LIBDIR",
                c.pkg_config_missing.join(", "),
            )
            .fix("take them out of the variables"),
        );
    }
    judged.stands(line(tool))
}
