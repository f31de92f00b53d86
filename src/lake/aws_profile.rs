//! Credentials of a profile of the AWS tools, from `~/.aws/credentials` and `~/.aws/config`: keys that stand there, or those that a
//! `credential_process` hands out (which is how single sign-on and assumed roles come: `aws configure export-credentials`).
//!
//! Format: "Configuration and credential file settings" and "Process credential provider" of the AWS SDKs and Tools Reference Guide.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use configparser::ini::Ini;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{Micros, SECOND};

/// Credentials are asked for anew so long before they end.
const MARGIN: Micros = 300 * SECOND;

/// A profile that has credentials.
#[derive(Debug)]
pub struct Profile {
    /// Its region, if it names one.
    pub region: Option<String>,
    /// The address of the service, if it names one.
    pub endpoint: Option<String>,
    /// What hands the credentials out.
    pub credentials: Arc<dyn CredentialProvider<Credential = AwsCredential>>,
}

type Section = HashMap<String, Option<String>>;

impl Profile {
    /// The profile that the environment names (`AWS_PROFILE`), or `default`; nothing where the environment itself has credentials, or no
    /// profile is named and `default` has none.
    ///
    /// # Errors
    /// `Usage` for a named profile that is not there, or has no credentials that are read here.
    pub fn find(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let named = env("AWS_PROFILE").filter(|name| !name.is_empty());
        let has = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        if has("AWS_ACCESS_KEY_ID") || named.is_none() && has("AWS_WEB_IDENTITY_TOKEN_FILE") {
            return Ok(None);
        }
        let home = env("HOME").map(|home| PathBuf::from(home).join(".aws"));
        let text = |variable: &str, name: &str| {
            let path = env(variable).map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(name)));
            path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
        };
        let (keys, settings) = (text("AWS_SHARED_CREDENTIALS_FILE", "credentials"), text("AWS_CONFIG_FILE", "config"));
        let name = named.clone().unwrap_or_else(|| "default".to_owned());
        let mut section = Section::new();
        section.extend(section_of(&settings, &if name == "default" { name.clone() } else { format!("profile {name}") }));
        section.extend(section_of(&keys, &name));
        let found = Self::of(&name, &section)?;
        match (named, found, section.is_empty()) {
            (Some(name), None, true) => {
                Err(Error::usage(format!("AWS_PROFILE names `{name}`, which is no profile of ~/.aws/config or ~/.aws/credentials")))
            }
            (Some(name), None, false) => Err(Error::usage(format!(
                "the AWS profile `{name}` has neither keys nor a `credential_process`: for single sign-on and assumed roles give it \
                 `credential_process = aws configure export-credentials --profile {name}` under another name"
            ))),
            (_, found, _) => Ok(found),
        }
    }

    fn of(name: &str, section: &Section) -> Result<Option<Self>> {
        let value = |key: &str| section.get(key).cloned().flatten().filter(|value| !value.is_empty());
        let credentials: Arc<dyn CredentialProvider<Credential = AwsCredential>> =
            match (value("aws_access_key_id"), value("aws_secret_access_key"), value("credential_process")) {
                (Some(key_id), Some(secret_key), _) => {
                    let token = value("aws_session_token");
                    Arc::new(object_store::StaticCredentialProvider::new(AwsCredential { key_id, secret_key, token }))
                }
                (None, None, Some(command)) => Arc::new(Process { profile: name.to_owned(), command, last: Mutex::default() }),
                (None, None, None) => return Ok(None),
                _ => {
                    return Err(Error::usage(format!(
                        "the AWS profile `{name}` has half a key: `aws_access_key_id` and `aws_secret_access_key` belong together"
                    )));
                }
            };
        Ok(Some(Self { region: value("region"), endpoint: value("endpoint_url"), credentials }))
    }
}

/// A section's settings. Names of profiles count with their case, names of settings without.
fn section_of(text: &str, wanted: &str) -> Section {
    let mut ini = Ini::new_cs();
    ini.set_comment_symbols(&['#', ';']);
    ini.set_inline_comment_symbols(Some(&[]));
    let sections = ini.read(text.to_owned()).unwrap_or_default();
    let named = |name: &str| name.split_whitespace().eq(wanted.split_whitespace());
    let found = sections.into_iter().find(|(name, _)| named(name)).map(|(_, section)| section).unwrap_or_default();
    found.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect()
}

/// Credentials, and when they end, if they do.
type Lent = (Arc<AwsCredential>, Option<DateTime<Utc>>);

/// A command that hands credentials out.
#[derive(Debug)]
struct Process {
    profile: String,
    command: String,
    last: Mutex<Option<Lent>>,
}

/// What such a command prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<DateTime<Utc>>,
}

