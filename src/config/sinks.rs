//! The sections `[[sinks]]`: where changes of alerts are told. Secrets stand in the environment, here only the names of its variables.

use serde::Deserialize;

/// Severities from the least to the gravest, as `severity_min` names them.
pub const SEVERITIES: [&str; 4] = ["informational", "low", "medium", "high"];

/// What is spoken at a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SinkKind {
    /// OCSF Detection Findings as JSON lines, one file a day.
    OcsfFile,
    /// OCSF Detection Findings as JSON lines over HTTP.
    OcsfHttp,
    /// One signed JSON object a change.
    Webhook,
    /// Splunk's HTTP Event Collector.
    SplunkHec,
    /// RFC 5424 with CEF in it.
    Syslog,
    /// A message to the person who posted a credential, through a chat bot.
    Coach,
}

impl SinkKind {
    /// Its name in `bittern.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OcsfFile => "ocsf_file",
            Self::OcsfHttp => "ocsf_http",
            Self::Webhook => "webhook",
            Self::SplunkHec => "splunk_hec",
            Self::Syslog => "syslog",
            Self::Coach => "coach",
        }
    }

    /// Settings that it needs; of `a|b` exactly one.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::OcsfFile => &["folder"],
            Self::OcsfHttp => &["url|url_env"],
            Self::Webhook | Self::Coach => &["url|url_env", "secret_env"],
            Self::SplunkHec => &["url|url_env", "token_env"],
            Self::Syslog => &["address"],
        }
    }

    /// Settings that it may have besides those of every sink.
    fn may_have(self) -> &'static [&'static str] {
        match self {
            Self::OcsfFile => &["batch_max"],
            Self::OcsfHttp => &["authorization_env", "ca_file", "allow_http", "batch_max"],
            Self::Webhook => &["authorization_env", "ca_file", "allow_http", "format"],
            Self::Coach => &["authorization_env", "ca_file", "allow_http", "within_days"],
            Self::SplunkHec => &["ca_file", "allow_http", "format", "index", "sourcetype", "host", "batch_max"],
            Self::Syslog => &["transport", "ca_file", "facility", "host", "message_bytes_max", "wait_for_close", "batch_max"],
        }
    }
}

/// How a change is written where a sink leaves the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Our own flat object.
    #[default]
    Bittern,
    /// An OCSF Detection Finding.
    Ocsf,
}

/// What carries syslog messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// RFC 6587 with octet counting.
    #[default]
    Tcp,
    /// The same within TLS (RFC 5425).
    Tls,
    /// One datagram a message (RFC 5426); nobody acknowledges it.
    Udp,
}

/// One `[[sinks]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sink {
    /// Its name in `deliveries`: lower-case letters, digits, `_` and `-`. Another name is another sink, told everything anew.
    pub name: String,
    /// What is spoken there.
    pub kind: Option<SinkKind>,
    /// Only alerts at least this grave: `informational`, `low`, `medium` or `high`.
    pub severity_min: Option<String>,
    /// Only these detections; `*` at the end stands for anything. Empty: every detection that does not say `deliver = false`.
    pub detections: Vec<String>,
    /// Only alerts about people of these groups. Empty: every group.
    pub groups: Vec<String>,
    /// Only what was told on or after this day (UTC).
    pub since: Option<String>,
    /// Whether names and addresses stand beside pseudonyms; default: `names` of the whole file.
    pub names: Option<bool>,
    /// Seconds until a request counts as lost; default 30.
    pub timeout_secs: Option<u64>,
    /// Refusals of one change until it is a dead letter; default 10.
    pub attempts_max: Option<u32>,
    /// Changes of one request; default 100.
    pub batch_max: Option<usize>,
    /// Where to send.
    pub url: Option<String>,
    /// The variable that holds the address, where the address itself is a secret.
    pub url_env: Option<String>,
    /// The variable that holds the whole `Authorization` header (`Bearer ...`, `ApiKey ...`).
    pub authorization_env: Option<String>,
    /// The variable that holds the collector's token.
    pub token_env: Option<String>,
    /// The variable that holds the key of signatures.
    pub secret_env: Option<String>,
    /// Certificates (PEM) to trust besides the system's.
    pub ca_file: Option<std::path::PathBuf>,
    /// Whether plain HTTP is allowed to other hosts than this one.
    pub allow_http: Option<bool>,
    /// `bittern` or `ocsf`.
    pub format: Option<Format>,
    /// Splunk's index.
    pub index: Option<String>,
    /// Splunk's source type; default `bittern:alert`.
    pub sourcetype: Option<String>,
    /// The host that messages name as theirs.
    pub host: Option<String>,
    /// The folder of the daily files.
    pub folder: Option<std::path::PathBuf>,
    /// `host:port` of the syslog server.
    pub address: Option<String>,
    /// `tcp`, `tls` or `udp`; default `tcp`.
    pub transport: Option<Transport>,
    /// Syslog facility, 0 to 23; default 13, log audit.
    pub facility: Option<u8>,
    /// Bytes a syslog message may have; default 8192, over UDP 2048.
    pub message_bytes_max: Option<usize>,
    /// Whether a server must close the connection after us before a message counts as delivered; default true.
    pub wait_for_close: Option<bool>,
    /// How old a posting may be for its poster to be told; default 7.
    pub within_days: Option<u32>,
}

