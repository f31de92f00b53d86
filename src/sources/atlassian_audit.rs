//! What the audit logs of Jira and Confluence have in common: the record of their Data Center editions, and how names of acts are read.
//!
//! Data Center names an act twice, by its text (in the server's language) and by a key that never changes; the key decides.

#[cfg(test)]
pub mod collected;
mod parts;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

pub use self::parts::{Part, Parts};
use super::lenient::{self, Str};
use super::{Receiver, Reject, address, time};
use crate::event::{Action, ActorClass, ChannelType, ClientClass, Event, Micros, Outcome, Surface, Text, When};

/// The entry of a table (sorted by name) of vendor action → action.
pub fn find(actions: &[(&str, Action)], name: &str) -> Option<Action> {
    let at = actions.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    actions.get(at).map(|(_, action)| *action)
}

/// The act that a name outside the table speaks of: both products build their names from the same few words.
pub fn by_wording(name: &str, category: Option<&str>) -> Action {
    let name = name.to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if speaks_of(&["permission", "restriction", "project role", "project.role", "granted", "revoked"]) {
        return Action::PermissionChanged;
    }
    if speaks_of(&["public link", "public_link", "public.link"]) {
        let taken_away = speaks_of(&["disabled", "removed", "deleted", "turned off", "deactivated"]);
        return if taken_away { Action::PermissionChanged } else { Action::LinkCreated };
    }
    if speaks_of(&["export"]) {
        return Action::Export;
    }
    if speaks_of(&["downloaded"]) {
        return Action::FileDownloaded;
    }
    if speaks_of(&["viewed"]) {
        return Action::FileViewed;
    }
    if speaks_of(&["search performed", "search.performed", "searched"]) {
        return Action::Search;
    }
    match category.map(str::to_ascii_lowercase).as_deref() {
        Some("permissions" | "group management") => Action::PermissionChanged,
        _ => Action::Other,
    }
}

/// Accounts and rights are identity, unless the right is one to a project, space, page or issue.
pub fn surface(action: Action, category: Option<&str>, in_channel: bool) -> Surface {
    let of_accounts = matches!(action, Action::PermissionChanged | Action::Login | Action::AppInstalled | Action::AppScopesChanged);
    let category = category.unwrap_or_default().to_ascii_lowercase();
    let of_people = ["user", "group", "auth", "security", "permission", "login"].iter().any(|word| category.contains(word));
    if !in_channel && (of_accounts || of_people) { Surface::Identity } else { Surface::Ticket }
}

/// The first member of a JSON list.
pub fn first_of(list: &str) -> Option<&str> {
    let members: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    members.first().map(|member| member.get())
}

/// A time as a string, a number or `{"epochSecond":…,"nano":…}`.
pub fn instant(raw: Option<&RawValue>) -> When {
    #[derive(Deserialize)]
    struct Instant {
        #[serde(rename = "epochSecond")]
        seconds: i64,
        #[serde(default)]
        nano: i64,
    }
    let Some(raw) = raw else { return When::Unsaid };
    let Some(Instant { seconds, nano }) = raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten() else {
        return lenient::when(raw.get());
    };
    match time::read(Some(&seconds.to_string())) {
        When::At(micros) if (0..1_000_000_000).contains(&nano) => When::At(micros + nano / 1_000),
        whole => whole,
    }
}

/// The client's address out of one address or a chain of them: the first that is not the machine itself.
pub fn client_ip(chain: &str) -> Option<Cow<'_, str>> {
    let addresses = || chain.split(',').filter_map(address::ip);
    addresses().find(|ip| !ip.starts_with("127.") && ip != "::1").or_else(|| addresses().next())
}

