//! Where the workers are: URLs, the addresses of a name, the lines of a file; and which of them failed lately.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use datafusion::common::Result as DfResult;
use datafusion_distributed::WorkerResolver;
use url::Url;

use crate::error::{Error, Result};

/// How old names and files may be before they are looked up again.
const FRESH: Duration = Duration::from_secs(5);

/// How long a worker that failed is left alone.
const SHUNNED: Duration = Duration::from_secs(30);

/// Where some of the workers are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Url(Url),
    /// Every address of a name, at a port.
    Name(String, u16),
    File(PathBuf),
}

/// The workers of a coordinator.
#[derive(Debug)]
pub struct Workers {
    sources: Vec<Source>,
    /// The scheme of workers that are found by name.
    scheme: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    urls: Vec<Url>,
    looked: Option<Instant>,
    failed: HashMap<Url, (Instant, String)>,
}

impl Workers {
    /// The workers that a list names: URLs, `dns:NAME:PORT` and `file:PATH`. Nothing is looked up yet. With `encrypted`, addresses of a name
    /// are `https`.
    ///
    /// # Errors
    /// `Usage` that quotes what is none of these.
    pub fn parse(list: &[String], encrypted: bool) -> Result<Self> {
        let parts = list.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
        let sources = parts.map(source).collect::<Result<Vec<Source>>>()?;
        Ok(Self { sources, scheme: if encrypted { "https" } else { "http" }, state: Mutex::default() })
    }

    /// Looks names and files up, unless that was done a moment ago. What cannot be looked up keeps its last answer.
    ///
    /// # Errors
    /// `Usage` for a file that cannot be read or holds what is no worker, `Unavailable` for a name without an address, where nothing was known
    /// before.
    pub async fn refresh(&self) -> Result<()> {
        {
            let state = self.state();
            let fixed = self.sources.iter().all(|source| matches!(source, Source::Url(_)));
            if state.looked.is_some_and(|looked| fixed || looked.elapsed() < FRESH) {
                return Ok(());
            }
        }
        let mut found = Vec::new();
        for source in &self.sources {
            self.look_up(source, &mut found).await?;
        }
        found.sort();
        found.dedup();
        let mut state = self.state();
        state.looked = Some(Instant::now());
        if state.urls != found {
            tracing::info!(workers = found.len(), "workers found");
            state.urls = found;
        }
        Ok(())
    }