impl Sink {
    /// What is wrong with it, in one line.
    pub fn problem(&self) -> Option<String> {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(named) {
            return Some("a sink needs a `name` of lower-case letters, digits, `_` and `-`".into());
        }
        let name = &self.name;
        let Some(kind) = self.kind else {
            return Some(format!("sink `{name}` needs a `kind`: ocsf_file, ocsf_http, webhook, splunk_hec, syslog or coach"));
        };
        let set = self.own();
        let has = |wanted: &str| set.iter().any(|(key, given)| *key == wanted && *given);
        for needed in kind.needs() {
            let given = needed.split('|').filter(|key| has(key)).count();
            if given != 1 {
                let keys = needed.replace('|', "` or `");
                return Some(format!(
                    "sink `{name}` of kind `{}` needs `{keys}`{}",
                    kind.as_str(),
                    if given > 1 { ", not both" } else { "" }
                ));
            }
        }
        let known = |key: &str| kind.may_have().contains(&key) || kind.needs().iter().any(|needed| needed.split('|').any(|n| n == key));
        if let Some((key, _)) = set.iter().find(|(key, given)| *given && !known(key)) {
            return Some(format!("sink `{name}` of kind `{}` has no setting `{key}`", kind.as_str()));
        }
        self.wrong_value().map(|what| format!("sink `{name}`: {what}"))
    }

    fn wrong_value(&self) -> Option<String> {
        if self.severity_min.as_ref().is_some_and(|severity| !SEVERITIES.contains(&severity.as_str())) {
            return Some(format!("`severity_min` is one of {}", SEVERITIES.join(", ")));
        }
        if self.facility.is_some_and(|facility| facility > 23) {
            return Some("`facility` is a number from 0 to 23".into());
        }
        if self.batch_max == Some(0) || self.attempts_max == Some(0) || self.timeout_secs == Some(0) {
            return Some("`batch_max`, `attempts_max` and `timeout_secs` are at least 1".into());
        }
        if self.message_bytes_max.is_some_and(|bytes| !(480..=65_000).contains(&bytes)) {
            return Some("`message_bytes_max` lies between 480 (what every receiver takes) and 65000".into());
        }
        if self.since.as_ref().is_some_and(|day| chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err()) {
            return Some("`since` is a day like \"2026-03-02\"".into());
        }
        if self.address.as_ref().is_some_and(|address| address.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err())) {
            return Some("`address` is host:port".into());
        }
        if self.ca_file.is_some() && self.transport.is_some_and(|transport| transport != Transport::Tls) {
            return Some("`ca_file` is for transport `tls`".into());
        }
        None
    }

    /// Settings that only some kinds have, and whether they are given.
    fn own(&self) -> [(&'static str, bool); 20] {
        [
            ("url", self.url.is_some()),
            ("url_env", self.url_env.is_some()),
            ("authorization_env", self.authorization_env.is_some()),
            ("token_env", self.token_env.is_some()),
            ("secret_env", self.secret_env.is_some()),
            ("ca_file", self.ca_file.is_some()),
            ("allow_http", self.allow_http.is_some()),
            ("format", self.format.is_some()),
            ("index", self.index.is_some()),
            ("sourcetype", self.sourcetype.is_some()),
            ("host", self.host.is_some()),
            ("folder", self.folder.is_some()),
            ("address", self.address.is_some()),
            ("transport", self.transport.is_some()),
            ("facility", self.facility.is_some()),
            ("message_bytes_max", self.message_bytes_max.is_some()),
            ("wait_for_close", self.wait_for_close.is_some()),
            ("within_days", self.within_days.is_some()),
            ("batch_max", self.batch_max.is_some()),
            ("kind", false),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Sink;

    #[test]
    fn what_is_wrong_with_a_sink_is_said() {
        let cases = [
            ("name = \"A b\"", Some("a sink needs a `name`")),
            ("name = \"a\"", Some("sink `a` needs a `kind`")),
            ("name = \"a\"\nkind = \"webhook\"\nurl = \"https://example.com\"", Some("needs `secret_env`")),
            ("name = \"a\"\nkind = \"ocsf_http\"", Some("needs `url` or `url_env`")),
            ("name = \"a\"\nkind = \"ocsf_http\"\nurl = \"https://example.com\"\nurl_env = \"U\"", Some("not both")),
            ("name = \"a\"\nkind = \"ocsf_file\"\nfolder = \"f\"\nindex = \"i\"", Some("has no setting `index`")),
            ("name = \"a\"\nkind = \"syslog\"\naddress = \"logs\"", Some("`address` is host:port")),
            ("name = \"a\"\nkind = \"syslog\"\naddress = \"logs:6514\"\nfacility = 24", Some("`facility`")),
            ("name = \"a\"\nkind = \"ocsf_file\"\nfolder = \"f\"\nseverity_min = \"grave\"", Some("`severity_min`")),
            ("name = \"a\"\nkind = \"ocsf_file\"\nfolder = \"f\"\nsince = \"yesterday\"", Some("`since`")),
            ("name = \"a\"\nkind = \"ocsf_file\"\nfolder = \"f\"\nseverity_min = \"low\"", None),
        ];
        for (text, expected) in cases {
            let sink: Sink = toml::from_str(text).expect(text);
            match (sink.problem(), expected) {
                (None, None) => {}
                (Some(found), Some(part)) => assert!(found.contains(part), "{text}: {found}"),
                (found, _) => assert_eq!(found.as_deref(), expected, "{text}"),
            }
        }
    }
}