/// An id for a record that has none: what it says, hashed, so that it is the same on every page, in every file and in any order of keys.
pub fn id_of_content<'t>(prefix: &str, time: Option<Micros>, parts: impl IntoIterator<Item = Option<&'t str>>) -> Cow<'static, str> {
    let Some(micros) = time else { return Cow::Borrowed("") };
    let mut hash = Sha256::new();
    hash.update(micros.to_le_bytes());
    for part in parts {
        let text = part.unwrap_or_default();
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    let mut id = format!("{prefix}:audit:");
    for byte in hash.finalize().iter().take(16) {
        id.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or_default()));
    }
    Cow::Owned(id)
}

/// What kind of account `accountType` names. `atlassian` is everybody with a login, so it proves nothing.
pub fn account_class(account_type: &str) -> Option<ActorClass> {
    match account_type {
        "app" => Some(ActorClass::Service),
        "customer" => Some(ActorClass::Guest),
        _ => None,
    }
}

/// As much of a Data Center audit record as shows that it is one, and whose.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditHead<'a> {
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    author: Part<Author<'a>>,
    #[serde(borrow, default, rename = "type")]
    api_type: Part<AuditType<'a>>,
    #[serde(borrow, default)]
    audit_type: Part<AuditType<'a>>,
    #[serde(borrow, default)]
    affected_objects: Option<&'a RawValue>,
    #[serde(borrow, default)]
    system: Str<'a>,
}

/// A Data Center audit record, as the REST API (`type`) and the audit log file (`auditType`) give it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord<'a> {
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    author: Part<Author<'a>>,
    #[serde(borrow, default, rename = "type")]
    api_type: Part<AuditType<'a>>,
    #[serde(borrow, default)]
    audit_type: Part<AuditType<'a>>,
    #[serde(borrow, default)]
    affected_objects: Parts<Affected<'a>>,
    #[serde(borrow, default)]
    changed_values: Parts<Changed<'a>>,
    #[serde(borrow, default)]
    extra_attributes: Parts<Extra<'a>>,
    #[serde(borrow, default)]
    source: Str<'a>,
    #[serde(borrow, default)]
    system: Str<'a>,
    #[serde(borrow, default)]
    method: Str<'a>,
}

#[derive(Deserialize, Default)]
struct Author<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase")]
struct AuditType<'a> {
    #[serde(borrow, default)]
    action: Str<'a>,
    #[serde(borrow, default, rename = "actionI18nKey")]
    action_key: Str<'a>,
    #[serde(borrow, default)]
    category: Str<'a>,
    #[serde(borrow, default, rename = "categoryI18nKey")]
    category_key: Str<'a>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    uri: Str<'a>,
}

#[derive(Deserialize)]
struct Changed<'a> {
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    from: Str<'a>,
    #[serde(borrow, default)]
    to: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extra<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default, rename = "nameI18nKey")]
    name_key: Str<'a>,
    #[serde(borrow, default)]
    value: Str<'a>,
}

/// Fields that have columns; the rest becomes `attributes`.
const KNOWN: &[&str] = &["timestamp", "author", "source", "system", "version"];

/// Author ids that Atlassian's audit library writes for nobody and for the server itself.
const ANONYMOUS: &str = "-2";
const SYSTEM: &str = "-1";

/// The type that is given, whichever of its two names it has.
fn named_type<'a>(file: &Part<AuditType<'a>>, api: &Part<AuditType<'a>>) -> AuditType<'a> {
    let named = |kind: &Part<AuditType<'a>>| kind.0.clone().filter(|kind| kind.action.get().or(kind.action_key.get()).is_some());
    named(file).or_else(|| named(api)).unwrap_or_default()
}

