//! `verify-build` on programs that the real go command builds: every answer by
//! exit code, every cause by name, every JSON report against its schema.

#[path = "verify_build/answers.rs"]
mod answers;
#[path = "verify_build/causes.rs"]
mod causes;
#[path = "verify_build/commits.rs"]
mod commits;
#[path = "verify_build/hostile.rs"]
mod hostile;
#[path = "verify_build/schema.rs"]
mod schema;
#[path = "verify_build/workshop.rs"]
mod workshop;
