//! Object stores by URL: a folder, `s3://`, `gs://`, `az://`; credentials come from the environment, for S3 also from a profile of the AWS tools.

use std::path::{Component, Path as FilePath, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use super::aws_profile::Profile;
use crate::error::{Error, Result};

/// A place in an object store: the store from its root on, and the path of the place in it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The URL of the place, ending in `/` where it is a folder.
    pub url: Url,
    /// The store, from its root.
    pub store: Arc<dyn ObjectStore>,
    /// The place in the store.
    pub path: Path,
}

impl Place {
    /// Resolves a folder or URL. A folder need not exist yet.
    pub fn parse(text: &str) -> Result<Self> {
        let url = parse_url(text)?;
        let (store, path) = open(&url)?;
        Ok(Self { url, store, path })
    }

    /// Its URL without anything secret, for messages.
    pub fn shown(&self) -> String {
        if self.url.scheme() == "file" { self.url.path().to_owned() } else { without_secrets(&self.url) }
    }

    /// Whether it is a folder of this machine.
    pub fn is_local(&self) -> bool {
        self.url.scheme() == "file"
    }

    /// The folder `name` inside.
    pub fn join(&self, name: &str) -> Result<Self> {
        let mut base = self.url.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let url = base.join(&format!("{name}/")).map_err(|e| Error::usage(format!("`{name}` cannot be part of a path")).caused_by(e))?;
        Ok(Self { url, store: Arc::clone(&self.store), path: self.path.clone().join(name) })
    }
}

/// A URL as it is, or the file URL of a path.
fn parse_url(text: &str) -> Result<Url> {
    if text.contains("://") {
        return Url::parse(text).map_err(|e| Error::usage(format!("`{text}` is not a URL")).caused_by(e));
    }
    let absolute = std::path::absolute(FilePath::new(text)).map_err(|e| Error::usage(format!("`{text}` is not a path")).caused_by(e))?;
    Url::from_file_path(without_dots(&absolute)).map_err(|()| Error::usage(format!("`{text}` is not a path")))
}

/// The path with every `..` taken together with the part before it, as a URL has it.
fn without_dots(path: &FilePath) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}

fn open(url: &Url) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let refused = |e: object_store::Error| Error::usage(format!("the store of `{}` cannot be opened", without_secrets(url))).caused_by(e);
    let (scheme, path) = ObjectStoreScheme::parse(url).map_err(|e| refused(e.into()))?;
    if scheme == ObjectStoreScheme::Local {
        return Ok((Arc::new(object_store::local::LocalFileSystem::new()), path));
    }
    let options = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
    if scheme == ObjectStoreScheme::AmazonS3
        && let Some(profile) = Profile::find(&|name| std::env::var(name).ok())?
    {
        let begun = AmazonS3Builder::new().with_url(url.as_str()).with_credentials(profile.credentials);
        let begun = profile.region.into_iter().fold(begun, AmazonS3Builder::with_region);
        let begun = profile.endpoint.into_iter().fold(begun, AmazonS3Builder::with_endpoint);
        // What the environment says goes before what the profile says.
        let known = options.filter_map(|(name, value)| Some((AmazonS3ConfigKey::from_str(&name).ok()?, value)));
        let builder = known.fold(begun, |builder, (key, value)| builder.with_config(key, value));
        return Ok((Arc::new(builder.build().map_err(refused)?), path));
    }
    let (store, path) = object_store::parse_url_opts(url, options).map_err(refused)?;
    Ok((Arc::from(store), path))
}

/// The URL without user, password and query, which may hold keys.
fn without_secrets(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_dots_is_the_folder_it_means() {
        assert_eq!(without_dots(FilePath::new("/a/b/../c/./d")), PathBuf::from("/a/c/d"));
        let place = Place::parse("/tmp/../tmp/x").expect("a path");
        assert_eq!((place.url.as_str(), place.path.as_ref()), ("file:///tmp/x", "tmp/x"));
    }

    #[test]
    fn buckets_are_places_of_their_stores() {
        let place = Place::parse("s3://bucket/lake/").expect("a URL");
        assert_eq!(place.path.as_ref(), "lake");
        assert_eq!(place.join("events").expect("joined").url.as_str(), "s3://bucket/lake/events/");
    }
}
