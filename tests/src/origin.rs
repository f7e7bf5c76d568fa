//! An upstream: an HTTP server over a GOPROXY file tree that counts what it is
//! asked and can be told to misbehave, path by path.

mod answer;
mod fault;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

pub use fault::Fault;

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path without its leading slash, as it was on the wire.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Asked {
    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| held == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The upstream. It serves until it is stopped or dropped.
pub struct Origin {
    address: SocketAddr,
    state: Arc<State>,
    /// Accepts connections; aborted to stop. `None` while stopped.
    accepting: Option<JoinHandle<()>>,
    runtime: Runtime,
}

struct State {
    root: PathBuf,
    /// What was asked and what is to go wrong. Held for a lookup or a push only.
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    asked: Vec<Asked>,
    faults: Vec<(String, Fault)>,
    connections: Vec<JoinHandle<()>>,
    open: usize,
    open_most: usize,
}

impl Origin {
    /// Serves the files under `root` on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no socket or thread can be had.
    #[must_use]
    pub fn serve(root: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("start a runtime for the upstream");
        let state = Arc::new(State {
            root: root.to_path_buf(),
            records: Mutex::default(),
        });
        let mut origin = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            state,
            accepting: None,
            runtime,
        };
        origin.start();
        origin
    }

    /// Serves again on the same port after [`stop`](Self::stop).
    ///
    /// # Panics
    /// When the port is taken by now.
    pub fn start(&mut self) {
        let listener = self
            .runtime
            .block_on(TcpListener::bind(self.address))
            .expect("bind the upstream's port");
        self.address = listener.local_addr().expect("the upstream's own address");
        let state = Arc::clone(&self.state);
        self.accepting = Some(self.runtime.spawn(accept(listener, state)));
    }

    /// Closes the port and cuts every connection.
    pub fn stop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = self.runtime.block_on(accepting);
        }
        let connections = std::mem::take(&mut self.state.lock().connections);
        for connection in connections {
            connection.abort();
            let _ = self.runtime.block_on(connection);
        }
    }

    /// From now on answers to paths that contain `part` go wrong. Several faults
    /// of one path act in the order they were given.
    pub fn fault(&self, part: &str, fault: Fault) {
        self.state.lock().faults.push((part.to_owned(), fault));
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        self.state.lock().faults.clear();
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        let mut records = self.state.lock();
        records.asked.clear();
        records.open_most = 0;
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().asked.clone()
    }

    /// How many requests for paths containing `part` came in.
    #[must_use]
    pub fn count(&self, part: &str) -> usize {
        let records = self.state.lock();
        let hits = records
            .asked
            .iter()
            .filter(|asked| asked.path.contains(part));
        hits.count()
    }

    /// How many answers are on their way out at this moment.
    #[must_use]
    pub fn open_answers(&self) -> usize {
        self.state.lock().open
    }

    /// How many requests were being answered at once, at most, since what was asked was
    /// last forgotten.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.state.lock().open_most
    }

    /// `http://127.0.0.1:<port>`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it serves on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().expect("no test thread died holding it")
    }

    /// Waits until so many paths that contain `part` were asked for, ten seconds at most,
    /// and tells whether they were.
    async fn was_asked(&self, part: &str, count: usize) -> bool {
        for _ in 0..2000 {
            let is_part = |asked: &&Asked| asked.path.contains(part);
            if self.lock().asked.iter().filter(is_part).count() >= count {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    fn faults_for(&self, path: &str) -> Vec<Fault> {
        let mut records = self.lock();
        // The request at hand is among them.
        let times = records.asked.iter().filter(|asked| asked.path == path);
        let times = times.count();
        let mut hit = Vec::new();
        records.faults.retain_mut(|(part, fault)| {
            if !path.contains(part.as_str()) {
                return true;
            }
            match fault {
                Fault::AtFirst(first, fault) if times <= *first => hit.push((**fault).clone()),
                Fault::AtFirst(..) => {}
                _ => hit.push(fault.clone()),
            }
            !matches!(fault, Fault::Once(_))
        });
        hit
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let connection = tokio::spawn(serve_connection(stream, Arc::clone(&state)));
        let mut records = state.lock();
        records.connections.retain(|held| !held.is_finished());
        records.connections.push(connection);
    }
}

async fn serve_connection(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        async move { answer::answer(&state, &request).await }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