impl Process {
    /// Never says what the command printed.
    fn failed(&self, why: &str) -> object_store::Error {
        let why = format!("the `credential_process` of the AWS profile `{}` {why}", self.profile);
        object_store::Error::Generic { store: "S3", source: why.into() }
    }
}

#[async_trait]
impl CredentialProvider for Process {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut last = self.last.lock().await;
        if let Some((known, expiration)) = &*last
            && expiration.is_none_or(|end| end.timestamp_micros() - MARGIN > Clock::System.now())
        {
            return Ok(Arc::clone(known));
        }
        let command = self.command.clone();
        let ran = tokio::task::spawn_blocking(move || Command::new("sh").arg("-c").arg(command).output()).await;
        let output = ran.map_err(|_| self.failed("was given up"))?.map_err(|_| self.failed("cannot be started"))?;
        if !output.status.success() {
            return Err(self.failed(&format!("ended with {}", output.status)));
        }
        let printed: Printed = serde_json::from_slice(&output.stdout).map_err(|_| self.failed("printed no credentials"))?;
        if printed.version != 1 {
            return Err(self.failed(&format!("printed version {}, which is not known", printed.version)));
        }
        let Printed { access_key_id: key_id, secret_access_key: secret_key, session_token: token, expiration, .. } = printed;
        let found = Arc::new(AwsCredential { key_id, secret_key, token });
        *last = Some((Arc::clone(&found), expiration));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &std::path::Path, variables: &[(&str, &str)]) -> Result<Option<Profile>> {
        Profile::find(&|name| {
            let known = variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            known.or_else(|| (name == "HOME").then(|| folder.display().to_string()))
        })
    }

    fn home() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().join(".aws");
        std::fs::create_dir(&at).expect("a folder");
        let keys = "[default]\naws_access_key_id = one\naws_secret_access_key = a/b#c;d=\n\n[Night]\naws_access_key_id=two\naws_secret_access_key=x\naws_session_token = t\n[half]\naws_access_key_id=three\n";
        let settings = "# of all\n[default]\nregion = eu-central-1\n[profile Night]\nregion=us-east-1\nendpoint_url = http://127.0.0.1:9\n\n[profile made]\ncredential_process = cat \"$COUNT\" >/dev/null 2>&1; echo '{\"Version\": 1, \"AccessKeyId\": \"four\", \"SecretAccessKey\": \"y\", \"Expiration\": \"2999-01-01T00:00:00Z\"}'\n[profile broken]\ncredential_process = echo topsecret; exit 3\n[profile single]\nsso_session = x\n";
        std::fs::write(at.join("credentials"), keys).expect("written");
        std::fs::write(at.join("config"), settings).expect("written");
        folder
    }

    #[tokio::test]
    async fn profiles_have_keys_or_a_command_that_prints_them() {
        let home = home();
        let profile = found(home.path(), &[]).expect("read").expect("default has keys");
        let known = profile.credentials.get_credential().await.expect("keys");
        assert_eq!(
            (known.key_id.as_str(), known.secret_key.as_str(), profile.region.as_deref()),
            ("one", "a/b#c;d=", Some("eu-central-1"))
        );
        let profile = found(home.path(), &[("AWS_PROFILE", "Night")]).expect("read").expect("keys");
        let known = profile.credentials.get_credential().await.expect("keys");
        assert_eq!(
            (known.key_id.as_str(), known.token.as_deref(), profile.endpoint.as_deref()),
            ("two", Some("t"), Some("http://127.0.0.1:9"))
        );
        let profile = found(home.path(), &[("AWS_PROFILE", "made")]).expect("read").expect("a command");
        for _ in 0..2 {
            assert_eq!(profile.credentials.get_credential().await.expect("printed").key_id, "four");
        }
        let profile = found(home.path(), &[("AWS_PROFILE", "broken")]).expect("read").expect("a command");
        let error = profile.credentials.get_credential().await.expect_err("it fails").to_string();
        assert!(error.contains("`broken` ended with exit status: 3") && !error.contains("topsecret"), "{error}");
    }

    #[test]
    fn the_environment_goes_first_and_what_is_named_must_be_there() {
        let home = home();
        assert!(found(home.path(), &[("AWS_ACCESS_KEY_ID", "k"), ("AWS_PROFILE", "nobody")]).expect("read").is_none());
        assert!(found(home.path(), &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")]).expect("read").is_none());
        assert!(found(&home.path().join("elsewhere"), &[]).expect("read").is_none());
        for (name, said) in [("nobody", "no profile"), ("half", "half a key"), ("single", "export-credentials")] {
            let error = found(home.path(), &[("AWS_PROFILE", name)]).expect_err(name);
            assert!(format!("{error:#}").contains(said), "{error:#}");
        }
    }
}
