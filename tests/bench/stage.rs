//! Sets the stage for `bench.sh`: an upstream with the modules that are measured
//! and a database that has them. Prints what a server needs as shell variables,
//! then serves until its standard input is closed.

use std::io::Read;

use testkit::module::Module;
use testkit::world::{DATABASE, World};

fn main() {
    let modules = [
        Module::library("example.com/small", "v1.0.0").with_ballast(170_000),
        Module::library("example.com/large", "v1.0.0").with_ballast(60_000_000),
    ];
    let world = World::with(&[&modules[0], &modules[1]]);
    println!("export GOPROXY='{}'", world.origin.url());
    println!("export GOSUMDB='{}'", world.database.verifier_key());
    println!("DATABASE='{DATABASE}'");
    let mut rest = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut rest);
}
