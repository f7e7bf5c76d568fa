use std::io::Write;
use std::time::Duration;

use super::*;

fn open(data: &Path) -> Local {
    Local::open(data, &Staging::open(data).unwrap()).unwrap()
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

async fn publish(local: &Local, to: &str, bytes: &[u8], condition: If) -> io::Result<Published> {
    let staged = local.stage().await?;
    (&**staged.file()).write_all(bytes)?;
    local.publish(staged, &key(to), condition).await
}

#[tokio::test]
async fn small_files_are_memory_and_large_ones_open_files() {
    let data = tempfile::tempdir().unwrap();
    let local = open(data.path());
    for size in [0, 1, READ_BYTES_MAX, READ_BYTES_MAX + 1] {
        let name = format!("a.example/c/@v/v1.0.{size}.zip");
        let bytes = vec![b'x'; usize::try_from(size).unwrap()];
        let published = publish(&local, &name, &bytes, If::Absent).await.unwrap();
        assert_eq!(published, Published::Stored);
        let blob = local.read(&key(&name)).await.unwrap().unwrap();
        let is_large = size > READ_BYTES_MAX;
        assert_eq!(matches!(blob.content, Content::File(_)), is_large);
        assert_eq!(blob.content.bytes(1 << 20).unwrap(), bytes);
    }
}

#[tokio::test]
async fn of_many_who_publish_at_once_one_stores_and_all_agree() {
    let data = tempfile::tempdir().unwrap();
    let local = open(data.path());
    let name = "a.example/c/@v/v1.0.0.zip";
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16_u8 {
        let local = local.clone();
        tasks.spawn(async move {
            let bytes = [number % 2; 1000];
            publish(&local, name, &bytes, If::Absent).await.unwrap()
        });
    }
    let published = tasks.join_all().await;
    let count = |wanted| published.iter().filter(|&&it| it == wanted).count();
    assert_eq!(count(Published::Stored), 1);
    assert_eq!(count(Published::Same), 7);
    assert_eq!(count(Published::Taken), 8);
}

#[tokio::test]
async fn lists_are_replaced_and_files_of_versions_are_not() {
    let data = tempfile::tempdir().unwrap();
    let local = open(data.path());
    for bytes in [b"v1.0.0\n", b"v1.0.1\n"] {
        let published = publish(&local, "a.example/c/@v/list", bytes, If::Any).await;
        assert_eq!(published.unwrap(), Published::Stored);
    }
    let list = local.read(&key("a.example/c/@v/list")).await.unwrap();
    assert_eq!(list.unwrap().content.bytes(100).unwrap(), "v1.0.1\n");
    let name = "a.example/c/@v/v1.0.0.mod";
    for (bytes, want) in [(b"1", Published::Stored), (b"2", Published::Taken)] {
        let published = publish(&local, name, bytes, If::Absent).await.unwrap();
        assert_eq!(published, want);
    }
    assert!(local.remove(&key(name)).await.unwrap());
    assert!(!local.remove(&key(name)).await.unwrap());
    let published = publish(&local, name, b"2", If::Absent).await.unwrap();
    assert_eq!(published, Published::Stored, "it was taken back first");
}

#[tokio::test]
async fn what_cannot_be_a_file_is_absent() {
    let data = tempfile::tempdir().unwrap();
    let local = open(data.path());
    let folder = data.path().join("modules/a.example/c/@v/v1.0.0.mod");
    fs::create_dir_all(folder).unwrap();
    for name in ["a.example/c/@v/v1.0.0.mod", "b.example/c/@v/list"] {
        assert!(local.read(&key(name)).await.unwrap().is_none());
    }
    let long = data.path().join("modules").join("x".repeat(300));
    assert!(read(&long).unwrap().is_none());
    assert!(!remove(&long).unwrap());
}

#[tokio::test]
async fn touching_renews_the_time() {
    let data = tempfile::tempdir().unwrap();
    let local = open(data.path());
    let name = "a.example/c/@v/list";
    let _ = publish(&local, name, b"v1.0.0\n", If::Any).await.unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    let path = data.path().join("modules").join(name);
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(old).unwrap();
    let modified = async || local.read(&key(name)).await.unwrap().unwrap().modified;
    assert_eq!(modified().await, old);
    local.touch(&key(name)).await.unwrap();
    assert!(modified().await > old);
}

#[tokio::test]
async fn a_tree_that_is_read_only_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let name = "a.example/c/@v/list";
    let local = open(data.path());
    let _ = publish(&local, name, b"v1.0.0\n", If::Any).await.unwrap();
    let local = Local::read_only(data.path());
    assert!(local.read(&key(name)).await.unwrap().is_some());
    let kind = io::ErrorKind::ReadOnlyFilesystem;
    assert_eq!(local.stage().await.unwrap_err().kind(), kind);
    assert_eq!(local.remove(&key(name)).await.unwrap_err().kind(), kind);
    assert_eq!(local.touch(&key(name)).await.unwrap_err().kind(), kind);
    assert_eq!(local.walk().count(), 1);
}

#[tokio::test]
async fn a_tree_on_another_file_system_is_staged_where_it_is() {
    use std::os::unix::fs::MetadataExt;
    let data = tempfile::tempdir().unwrap();
    // Memory on Linux, and so another file system than that of most folders.
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    let is_other = device(data.path()) != device(elsewhere.path());
    std::os::unix::fs::symlink(elsewhere.path(), data.path().join("modules")).unwrap();
    for version in ["v1.0.0", "v1.0.1"] {
        let local = open(data.path());
        assert_eq!(elsewhere.path().join(STAGING).exists(), is_other);
        let name = format!("a.example/c/@v/{version}.mod");
        let published = publish(&local, &name, b"x", If::Absent).await.unwrap();
        assert_eq!(published, Published::Stored);
    }
    let walked: Vec<_> = open(data.path()).walk().map(Result::unwrap).collect();
    assert_eq!(walked.len(), 2, "{walked:?}");
    assert!(!elsewhere.path().join(".probe").exists());
}
