//! `verify-build` on programs that the real go command builds: every answer by
//! exit code, every cause by name, every JSON report against its schema.

#[cfg(test)]
#[path = "verify_build/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "verify_build/browser.rs"]
mod browser;
#[cfg(test)]
#[path = "verify_build/c_side.rs"]
mod c_side;
#[cfg(test)]
#[path = "verify_build/causes.rs"]
mod causes;
#[cfg(test)]
#[path = "verify_build/clusters.rs"]
mod clusters;
#[cfg(test)]
#[path = "verify_build/commits.rs"]
mod commits;
#[cfg(test)]
#[path = "verify_build/containers.rs"]
mod containers;
#[cfg(test)]
#[path = "verify_build/contents.rs"]
mod contents;
#[cfg(test)]
#[path = "verify_build/fixes.rs"]
mod fixes;
#[cfg(test)]
#[path = "verify_build/flags.rs"]
mod flags;
#[cfg(test)]
#[path = "verify_build/functions.rs"]
mod functions;
#[cfg(test)]
#[path = "verify_build/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "verify_build/images.rs"]
mod images;
#[cfg(test)]
#[path = "verify_build/large.rs"]
mod large;
#[cfg(test)]
#[path = "verify_build/logs.rs"]
mod logs;
#[cfg(test)]
#[path = "verify_build/masks.rs"]
mod masks;
#[cfg(test)]
#[path = "verify_build/outputs.rs"]
mod outputs;
#[cfg(test)]
#[path = "verify_build/signatures.rs"]
mod signatures;
#[cfg(test)]
#[path = "verify_build/workshop.rs"]
mod workshop;