    async fn look_up(&self, source: &Source, found: &mut Vec<Url>) -> Result<()> {
        match source {
            Source::Url(url) => found.push(url.clone()),
            Source::Name(name, port) => match tokio::net::lookup_host((name.as_str(), *port)).await {
                Ok(addresses) => {
                    // The name goes along in the path: it is what the certificates are for.
                    let of = |address: std::net::SocketAddr| Url::parse(&format!("{}://{address}/{name}", self.scheme)).ok();
                    found.extend(addresses.filter_map(of));
                }
                Err(e) => {
                    let old: Vec<Url> = self.state().urls.iter().filter(|url| url.path().trim_matches('/') == name).cloned().collect();
                    if old.is_empty() {
                        let message = format!("no worker is found under the name `{name}`");
                        return Err(Error::new(crate::error::Kind::Unavailable, message).caused_by(e));
                    }
                    tracing::warn!(name, "the workers' name cannot be looked up: the last addresses are used");
                    found.extend(old);
                }
            },
            Source::File(path) => {
                let text = tokio::fs::read_to_string(path)
                    .await
                    .map_err(|e| Error::usage(format!("cannot read the workers in `{}`", path.display())).caused_by(e))?;
                for (number, line) in text.lines().enumerate() {
                    let line = line.split('#').next().unwrap_or_default().trim();
                    if line.is_empty() {
                        continue;
                    }
                    let at = |e: Error| e.context(format!("{}:{}", path.display(), number + 1));
                    match source_of_line(line).map_err(at)? {
                        Source::File(_) => {
                            return Err(at(Error::usage("a file of workers names no further files")));
                        }
                        source => Box::pin(self.look_up(&source, found)).await?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Leaves a worker alone for a while.
    pub fn shun(&self, url: &Url, why: &str) {
        self.state().failed.insert(url.clone(), (Instant::now(), why.to_owned()));
    }

    /// Workers that did not fail lately.
    pub fn usable(&self) -> Vec<Url> {
        let mut state = self.state();
        state.failed.retain(|_, (since, _)| since.elapsed() < SHUNNED);
        state.urls.iter().filter(|url| !state.failed.contains_key(url)).cloned().collect()
    }

    /// All workers that are known.
    pub fn known(&self) -> Vec<Url> {
        self.state().urls.clone()
    }

    /// Why each of the workers that failed lately did.
    pub fn failures(&self) -> Vec<String> {
        let mut whys: Vec<String> = self.state().failed.values().map(|(_, why)| why.clone()).collect();
        whys.sort();
        whys
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the planner asks: a single worker counts twice, since a stage of one task would not leave this process.
#[derive(Debug, Clone)]
pub struct Resolver(pub std::sync::Arc<Workers>);

impl WorkerResolver for Resolver {
    fn get_urls(&self) -> DfResult<Vec<Url>> {
        let mut urls = self.0.usable();
        if let [only] = urls.as_slice() {
            urls.push(only.clone());
        }
        Ok(urls)
    }
}

fn source(text: &str) -> Result<Source> {
    match text.strip_prefix("file:") {
        Some(path) => Ok(Source::File(PathBuf::from(path))),
        None => source_of_line(text),
    }
}

fn source_of_line(text: &str) -> Result<Source> {
    // What stands before an @ may be a password.
    let shown = text.rsplit('@').next().unwrap_or_default();
    let wrong =
        || Error::usage(format!("`{shown}` is no worker like http://127.0.0.1:7450, https://HOST:PORT, dns:NAME:PORT or file:PATH"));
    if let Some(rest) = text.strip_prefix("dns:") {
        let (name, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
        return Ok(Source::Name(name.to_owned(), port.parse().map_err(|_| wrong())?));
    }
    if text.starts_with("file:") {
        return Ok(Source::File(PathBuf::new()));
    }
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain && url.port_or_known_default().is_some() {
        Ok(Source::Url(url))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn workers_come_from_urls_names_and_files_and_those_that_failed_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("workers");
        std::fs::write(&file, "# two\nhttps://w1.example.com:7450\n\nhttps://w2.example.com:7450 # the second\n").unwrap();
        let list = ["http://127.0.0.1:1,http://127.0.0.1:2".to_owned(), format!("file:{}", file.display()), "dns:localhost:7".to_owned()];
        let workers = Workers::parse(&list, false).unwrap();
        workers.refresh().await.unwrap();
        let urls: Vec<String> = workers.usable().iter().map(Url::to_string).collect();
        assert!(urls.contains(&"http://127.0.0.1:1/".to_owned()) && urls.contains(&"https://w2.example.com:7450/".to_owned()), "{urls:?}");
        assert!(urls.contains(&"http://127.0.0.1:7/localhost".to_owned()), "{urls:?}");
        workers.shun(&Url::parse("http://127.0.0.1:1").unwrap(), "gone");
        assert_eq!(workers.usable().len(), urls.len() - 1);
        assert_eq!((workers.known().len(), workers.failures()), (urls.len(), vec!["gone".to_owned()]));
    }

    #[test]
    fn what_is_no_worker_is_quoted() {
        for text in ["127.0.0.1:7450", "ftp://host", "dns:name", "dns:name:x", "http://host:1/path"] {
            let error = Workers::parse(&[text.to_owned()], false).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
        let error = Workers::parse(&["https://user:secret@host:1".to_owned()], false).unwrap_err();
        assert!(error.to_string().contains("host:1") && !error.to_string().contains("secret"), "{error}");
    }

    #[tokio::test]
    async fn a_line_that_is_no_worker_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("workers");
        std::fs::write(&file, "http://127.0.0.1:1\nnonsense\n").unwrap();
        let error = Workers::parse(&[format!("file:{}", file.display())], false).unwrap().refresh().await.unwrap_err();
        assert!(format!("{error:#}").contains("workers:2"), "{error:#}");
    }
}
