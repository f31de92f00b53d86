//! Settings: one `bittern.toml`, environment for secrets, flags last. Plain data; nothing is opened here.

pub mod serve;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

/// What `bittern.toml` may say. Every key is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Root of the lake: a folder, `s3://`, `gs://` or `az://`.
    pub lake: Option<String>,
    /// Folder of the policy CSV files.
    pub policy: Option<PathBuf>,
    /// Folder with SQL files of your own, laid out like `sql/`.
    pub sql: Option<PathBuf>,
    /// File with the key of fingerprints and pseudonyms: at least 32 bytes, outside the lake. Made at first use.
    pub key_file: Option<PathBuf>,
    /// Bytes that queries may hold before they spill, in MiB.
    pub memory_mib: Option<usize>,
    /// Files with credential rules of your own, in our syntax or in that of Gitleaks and Betterleaks.
    pub rules: Vec<PathBuf>,
    /// How raw objects are landed.
    pub ingest: Ingest,
    /// The PostgreSQL server: where it listens, who sees what, how much a query may use.
    pub serve: serve::Serve,
}

/// The section `[ingest]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingest {
    /// Mask credentials in `events` as they land; what was found is kept in `ingest_findings`, without the credential.
    pub redact: bool,
}

impl Config {
    /// Reads a file; paths in it are relative to its folder. `None` takes `bittern.toml` of this folder if there is one.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None if Path::new("bittern.toml").exists() => PathBuf::from("bittern.toml"),
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(&path).map_err(|e| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e))?;
        let mut config: Self = toml::from_str(&text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, column) = (before.matches('\n').count() + 1, before.rsplit('\n').next().map_or(0, str::len) + 1);
            Error::usage(format!("{}:{line}:{column}: {}", path.display(), e.message()))
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let serve = &mut config.serve;
        let places = [&mut config.policy, &mut config.sql, &mut config.key_file, &mut serve.users, &mut serve.tls_cert, &mut serve.tls_key];
        let places = places.into_iter().flatten().chain(&mut config.rules);
        for place in places {
            *place = folder.join(&*place);
        }
        if let Some(lake) = config.lake.as_mut().filter(|lake| !lake.contains("://")) {
            *lake = folder.join(&*lake).display().to_string();
        }
        Ok(config)
    }

    /// The file of the key: the one named, else one in the user's configuration folder.
    pub fn key_path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.key_file {
            return Ok(path.clone());
        }
        of_the_user("fingerprint.key")
            .ok_or_else(|| Error::usage("there is no home folder for the key: name a file with `key_file` in bittern.toml"))
    }

    /// The file of the server's users: the one named, else one in the user's configuration folder.
    pub fn users_path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.serve.users {
            return Ok(path.clone());
        }
        of_the_user("users")
            .ok_or_else(|| Error::usage("there is no home folder for the users: name a file with `users` under [serve] in bittern.toml"))
    }
}

fn of_the_user(file: &str) -> Option<PathBuf> {
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    home.map(|home| home.join("bittern").join(file))
}

/// Reads the key, or makes one at first use (readable by its owner alone).
pub fn read_or_make_key(path: &Path) -> Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(key) if key.len() >= 32 => return Ok(key),
        Ok(_) => return Err(Error::usage(format!("the key in `{}` is shorter than 32 bytes", path.display()))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(Error::usage(format!("cannot read the key in `{}`", path.display())).caused_by(e)),
    }
    let key: Vec<u8> =
        [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|part| *part.as_bytes()).collect();
    let refused = |e: std::io::Error| Error::usage(format!("cannot write a key to `{}`", path.display())).caused_by(e);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => std::io::Write::write_all(&mut file, &key).map_err(refused)?,
        // Another process made it just now.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return read_or_make_key(path),
        Err(e) => return Err(refused(e)),
    }
    tracing::info!(path = %path.display(), "made a new key for fingerprints and pseudonyms: keep it, alerts are told apart by it");
    Ok(key)
}