impl AuditHead<'_> {
    /// Whether this is an audit record at all.
    pub fn is_one(&self) -> bool {
        let has_author = self.author.0.as_ref().is_some_and(|author| author.id.get().or(author.name.get()).is_some());
        let kind = named_type(&self.audit_type, &self.api_type);
        self.timestamp.is_some() && has_author && kind.action.get().or(kind.action_key.get()).is_some()
    }

    /// Whether Jira wrote it, as its keys show.
    pub fn is_jira(&self) -> bool {
        self.has_key(|key| key.starts_with("jira.") || key.starts_with("issuenav."))
    }

    /// Whether Confluence wrote it, as far as its keys, objects and address show.
    pub fn is_confluence(&self) -> bool {
        if self.is_jira() {
            return false;
        }
        let host_says = || {
            let system = self.system.get().unwrap_or_default().to_ascii_lowercase();
            system.contains("confluence") || system.contains("/wiki")
        };
        let objects_say = || {
            let objects =
                self.affected_objects.and_then(|raw| serde_json::from_str::<Parts<Affected<'_>>>(raw.get()).ok()).unwrap_or_default();
            objects.0.iter().any(|object| matches!(object.kind.get(), Some("Space" | "Page")))
        };
        self.has_key(|key| key.starts_with("audit.logging.") || key.contains("confluence")) || host_says() || objects_say()
    }

    fn has_key(&self, fits: impl Fn(&str) -> bool) -> bool {
        let types = [&self.audit_type, &self.api_type].into_iter().filter_map(|kind| kind.0.as_ref());
        types.flat_map(|kind| [kind.action_key.get(), kind.category_key.get()]).flatten().any(fits)
    }
}

impl<'a> AuditRecord<'a> {
    /// The record as one event; `json` is the text it was read from, `prefix` the source's name.
    pub fn normalize(&self, prefix: &str, json: &str, actions: &[(&str, Action)], out: &mut dyn Receiver) -> Result<(), Reject> {
        let kind = named_type(&self.audit_type, &self.api_type);
        let (key, wording) = (kind.action_key.get(), kind.action.get());
        let Some(name) = key.or(wording) else {
            return Err(Reject::bad("the audit record has no action"));
        };
        let category = kind.category.get();
        let action = find(actions, name)
            .or_else(|| wording.and_then(|wording| find(actions, wording)))
            .unwrap_or_else(|| by_wording(name, category));
        let event_time = instant(self.timestamp);
        let mut event = Event {
            event_id: self.id(prefix, event_time.at(), name),
            event_time,
            action,
            vendor_action: kind.action_key.text().or(kind.action.text()),
            src_ip: self.source.get().and_then(client_ip),
            workspace_id: self.system.get().and_then(address::domain).map(Cow::Owned),
            attributes: lenient::rest(json, KNOWN).map(Cow::Owned),
            ..Event::default()
        };
        if action == Action::Login && (name.contains("fail") || wording.is_some_and(|wording| wording.contains("fail"))) {
            event.outcome = Outcome::Failed;
        }
        self.add_author(&mut event);
        self.add_objects(&mut event);
        self.add_query(&mut event);
        let in_channel = event.channel_id.is_some() || event.channel_name.is_some() || event.message_id.is_some();
        event.surface = surface(action, category, in_channel);
        out.event(event);
        Ok(())
    }

