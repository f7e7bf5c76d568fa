//! Where the files of a checksum database are read from: a server or a folder.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use proto::goproxy;
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use url::Url;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one request may take, its answer read.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a file of a release may take, some 100 MiB.
const SAVE_TIMEOUT: Duration = Duration::from_secs(1800);

/// The most redirects that are followed for one request.
const REDIRECTS_MAX: usize = 5;

/// A place that file paths such as `lookup/…` and `tile/…` are appended to.
#[derive(Debug, Clone)]
pub enum Site {
    /// A server.
    Http {
        /// Sends the requests.
        client: Client,
        /// The address, without a slash at its end.
        base: Url,
    },
    /// A folder of the same form.
    Folder(PathBuf),
}

impl Site {
    /// Reads an address: `https://`, `http://` or `file://`.
    ///
    /// # Errors
    /// When it is none, or no client can be made (no system certificates, say).
    pub fn parse(address: &str) -> anyhow::Result<Self> {
        let url = Url::parse(address.trim_end_matches('/')).with_context(|| {
            format!("{address:?} is not an address such as https://sum.golang.org")
        })?;
        match url.scheme() {
            "https" | "http" if url.has_host() => Ok(Self::Http {
                client: client()?,
                base: url,
            }),
            "file" => match url.to_file_path() {
                Ok(folder) => Ok(Self::Folder(folder)),
                Err(()) => bail!("{address:?} names no folder of this host"),
            },
            _ => bail!("{address:?} is not an http, https or file address"),
        }
    }

    /// The site below this one at `path`.
    pub fn join(&self, path: &str) -> Self {
        match self {
            Self::Http { client, base } => Self::Http {
                client: client.clone(),
                base: below(base, path),
            },
            Self::Folder(folder) => Self::Folder(folder.join(path)),
        }
    }

    /// Reads a file of at most `max` bytes; `None` when the site has no such file.
    ///
    /// # Errors
    /// When the site can't be reached, says anything but "here" or "not found", or
    /// sends more than `max` bytes.
    pub fn read(&self, path: &str, max: u64) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::Http { client, base } => get(client, &below(base, path), max),
            Self::Folder(folder) => read_file(&folder.join(path), max),
        }
    }

    /// Writes a file of at most `max` bytes to another one; `false` when the site has no
    /// such file.
    ///
    /// # Errors
    /// As [`Self::read`], and when what comes can't be written.
    pub fn save(&self, path: &str, to: &mut File, max: u64) -> anyhow::Result<bool> {
        let saving = || format!("saving {} of {}", path, self.name());
        match self {
            Self::Http { client, base } => {
                let Some(response) = ask(client, &below(base, path), SAVE_TIMEOUT)? else {
                    return Ok(false);
                };
                copy(response, to, max).with_context(saving)?;
            }
            Self::Folder(folder) => match File::open(folder.join(path)) {
                Ok(file) => copy(file, to, max).with_context(saving)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error).with_context(saving),
            },
        }
        Ok(true)
    }

    /// The site as messages name it: without a password.
    pub fn name(&self) -> String {
        match self {
            Self::Http { base, .. } => shown(base),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let folder = base.path().trim_end_matches('/');
    url.set_path(&format!("{folder}/{}", goproxy::encode(path)));
    url
}

fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // Only addresses without a host refuse this, and they have no password.
        let _ = url.set_password(Some("xxxxx"));
    }
    url.to_string().trim_end_matches('/').to_owned()
}

fn client() -> anyhow::Result<Client> {
    // It fails when another part of the program installed one: just as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("verify-build/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::limited(REDIRECTS_MAX))
        .build()
        .context("setting up TLS")
}

fn get(client: &Client, url: &Url, max: u64) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(response) = ask(client, url, REQUEST_TIMEOUT)? else {
        return Ok(None);
    };
    read_all(response, max)
        .with_context(|| format!("reading {}", shown(url)))
        .map(Some)
}

fn ask(client: &Client, url: &Url, timeout: Duration) -> anyhow::Result<Option<Response>> {
    let name = shown(url);
    let response = client
        .get(url.clone())
        .timeout(timeout)
        .send()
        .map_err(reqwest::Error::without_url)
        .with_context(|| format!("asking {name}"))?;
    match response.status() {
        StatusCode::OK => Ok(Some(response)),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status => bail!("{name} answers {status}"),
    }
}

