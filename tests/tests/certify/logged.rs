//! Proofs of a log that lie beside observations.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::note::{self, Cosigner, SignerKey};
use proto::tlog::{HashTree, ProofPlan, checkpoint, record_hash};
use proto::tlog_proof::TlogProof;

use super::desk::{Desk, ended, text};

const ORIGIN: &str = "log.example.com/builds";

fn log_key() -> SignerKey {
    SignerKey::from_seed(ORIGIN, [101; 32]).unwrap()
}

fn witness() -> Cosigner {
    Cosigner::from_seed("witness.example.com/w1", [102; 32]).unwrap()
}

/// Returns the observations' files in a folder.
fn observations(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().flatten();
    let files = files.map(|file| file.path());
    let mut files: Vec<PathBuf> = files
        .filter(|file| text(file).ends_with(".observation.json"))
        .collect();
    files.sort();
    files
}

/// Logs the files in this order, and puts the proof of each beside it.
fn log(files: &[PathBuf]) {
    let mut tree = HashTree::default();
    for file in files {
        let bytes = fs::read(file).unwrap();
        tree.push(record_hash(bytes.strip_suffix(b"\n").unwrap()));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let head = checkpoint::format_of(ORIGIN, &tree.tree());
    let signed = note::sign(&head, &[&log_key()]).unwrap();
    let cosigned = witness().cosign(&head, now.as_secs()).unwrap();
    let checkpoint = String::from_utf8(signed).unwrap() + &cosigned.line();
    for (index, file) in (0..).zip(files) {
        let plan = ProofPlan::record(tree.size(), index).unwrap();
        let nodes = plan.nodes().iter();
        let hashes: Vec<_> = nodes.filter_map(|&node| tree.hash(node)).collect();
        let proof = TlogProof {
            extra: None,
            index,
            hashes: plan.finish(&hashes).unwrap(),
            checkpoint: checkpoint.clone(),
        };
        fs::write(format!("{}.tlog-proof", text(file)), proof.to_string()).unwrap();
    }
}

/// Certifies what lies there, proofs included.
fn certify(desk: &Desk) -> (i32, String) {
    ended(desk.certify_in(&desk.hosts.observations(), &[], &[]))
}

#[test]
fn proofs_beside_observations_show_l4_and_x_and_a_second_history_speaks_against_all() {
    let (key, witness) = (log_key().verifier(), witness().verifier());
    let desk = Desk::new(&format!(
        "level: L4+X\nlog: {{origin: {ORIGIN}, key: {key}}}\nwitnesses: {{k: 1, keys: [{witness}]}}"
    ));
    desk.hosts.write();
    let (code, said) = certify(&desk);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("no proof lies beside it"), "{said}");

    let mut files = observations(&desk.hosts.observations());
    log(&files);
    let (code, said) = certify(&desk);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("shown       L4+X\n"), "{said}");
    assert!(
        said.contains("begins anew here for host-0, host-1"),
        "{said}"
    );
    let (code, said) = desk.check(desk.program(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("shown       L4+X\n"), "{said}");

    // Another history, of which one proof is shown.
    let first = PathBuf::from(format!("{}.tlog-proof", text(&files[0])));
    let kept: Vec<(PathBuf, Vec<u8>)> = files[1..]
        .iter()
        .map(|file| PathBuf::from(format!("{}.tlog-proof", text(file))))
        .map(|proof| (proof.clone(), fs::read(proof).unwrap()))
        .collect();
    files.reverse();
    log(&files[1..]);
    for (proof, bytes) in kept {
        fs::write(proof, bytes).unwrap();
    }
    assert!(fs::read_to_string(&first).unwrap().contains("\n3\n"));
    let (code, said) = certify(&desk);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("the log has two histories, by proofs under its heads of 3 and of 4 records"),
        "{said}"
    );
    let (code, said) = desk.check(desk.program(), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the log has two histories"), "{said}");
}
