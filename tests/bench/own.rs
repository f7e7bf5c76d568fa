//! What `own.sh` needs beside the programs that it measures: logs of many records, modules
//! to be logged, a client that asks for each of them once, and what plain files and sled
//! make of the same records.

#[path = "own/append.rs"]
mod append;
#[path = "own/ask.rs"]
mod ask;
#[path = "own/log.rs"]
mod log;
#[path = "own/modules.rs"]
mod modules;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["log", data, key, count, www, sample] => log::write(
            Path::new(data),
            Path::new(key),
            number(count),
            Path::new(www),
            number(sample),
        ),
        ["upstream", tree, count] => modules::upstream(Path::new(tree), number(count)),
        ["stored", data, count] => modules::stored(Path::new(data), number(count)),
        ["lookup", url, count, connections] => {
            ask::all(url, ask::Kind::Lookup, number(count), number(connections));
        }
        ["add", url, count, connections] => {
            ask::all(url, ask::Kind::Add, number(count), number(connections));
        }
        ["file", folder, count, batch] => {
            append::file(Path::new(folder), number(count), number(batch));
        }
        ["sled", folder, count, batch] => {
            append::sled(Path::new(folder), number(count), number(batch));
        }
        _ => usage(),
    }
}

fn number(word: &str) -> usize {
    word.parse().unwrap_or_else(|_| usage())
}

fn usage() -> ! {
    eprintln!(
        "usage: own log DATA KEYFILE COUNT WWW SAMPLE\n\
         \x20      own upstream TREE COUNT | own stored DATA COUNT\n\
         \x20      own lookup URL COUNT CONNECTIONS | own add URL COUNT CONNECTIONS\n\
         \x20      own file FOLDER COUNT BATCH | own sled FOLDER COUNT BATCH"
    );
    std::process::exit(64)
}