    fn id(&self, prefix: &str, time: Option<Micros>, name: &str) -> Cow<'static, str> {
        let author = self.author.0.as_ref();
        let objects = &self.affected_objects.0;
        let changes = &self.changed_values.0;
        let extras = &self.extra_attributes.0;
        let who = [Some(name), author.and_then(|author| author.id.get()), author.and_then(|author| author.name.get()), self.source.get()];
        let parts = who
            .into_iter()
            .chain(objects.iter().flat_map(|object| [object.kind.get(), object.id.get(), object.name.get()]))
            .chain(changes.iter().flat_map(|change| [change.key.get(), change.from.get(), change.to.get()]))
            .chain(extras.iter().flat_map(|extra| [extra.name.get(), extra.value.get()]));
        id_of_content(prefix, time, parts)
    }

    fn add_author(&self, event: &mut Event<'a>) {
        let Some(author) = &self.author.0 else { return };
        event.actor_id = author.id.text().or(author.name.text());
        event.actor_name = author.name.text();
        event.actor_email = author.name.get().and_then(address::email).map(|email| Cow::Owned(email.into_owned()));
        if author.id.get() == Some(SYSTEM) || author.kind.get().is_some_and(|kind| kind.eq_ignore_ascii_case("system")) {
            event.actor_class = Some(ActorClass::System);
        }
        event.client_class = match self.method.get() {
            Some("Browser") => Some(ClientClass::Interactive),
            Some("REST" | "Rest" | "API" | "Api") => Some(ClientClass::Api),
            _ => None,
        };
    }

    fn add_objects(&self, event: &mut Event<'a>) {
        let anonymous = event.actor_id.as_deref() == Some(ANONYMOUS);
        for object in &self.affected_objects.0 {
            match object.kind.get().unwrap_or_default().to_ascii_lowercase().as_str() {
                "project" | "space" => {
                    event.channel_id = object.uri.get().and_then(space_key).map(Cow::Owned);
                    event.channel_name = object.name.text();
                    event.channel_type = Some(ChannelType::Site);
                }
                "page" | "blog" | "blogpost" | "blog post" | "comment" => {
                    event.message_id = object.id.text();
                    event.permalink = object.uri.text();
                    event.file_id = object.id.text();
                    event.file_name = object.name.text();
                }
                "issue" => {
                    event.channel_id = event.channel_id.take().or_else(|| object.name.text().and_then(project_of));
                    event.channel_type = Some(ChannelType::Site);
                    event.message_id = object.name.text();
                }
                "attachment" => {
                    event.file_id = object.id.text();
                    event.file_name = object.name.text();
                }
                "user" if event.action == Action::Login && anonymous => {
                    // Before the login succeeds the author is nobody; the account stands among the objects.
                    event.actor_id = object.id.text().or(object.name.text());
                    event.actor_name = object.name.text();
                }
                "user" => event.target_account = object.id.text().or(object.name.text()),
                kind if event.target.is_none() => {
                    event.target = object.name.text().or(object.id.text());
                    event.target_type = Some(Cow::Owned(kind.to_owned()));
                }
                _ => {}
            }
        }
        if event.target.is_none() && event.target_account.is_some() {
            event.target.clone_from(&event.target_account);
            event.target_type = Some(Cow::Borrowed("user"));
        }
        if event.channel_type.is_some() && event.channel_id.is_none() {
            let keys = ["Key", "Space", "Space key"];
            let mut changes = self.changed_values.0.iter();
            event.channel_id =
                changes.find(|change| change.key.get().is_some_and(|key| keys.contains(&key))).and_then(|change| change.to.text());
        }
    }

    /// Searches name what was searched for among the extra attributes.
    fn add_query(&self, event: &mut Event<'a>) {
        if event.action != Action::Search {
            return;
        }
        let is_query = |extra: &&Extra<'_>| {
            let names = [extra.name.get(), extra.name_key.get()];
            names.iter().flatten().any(|name| name.to_ascii_lowercase().contains("query"))
        };
        event.search_query = self.extra_attributes.0.iter().find(is_query).and_then(|extra| extra.value.text());
    }
}

/// The project of an issue key, `OPS` of `OPS-12`.
pub fn project_of(issue_key: Cow<'_, str>) -> Text<'_> {
    let number_follows =
        |(project, number): &(&str, &str)| !project.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty();
    match issue_key {
        Cow::Borrowed(key) => key.rsplit_once('-').filter(number_follows).map(|(project, _)| Cow::Borrowed(project)),
        Cow::Owned(key) => key.rsplit_once('-').filter(number_follows).map(|(project, _)| Cow::Owned(project.to_owned())),
    }
}

/// The space's key in an address like `https://…/display/KEY`, `…/spaces/KEY/…` or `…?key=KEY`.
pub fn space_key(uri: &str) -> Option<String> {
    let behind = |mark: &str| uri.split_once(mark).map(|(_, rest)| rest);
    let rest = behind("/display/").or_else(|| behind("/spaces/")).or_else(|| behind("key="))?;
    let key = rest.split(['/', '?', '&', '#']).next()?;
    (!key.is_empty()).then(|| key.to_owned())
}
