//! A server in this process, and what it is asked.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proto::goproxy::list::ProxyList;

use crate::app::App;
use crate::app::folder::Folder;
use crate::ask::Access;
use crate::config::{Address, Config, Mode};
use crate::serve::inherited::Inherited;
use crate::shelf::purge::{Purge, Purged};
use crate::source::upstream::instance;
use crate::source::upstream::tests::kit::Origin;

pub(super) struct Server {
    pub(super) data: tempfile::TempDir,
    pub(super) address: SocketAddr,
    pub(super) app: Arc<App>,
}

impl Server {
    pub(super) async fn start(list: &str, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), list, change).await
    }

    pub(super) async fn start_in(
        data: tempfile::TempDir,
        list: &str,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::start_on(data, list, change, |_| {}, Access::Open).await
    }

    /// Starts a server on a data folder that `mount` may change.
    pub(super) async fn start_on(
        data: tempfile::TempDir,
        list: &str,
        change: impl FnOnce(&mut Config),
        mount: impl FnOnce(&mut Folder) + Send + 'static,
        access: Access,
    ) -> Self {
        let mut config = Config::new(data.path().to_owned());
        config.listen = Address::Tcp("127.0.0.1:0".parse().unwrap());
        config.upstream.list = ProxyList::parse(list).unwrap();
        config.upstream.backoff_min = Duration::from_millis(1);
        config.upstream.backoff_max = Duration::from_millis(2);
        config.databases = Vec::new();
        config.proof.mode = Mode::Off;
        config.cache.disk_free_min = 0;
        change(&mut config);
        let build = move || {
            let mut folder = Folder::open(&config).unwrap();
            mount(&mut folder);
            App::of(config, folder).unwrap()
        };
        let app = tokio::task::spawn_blocking(build).await.unwrap();
        let mut app = Arc::into_inner(app).unwrap();
        Arc::get_mut(&mut app.site).unwrap().access = access;
        let app = Arc::new(app);
        let mut none = Inherited::none();
        let bound = Arc::clone(&app).bind(&mut none).await.unwrap();
        let Address::Tcp(address) = bound.address else {
            panic!("bound to {}", bound.address);
        };
        tokio::spawn(async move { bound.run(|_, _| {}).await });
        Self { data, address, app }
    }

    /// Stops the server and returns its data folder.
    pub(super) async fn stop(self) -> tempfile::TempDir {
        let Self { data, app, .. } = self;
        app.stop.cancel();
        // Whoever opens the folder next waits for its lock.
        let lost = Arc::downgrade(&app);
        drop(app);
        while lost.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        data
    }

    pub(super) async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        // A second installation fails, and the first one serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.get(format!("http://{}/{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.ask(path, &[]).await;
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    }

    pub(super) async fn purge(&self, what: &str) -> Purged {
        let what = Purge::parse(what).unwrap();
        self.app.site.shelf.purge(&what).await.unwrap()
    }

    /// Returns where a file of the module tree lies.
    pub(super) fn path(&self, key: &str) -> std::path::PathBuf {
        self.data.path().join("modules").join(key)
    }

    /// Returns how many lines of the journal hold `text`.
    pub(super) fn journaled(&self, text: &str) -> usize {
        let files = fs::read_dir(self.data.path().join("journal")).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        texts
            .map(|it| it.lines().filter(|line| line.contains(text)).count())
            .sum()
    }
}

/// Returns what an upstream was asked for, but for its name: servers look for
/// themselves among their upstreams.
pub(super) fn asked(origin: &Origin) -> Vec<String> {
    let mut targets = origin.targets();
    targets.retain(|target| target != instance::PATH);
    targets
}

pub(super) fn store(data: &Path, key: &str, bytes: &[u8], age: Duration) {
    let path = data.join("modules").join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    let file = File::options().append(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// The headers of a text: of another answer's words none are believed.
pub(super) const PLAIN: [(&str, &str); 1] = [("Content-Type", "text/plain; charset=utf-8")];