fn read_file(path: &Path, max: u64) -> anyhow::Result<Option<Vec<u8>>> {
    match File::open(path) {
        Ok(file) => read_all(file, max)
            .with_context(|| format!("reading {}", path.display()))
            .map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("opening {}", path.display())),
    }
}

fn copy(from: impl io::Read, to: &mut File, max: u64) -> anyhow::Result<()> {
    let len = io::copy(&mut from.take(max.saturating_add(1)), to)?;
    if len > max {
        bail!("more than {max} bytes, the most that is taken");
    }
    Ok(())
}

fn read_all(from: impl io::Read, max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        bail!("more than {max} bytes, the most that such an answer has");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server that has one file, and answers to all else with the status in its name.
    fn serve() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut line = String::new();
                let mut request = BufReader::new(stream.try_clone().unwrap());
                request.read_line(&mut line).unwrap();
                let mut header = String::new();
                while request.read_line(&mut header).unwrap() > 2 {
                    header.clear();
                }
                let path = line.split(' ').nth(1).unwrap();
                let (status, body) = match path {
                    "/at/a!b@c" => ("200", "here"),
                    path => (path.rsplit('/').next().unwrap(), "none"),
                };
                let answer = format!(
                    "HTTP/1.1 {status} said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        format!("http://{address}")
    }

    /// A server that is asked past any proxy of the machine.
    fn direct(address: &str) -> Site {
        match Site::parse(address).unwrap() {
            Site::Http { base, .. } => Site::Http {
                client: Client::builder().no_proxy().build().unwrap(),
                base,
            },
            Site::Folder(_) => panic!("{address} is a folder"),
        }
    }

    #[test]
    fn a_server_has_a_file_or_not_and_anything_else_is_an_error() {
        let base = serve();
        let site = direct(&format!("{base}/")).join("at");
        assert_eq!(site.name(), format!("{base}/at"));
        assert_eq!(site.read("a!b@c", 4).unwrap(), Some(b"here".to_vec()));
        let said = format!("{:#}", site.read("a!b@c", 3).unwrap_err());
        assert!(said.contains("more than 3 bytes"), "{said}");
        assert_eq!(site.read("404", 10).unwrap(), None);
        assert_eq!(site.read("410", 10).unwrap(), None);
        let said = format!("{:#}", site.read("403", 10).unwrap_err());
        assert_eq!(said, format!("{base}/at/403 answers 403 Forbidden"));
        let gone = direct("http://127.0.0.1:1");
        let said = format!("{:#}", gone.read("a", 10).unwrap_err());
        assert!(said.starts_with("asking http://127.0.0.1:1/a: "), "{said}");
    }

    #[test]
    fn a_folder_is_read_as_a_server_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("at")).unwrap();
        std::fs::write(folder.path().join("at/file"), "here").unwrap();
        let address = Url::from_file_path(folder.path()).unwrap();
        let site = Site::parse(address.as_str()).unwrap().join("at");
        assert_eq!(site.name(), folder.path().join("at").display().to_string());
        assert_eq!(site.read("file", 4).unwrap(), Some(b"here".to_vec()));
        assert!(site.read("file", 3).is_err());
        assert_eq!(site.read("other", 4).unwrap(), None);
        assert!(site.read("file/below", 4).is_err());
    }

    #[test]
    fn other_addresses_are_none_and_passwords_are_not_shown() {
        for address in [
            "",
            "sum.golang.org",
            "ftp://sum.golang.org",
            "file://host/folder",
            "data:x",
        ] {
            assert!(Site::parse(address).is_err(), "{address:?}");
        }
        let site = Site::parse("https://me:secret@proxy.example/").unwrap();
        assert_eq!(
            site.join("sumdb/x").name(),
            "https://me:xxxxx@proxy.example/sumdb/x"
        );
        assert_eq!(
            Site::parse("https://me@proxy.example").unwrap().name(),
            "https://me@proxy.example"
        );
    }
}
