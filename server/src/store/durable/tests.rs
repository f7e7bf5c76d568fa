use super::*;

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn publishes_whole_files_in_new_folders() {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    let to = data.path().join("modules/a/b/@v/v1.0.0.mod");
    staging.write(&to, b"module a/b\n").unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"module a/b\n");
    staging.write(&to, b"again").unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"again");
    assert_eq!(count(&data.path().join("staging")), 0);
}

#[test]
fn a_name_once_taken_never_gets_other_content() {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    let to = data.path().join("modules/a.b/@v/v1.0.0.zip");
    let long = vec![7; COMPARE_BYTES + 1];
    let mut other = long.clone();
    other[COMPARE_BYTES] = 8;
    for (bytes, want) in [
        (&long, Published::Stored),
        (&long, Published::Same),
        (&other, Published::Taken),
        (&Vec::new(), Published::Taken),
    ] {
        let staged = staging.create_with(bytes).unwrap();
        assert_eq!(staged.publish_new(&to).unwrap(), want);
        assert_eq!(fs::read(&to).unwrap(), long);
        assert_eq!(count(&data.path().join("staging")), 0);
    }
}

#[test]
fn a_file_that_is_taken_into_staging_is_no_longer_where_it_was() {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    let folder = staging.subfolder().unwrap();
    fs::write(folder.join("x"), b"x").unwrap();
    let staged = staging.adopt(&folder.join("x")).unwrap();
    assert_eq!(count(&folder), 0);
    let to = data.path().join("modules/a.b/@v/v1.0.0.mod");
    assert_eq!(staged.publish_new(&to).unwrap(), Published::Stored);
    assert_eq!(fs::read(&to).unwrap(), b"x");
    // What a crash leaves of the folder is removed at the next start.
    Staging::open(data.path()).unwrap();
    assert_eq!(count(&data.path().join("staging")), 0);
}

#[test]
fn a_link_takes_a_name_as_a_rename_does() {
    let data = tempfile::tempdir().unwrap();
    let (from, to) = (data.path().join("from"), data.path().join("to"));
    fs::write(&from, b"1").unwrap();
    assert!(link_new(&from, &to).unwrap());
    assert!(!from.exists());
    fs::write(&from, b"2").unwrap();
    assert!(!link_new(&from, &to).unwrap());
    assert_eq!(fs::read(&to).unwrap(), b"1");
}

#[test]
fn files_that_become_durable_later_are_there_at_once() {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    let at = data.path().join("sumdb/lookup/3");
    staging.write_lazily(&at, b"3").unwrap();
    assert_eq!(fs::read(&at).unwrap(), b"3");
    staging.flush().unwrap();
    assert_eq!(count(&data.path().join("staging")), 0);
}

#[test]
fn dropped_files_and_leavings_of_a_crash_are_removed() {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    drop(staging.create().unwrap());
    assert_eq!(count(&data.path().join("staging")), 0);
    let left = staging.create().unwrap();
    std::mem::forget(left);
    Staging::open(data.path()).unwrap();
    assert_eq!(count(&data.path().join("staging")), 0);
}

#[test]
fn a_failed_rename_leaves_the_old_name_alone() {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    let to = data.path().join("taken");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("inside"), b"x").unwrap();
    assert!(staging.write(&to, b"new").is_err());
    let staged = staging.create_with(b"new").unwrap();
    assert!(staged.publish_new(&to).is_err());
    assert_eq!(fs::read(to.join("inside")).unwrap(), b"x");
    assert_eq!(count(&data.path().join("staging")), 0);
}
