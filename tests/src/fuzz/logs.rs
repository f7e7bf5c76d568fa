//! What a go command says: the log of what it hashes, and its words to a cache
//! program.

use proto::cacheprog::body::Decoder;
use proto::cacheprog::{Command, Fault, Request, Response};
use proto::gocache::Id;
use proto::hashlog::linkflags::{self, Open};
use proto::hashlog::{Log, preimage, walk};

/// A log proves what it says, or says nothing.
pub fn logs(data: &[u8]) {
    let Ok(log) = Log::read(data) else {
        return;
    };
    let again = Log::read([data, b"\n", data].concat().as_slice());
    let names: Vec<String> = String::from_utf8_lossy(data)
        .lines()
        .filter_map(|line| {
            line.strip_prefix("HASH[")?
                .strip_suffix(']')
                .map(str::to_owned)
        })
        .collect();
    for block in names.iter().flat_map(|name| log.named(name)) {
        assert_eq!(log.action(&block.part()), Some(block));
        let text = block.lines.concat();
        // Text that was not UTF-8 is hashed as it was.
        if !text.contains('\u{fffd}') {
            assert_eq!(block.hash, Id::of(text.as_bytes()).0);
        }
        assert!(preimage::differences(block, block).is_empty());
        if let Some(open) = Open::of(block) {
            let words = open.words();
            // Its own flags, printed as the go command does, give the action again.
            let again = open.with(&words);
            assert_eq!(linkflags::of(&again), Some(words));
            assert!(Log::of(again).is_some());
            assert!(Log::of(block.clone()).is_some());
        }
        let walked = walk::walk(&log, &log, [block, block], None);
        assert_eq!(walked, walk::Walk::default());
        if let Ok(again) = &again {
            assert!(again.len() <= log.len());
        }
    }
}

/// A line is a request or a fault; a body is never more than was announced.
pub fn cacheprog(data: &[u8]) {
    let split = data.iter().position(|byte| *byte == b'\n');
    let (line, rest) = data.split_at(split.unwrap_or(data.len()));
    let size = match Request::parse(line) {
        Ok(request) => {
            let answer = Response::Miss.to_line(request.id);
            assert!(answer.contains(&request.id.to_string()));
            match request.command {
                Command::Put { size, .. } => size,
                Command::Get { .. } | Command::Close => 0,
            }
        }
        Err(Fault { body, .. }) => body.unwrap_or(0),
    };
    let (whole, whole_used, whole_result) = decode(size, &[rest]);
    assert!(whole.len() as u64 <= size);
    assert!(whole_used <= rest.len());
    let (first, second) = rest.split_at(rest.len() / 2);
    let (parts, parts_used, parts_result) = decode(size, &[first, second]);
    assert_eq!((parts_used, parts_result), (whole_used, whole_result));
    if whole_result {
        assert_eq!(parts, whole);
    }
}

fn decode(size: u64, pieces: &[&[u8]]) -> (Vec<u8>, usize, bool) {
    let mut decoder = Decoder::new(size);
    let mut out = Vec::new();
    let mut used = 0;
    for piece in pieces {
        if decoder.is_done() {
            break;
        }
        used += decoder.push(piece, &mut out);
    }
    (out, used, decoder.finish().is_ok())
}
