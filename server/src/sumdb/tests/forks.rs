//! Databases that have signed two logs.

use super::*;

async fn assert_stopped(bench: &Bench) {
    assert!(bench.database.is_stopped());
    let error = bench.lookup(8).await.unwrap_err();
    let LookupError::Stopped { reason } = error else {
        panic!("{error}");
    };
    assert!(reason.contains("fork/evidence.txt"), "{reason}");
    // What was proved before is still served.
    bench.lookup(7).await.unwrap();
    let head = bench.database.latest(&Hops::default()).await.unwrap();
    assert_eq!(head, head_note(&LOG, 600));
    let tile = Tile::parse("tile/8/0/000").unwrap();
    bench.database.tile(&tile, &Hops::default()).await.unwrap();
    let unknown = Tile::parse("tile/8/0/001").unwrap();
    let error = bench
        .database
        .tile(&unknown, &Hops::default())
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::Stopped { .. }), "{error}");
}

#[tokio::test]
async fn a_fork_stops_the_database_until_a_person_resumes() {
    let mut bench = Bench::new();
    bench.serve(600);
    bench.lookup(7).await.unwrap();
    for (fork, size) in [(500, 700), (500, 520), (0, 600)] {
        let other = Arc::new(log(size, fork));
        bench.fake.serve_log(&other, size);
        // An older head of another log is proved false by the tiles of ours.
        if size < 600 {
            let other = Arc::clone(&other);
            bench
                .fake
                .serve(move |path| match path.starts_with("tile/") {
                    true => fake::log_says(&LOG, 600, path),
                    false => fake::log_says(&other, size, path),
                });
        }
        let error = bench.lookup(9).await.unwrap_err();
        assert!(
            matches!(error, LookupError::Stopped { .. }),
            "{fork} {size} {error}"
        );
        assert_stopped(&bench).await;
        bench.restart();
        bench.serve(SIZE);
        assert_stopped(&bench).await;
        let folder = bench.data.path().join("sumdb/sum.example.com/fork");
        let evidence = std::fs::read_to_string(folder.join("evidence.txt")).unwrap();
        for note in ["first.note", "second.note"] {
            let note = std::fs::read_to_string(folder.join(note)).unwrap();
            assert!(evidence.contains(&note));
            assert!(evidence.contains(&bench.key.to_string()));
            Head::open(note.as_bytes(), &bench.key).unwrap();
        }
        // Another process resumes; this one sees it.
        let resumed = Archives::resume(bench.data.path(), "sum.example.com");
        let aside = resumed.unwrap().unwrap();
        assert!(aside.join("evidence.txt").is_file());
        std::fs::remove_dir_all(aside).unwrap();
        assert!(!bench.database.is_stopped());
    }
    bench.serve(SIZE);
    bench.lookup(8).await.unwrap();
    assert_eq!(bench.database.head_size(), Some(SIZE));
}

#[tokio::test]
async fn a_fork_in_latest_stops_the_database_too() {
    let bench = Bench::new();
    bench.serve(600);
    bench.lookup(7).await.unwrap();
    bench.fake.serve_log(&Arc::new(log(700, 3)), 700);
    assert_eq!(
        bench.database.latest(&Hops::default()).await.unwrap(),
        head_note(&LOG, 600)
    );
    assert!(bench.database.is_stopped());
    assert_stopped(&bench).await;
}

#[tokio::test]
async fn a_fork_that_cannot_be_written_down_is_not_forgotten() {
    let mut bench = Bench::new();
    bench.serve(600);
    bench.lookup(7).await.unwrap();
    let staging = bench.data.path().join("staging");
    let folder = bench.data.path().join("sumdb/sum.example.com/fork");
    // As on a full disk, nothing can be written, but files can be renamed.
    std::fs::remove_dir_all(&staging).unwrap();
    bench.fake.serve_log(&Arc::new(log(700, 500)), 700);
    let error = bench.lookup(9).await.unwrap_err();
    assert!(matches!(error, LookupError::Stopped { .. }), "{error}");
    assert_stopped(&bench).await;
    assert!(folder.join("evidence.txt").is_file());
    assert!(!folder.join("first.note").exists());
    // There is room again: it is tried again.
    std::fs::create_dir(&staging).unwrap();
    bench.database.tick().await;
    assert!(folder.join("first.note").is_file());
    let evidence = std::fs::read_to_string(folder.join("evidence.txt")).unwrap();
    assert!(evidence.contains("consistency proof"), "{evidence}");
    bench.restart();
    assert_stopped(&bench).await;
}

#[tokio::test]
async fn a_bare_marker_stops_after_a_restart() {
    let mut bench = Bench::new();
    bench.serve(600);
    bench.lookup(7).await.unwrap();
    std::fs::remove_dir_all(bench.data.path().join("staging")).unwrap();
    bench.fake.serve_log(&Arc::new(log(700, 500)), 700);
    bench.lookup(9).await.unwrap_err();
    bench.restart();
    assert_stopped(&bench).await;
    // A person resumes; the next fork has a marker ready again.
    Archives::resume(bench.data.path(), "sum.example.com")
        .unwrap()
        .unwrap();
    assert!(!bench.database.is_stopped());
    bench.database.tick().await;
    let ready = bench
        .data
        .path()
        .join("sumdb/sum.example.com/fork.ready/evidence.txt");
    assert!(ready.is_file());
}
