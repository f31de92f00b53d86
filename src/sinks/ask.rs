//! One HTTP request, and what its answer means. Redirects are not followed: the body would go where nobody said.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, StatusCode, Url};

use super::{Failure, FailureKind, secret, tls};
use crate::config::sinks;
use crate::error::{Error, Result};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait that a `Retry-After` is granted: a day in the far future is a mistake.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Where to ask, and as whom.
pub struct Ask {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
}

impl std::fmt::Debug for Ask {
    /// The address and the header may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask").finish_non_exhaustive()
    }
}

impl Ask {
    /// Reads the address and the `Authorization` header.
    ///
    /// # Errors
    /// `Usage` for an address that is none or would send secrets in clear, and for what cannot be read.
    pub fn open(settings: &sinks::Sink, environment: &dyn Fn(&str) -> Option<String>, timeout: Duration) -> Result<Self> {
        let authorization = secret(settings.authorization_env.as_ref(), environment)?;
        Self::with(settings, environment, timeout, authorization)
    }

    /// The same with a header that is made otherwise.
    pub fn with(
        settings: &sinks::Sink,
        environment: &dyn Fn(&str) -> Option<String>,
        timeout: Duration,
        authorization: Option<String>,
    ) -> Result<Self> {
        let url = match &settings.url {
            Some(url) => url.clone(),
            None => secret(settings.url_env.as_ref(), environment)?.unwrap_or_default(),
        };
        let url = Url::parse(&url).map_err(|e| Error::usage("the address is no URL").caused_by(e))?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match url.scheme() {
            "https" => {}
            "http" if local || settings.allow_http == Some(true) => {}
            "http" => return Err(Error::usage("the address is plain HTTP: use https, or say `allow_http = true`")),
            _ => return Err(Error::usage("the address begins with https:// or http://")),
        }
        let mut builder = Client::builder()
            .user_agent(concat!("bittern/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout));
        // A proxy of the environment is for the world outside.
        if local {
            builder = builder.no_proxy();
        }
        if let Some(path) = &settings.ca_file {
            let unread = |what: &str| Error::usage(format!("{what} `{}`", path.display()));
            let pem = std::fs::read(path).map_err(|e| unread("cannot read the certificates in").caused_by(e))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|e| unread("these are no PEM certificates:").caused_by(e))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|e| Error::usage("the HTTP client cannot be made").caused_by(e.without_url()))?;
        let header = |text: String| {
            HeaderValue::from_str(&text)
                .map(|mut value| {
                    value.set_sensitive(true);
                    value
                })
                .map_err(|_| Error::usage("the secret for the `Authorization` header has characters that no header has"))
        };
        Ok(Self { client, url, authorization: authorization.map(header).transpose()? })
    }

    /// Posts a body. Only 2xx is an arrival.
    pub async fn post(&self, body: Vec<u8>, headers: &[(&'static str, String)]) -> std::result::Result<(), Failure> {
        self.post_expecting(body, headers, |status| status.is_success()).await
    }

    /// Posts a body; `arrived` says which answers count as an arrival.
    pub async fn post_expecting(
        &self,
        body: Vec<u8>,
        headers: &[(&'static str, String)],
        arrived: fn(StatusCode) -> bool,
    ) -> std::result::Result<(), Failure> {
        let mut request = self.client.post(self.url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), value.as_str());
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(reqwest::header::AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await.map_err(|e| unreached(&e))?;
        let status = response.status();
        if arrived(status) {
            // Only after the whole answer is there may the connection serve again; what it says does not matter.
            return response.bytes().await.map(drop).map_err(|e| unreached(&e));
        }
        let retry_after = retry_after(response.headers()).map(|wait| wait.min(RETRY_AFTER_MAX));
        Err(Failure { kind: meaning(status), message: format!("the sink answered {}", status.as_u16()), retry_after })
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a time, which is counted from the answer's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    (time(asked)? - time(text(DATE)?)?).to_std().ok()
}

/// What an answer says about trying again.
fn meaning(status: StatusCode) -> FailureKind {
    match status.as_u16() {
        // A wrong address or secret is the installation's fault, not the message's.
        300..=399 | 401 | 403 | 404 | 405 | 407 | 408 | 421 | 425 | 429 | 502 | 503 | 504 => FailureKind::Unavailable,
        400..=499 => FailureKind::Refused,
        _ => FailureKind::Broken,
    }
}

/// An error without its address.
fn unreached(error: &reqwest::Error) -> Failure {
    let what = if let Some(what) = tls::told(error) {
        what
    } else if error.is_timeout() {
        "the sink did not answer in time"
    } else if error.is_connect() {
        "no connection to the sink"
    } else {
        "the connection to the sink broke"
    };
    Failure::unavailable(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_to_the_world_is_refused() {
        let none = |_: &str| None;
        let open = |url: &str| {
            let settings = sinks::Sink { url: Some(url.into()), ..sinks::Sink::default() };
            Ask::open(&settings, &none, Duration::from_secs(1)).map(drop).map_err(|e| format!("{e:#}"))
        };
        assert!(open("http://siem.example.com/x").is_err_and(|e| e.contains("allow_http")));
        assert!(open("ftp://siem.example.com/x").is_err());
        assert!(open("siem").is_err_and(|e| e.contains("no URL")));
        let settings = sinks::Sink { url_env: Some("NOT_SET".into()), ..sinks::Sink::default() };
        let error = Ask::open(&settings, &none, Duration::from_secs(1)).map(drop).map_err(|e| format!("{e:#}"));
        assert!(error.is_err_and(|e| e.contains("`NOT_SET` is not set")));
    }

    #[test]
    fn a_sink_may_ask_for_seconds_or_for_a_time() {
        let asked = |after: &'static str, date: &'static str| {
            let pairs = [(RETRY_AFTER, after), (DATE, date)].map(|(name, value)| (name, HeaderValue::from_static(value)));
            retry_after(&HeaderMap::from_iter(pairs))
        };
        let date = "Fri, 06 Mar 2026 08:00:00 GMT";
        assert_eq!(asked("120", date), Some(Duration::from_secs(120)));
        assert_eq!(asked("Fri, 06 Mar 2026 08:01:30 GMT", date), Some(Duration::from_secs(90)));
        assert_eq!(asked("Fri, 06 Mar 2026 07:00:00 GMT", date), None, "that is over");
        assert_eq!(asked("soon", date), None);
    }

    #[test]
    fn an_answer_says_whose_fault_it_is() {
        use FailureKind::{Broken, Refused, Unavailable};
        let cases =
            [(302, Unavailable), (401, Unavailable), (429, Unavailable), (503, Unavailable), (400, Refused), (413, Refused), (500, Broken)];
        for (status, expected) in cases {
            assert_eq!(meaning(StatusCode::from_u16(status).expect("a status")), expected, "{status}");
        }
    }
}
