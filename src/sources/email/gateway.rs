//! Records about mails: Exchange's message trace, Proofpoint (message log, TAP), Mimecast, Graph messages, and any gateway that names
//! sender, recipients, subject, time and id in its own spelling. Keys are compared by their letters and digits alone.

use std::borrow::Cow;

use memchr::memmem;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::mailbox::{self, Mailbox};
use super::spelling::{Slot, slot};
use super::{add_recipient, message_id, outside};
use crate::event::{Action, Event, Micros, Outcome, Surface, Text, When};
use crate::sources::lenient::{List, Str};
use crate::sources::{Receiver, Reject, address, html, time};

/// Objects within objects that are followed for an address.
const DEPTH_MAX: usize = 4;

/// Arrays of records that gateways put around them, and whether what they hold was stopped.
const PAGES: &[(&str, bool)] = &[
    ("value", false),
    ("items", false),
    ("records", false),
    ("results", false),
    ("messages", false),
    ("data", false),
    ("messagesDelivered", false),
    ("messagesBlocked", true),
];

/// A record's members: what is known of the mail, and the rest.
#[derive(Default)]
struct Mail<'a> {
    from: Option<Mailbox<'a>>,
    sender: Option<Mailbox<'a>>,
    recipients: Vec<Cow<'a, str>>,
    of_one: bool,
    recipients_named: bool,
    sender_named: bool,
    subject: Text<'a>,
    text: Text<'a>,
    html: Text<'a>,
    message_id: Text<'a>,
    trace_id: Text<'a>,
    time: Option<(u8, Micros)>,
    /// Why there is none, where there is none.
    no_time: When,
    time_named: bool,
    ip: Text<'a>,
    country: Text<'a>,
    status: Text<'a>,
    delivered: Option<bool>,
    kind: Text<'a>,
    file_name: Text<'a>,
    file_size: Option<i64>,
    file_hash: Text<'a>,
    /// Members without a column, as they stood.
    rest: String,
}

impl<'a> Mail<'a> {
    /// Whether this is about a mail: somebody to somebody, with a subject or an id, at a time.
    fn is_mail(&self) -> bool {
        self.sender_named && self.recipients_named && (self.message_id.is_some() || (self.subject.is_some() && self.time_named))
    }

    fn keep(&mut self, key: &str, json: &str) {
        if matches!(json, "null" | "\"\"" | "[]" | "{}") {
            return;
        }
        self.rest.push(if self.rest.is_empty() { '{' } else { ',' });
        if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.rest.push('"');
            self.rest.push_str(key);
            self.rest.push('"');
        } else {
            self.rest.push_str(&serde_json::to_string(key).unwrap_or_default());
        }
        self.rest.push(':');
        self.rest.push_str(json);
    }

    /// Takes one member of the record.
    fn member(&mut self, key: &str, json: &'a str) {
        let Some(slot) = slot(key) else { return self.nested(key, json) };
        let text = || text_of(json);
        match slot {
            Slot::From | Slot::Sender => {
                self.sender_named = true;
                let mailbox = mailboxes(json).into_iter().next();
                let place = if slot == Slot::From { &mut self.from } else { &mut self.sender };
                // A header's display form says more than a bare address.
                if place.is_none() || mailbox.as_ref().is_some_and(|one| one.name.is_some()) {
                    *place = mailbox.or(place.take());
                }
            }
            Slot::Recipients | Slot::Recipient => {
                self.recipients_named = true;
                self.of_one |= slot == Slot::Recipient;
                mailboxes(json).into_iter().for_each(|one| add_recipient(&mut self.recipients, one.address));
            }
            Slot::Subject => self.subject = self.subject.take().or_else(text),
            Slot::Text => self.body(json),
            Slot::Html => self.html = self.html.take().or_else(text),
            Slot::MessageId => self.message_id = self.message_id.take().or_else(text),
            Slot::TraceId => self.trace_id = self.trace_id.take().or_else(text),
            Slot::Time(rank) => {
                self.time_named = true;
                match text().map_or_else(|| serde_json::from_str(json).unwrap_or_default(), |text| time::read(Some(&text))) {
                    When::At(time) => self.time = [self.time, Some((rank, time))].into_iter().flatten().min(),
                    other => self.no_time = self.no_time.or(other),
                }
            }
            Slot::Ip => {
                let ip = text().and_then(|text| address::ip(&text).map(|ip| Cow::Owned(ip.into_owned())));
                self.ip = self.ip.take().or(ip);
            }
            Slot::Country => self.country = self.country.take().or_else(text),
            Slot::Status => {
                self.status = self.status.take().or_else(text);
                self.keep(key, json);
            }
            Slot::Delivered => {
                self.delivered = Str(text()).bool();
                self.keep(key, json);
            }
            Slot::Kind => self.kind = self.kind.take().or_else(text),
            Slot::Attachments => self.files(key, json),
            Slot::AttachmentName => {
                self.file_name = self.file_name.take().or_else(text);
                self.keep(key, json);
            }
        }
    }

    /// A member that is no field of the mail, but may hold some: Proofpoint's envelope, message, connection and filter.
    fn nested(&mut self, key: &str, json: &'a str) {
        let inner: &[&str] = match key {
            "envelope" => &["from", "rcpts"],
            "msg" => &["header"],
            "header" if self.recipients_named || self.sender_named => &["from", "to", "cc", "subject", "message-id"],
            "connection" => &["ip", "country"],
            "filter" => &["disposition"],
            _ => return self.keep(key, json),
        };
        let Some(members) = members(json) else { return self.keep(key, json) };
        for (name, raw) in members {
            match (key, name.as_ref()) {
                ("envelope", "from") => self.member("sender", raw.get()),
                ("envelope", "rcpts") => self.member("recipients", raw.get()),
                ("msg", "header") => self.header(raw.get()),
                (_, name) if inner.contains(&name) => self.member(name, raw.get()),
                _ => {}
            }
        }
        if matches!(key, "filter" | "connection") {
            self.keep(key, json);
        }
    }

    fn header(&mut self, json: &'a str) {
        for (name, raw) in members(json).unwrap_or_default() {
            if matches!(name.as_ref(), "from" | "to" | "cc" | "subject" | "message-id") {
                self.member(&name, raw.get());
            }
        }
    }

    /// A body as text, or as Graph's `{contentType, content}`.
    fn body(&mut self, json: &'a str) {
        let Some(members) = members(json) else {
            self.text = self.text.take().or_else(|| texts(json, 0).into_iter().next());
            return;
        };
        let find =
            |name: &str| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, raw)| texts(raw.get(), 0).pop());
        let content = find("content");
        if find("contentType").is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
            self.html = content;
        } else {
            self.text = content;
        }
    }

    /// The attachments: the first is the event's file; parts of the message that are its text are none.
    fn files(&mut self, key: &str, json: &'a str) {
        let list: Vec<&'a RawValue> = serde_json::from_str::<&RawValue>(json).map(|raw| List(Some(raw)).items()).unwrap_or_default();
        for raw in list {
            let Some(members) = members(raw.get()) else {
                self.file_name = self.file_name.take().or_else(|| texts(raw.get(), 0).into_iter().next());
                continue;
            };
            let find = |names: &[&str]| {
                let named = |name: &&str| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                names.iter().find_map(|name| texts(named(name)?.1.get(), 0).into_iter().next())
            };
            let is_body = find(&["disposition"]).is_some_and(|disposition| disposition.eq_ignore_ascii_case("inline"));
            if is_body || self.file_name.is_some() {
                continue;
            }
            self.file_name = find(&["name", "fileName", "file_name", "labeledName", "detectedName"]);
            self.file_size = Str(find(&["size", "fileSize", "sizeDecodedBytes", "detectedSizeBytes"])).int().filter(|size| *size >= 0);
            self.file_hash = find(&["sha256", "sha1", "md5"]);
        }
        if !json.contains("dataBase64") {
            self.keep(key, json);
        }
    }

    fn event(self, stopped: bool) -> Event<'a> {
        let actor = self.from.or(self.sender);
        let sender = actor.as_ref().map(|actor| actor.address.as_ref());
        let (domain, account) = outside(sender, &self.recipients);
        let own = |text: Option<&str>| text.map(|text| Cow::Owned(text.to_owned()));
        let (target_domain, target_account) = (own(domain), own(account));
        let id = self.message_id.as_deref().and_then(message_id);
        let stage = self.kind.as_deref().filter(|kind| is_stage(kind));
        let mut event_id = id.or(self.trace_id.as_deref()).map(|id| format!("email:{id}")).unwrap_or_default();
        if !event_id.is_empty() {
            let one = self.recipients.first().filter(|_| self.of_one && self.recipients.len() == 1);
            for part in [one.map(Cow::as_ref), stage].into_iter().flatten() {
                event_id.push(':');
                event_id.push_str(part);
            }
        }
        let outcome = if stopped { Outcome::Blocked } else { outcome(self.status.as_deref(), self.delivered) };
        let text = text(self.subject.as_deref(), self.text.as_deref(), self.html.as_deref());
        let attributes = (!self.rest.is_empty()).then(|| Cow::Owned(self.rest + "}"));
        let message_id = id.map(|id| Cow::Owned(id.to_owned()));
        Event {
            event_id: Cow::Owned(event_id),
            event_time: self.time.map_or(self.no_time, |(_, time)| When::At(time)),
            surface: Surface::Email,
            action: if stage.is_some() { Action::Other } else { Action::EmailSent },
            outcome,
            actor_id: actor.as_ref().map(|actor| actor.address.clone()),
            actor_email: actor.as_ref().map(|actor| actor.address.clone()),
            actor_name: actor.and_then(|actor| actor.name),
            src_ip: self.ip,
            country: self.country.filter(|country| country.as_ref() != "**"),
            text,
            message_id,
            batch_id: self.trace_id,
            file_type: self.file_name.as_deref().and_then(address::extension).map(|e| Cow::Owned(e.to_ascii_lowercase())),
            file_name: self.file_name,
            file_size: self.file_size,
            file_hash: self.file_hash,
            recipients: self.recipients,
            target_domain,
            target_account,
            vendor_action: self.kind.or(self.status),
            attributes,
            ..Event::default()
        }
    }
}

/// Whether a gateway's event is a stage before the delivery or something it noticed on the way, rather than the sending.
fn is_stage(kind: &str) -> bool {
    const STAGES: [&str; 6] = ["receipt", "process", "journal", "protect", "spam", "av"];
    STAGES.iter().any(|stage| kind.eq_ignore_ascii_case(stage) || (stage.len() > 4 && kind.to_ascii_lowercase().ends_with(stage)))
}

/// What the status says, in the words of Exchange, Defender, Mimecast and Proofpoint.
fn outcome(status: Option<&str>, delivered: Option<bool>) -> Outcome {
    const BLOCKED: [&str; 10] = ["block", "quarantin", "reject", "held", "hold", "hld", "discard", "filteredasspam", "denied", "drop"];
    const FAILED: [&str; 5] = ["fail", "bounce", "undeliver", "expired", "error"];
    let status = status.unwrap_or_default().to_ascii_lowercase();
    if BLOCKED.iter().any(|word| status.contains(word)) {
        Outcome::Blocked
    } else if FAILED.iter().any(|word| status.contains(word)) || delivered == Some(false) {
        Outcome::Failed
    } else {
        Outcome::Success
    }
}

fn text<'a>(subject: Option<&str>, text: Option<&str>, markup: Option<&str>) -> Text<'a> {
    let body = text.map(Cow::Borrowed).or_else(|| markup.map(|markup| Cow::Owned(html::to_text(markup))));
    match (subject, body) {
        (None, None) => None,
        (subject, None) => subject.map(|subject| Cow::Owned(subject.to_owned())),
        (subject, Some(body)) => Some(Cow::Owned(format!("{}\n{}", subject.unwrap_or_default(), body.trim_end()))),
    }
}

/// The members of a JSON object, or `None` if it is none.
fn members(json: &str) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((Str(key), value)) = map.next_entry::<Str<'de>, &'de RawValue>()? {
                members.push((key.unwrap_or_default(), value));
            }
            Ok(members)
        }
    }
    if !json.starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Members).ok()
}

/// The first text of a value.
fn text_of(json: &str) -> Text<'_> {
    plain(json).map_or_else(|| texts(json, 0).into_iter().next(), |text| (!text.is_empty()).then_some(Cow::Borrowed(text)))
}

/// A JSON string without escapes, which is its own text.
fn plain(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
}

/// The texts in a string, a list of strings, or an object with an address in it.
fn texts(json: &str, depth: usize) -> Vec<Cow<'_, str>> {
    if depth > DEPTH_MAX {
        return Vec::new();
    }
    if json.starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
        return list.into_iter().flat_map(|raw| texts(raw.get(), depth + 1)).collect();
    }
    if json.starts_with('{') {
        let members = members(json).unwrap_or_default();
        let held = |name: &str| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, raw)| *raw);
        if let Some(raw) = held("emailAddress") {
            return texts(raw.get(), depth + 1);
        }
        let text = |name: &str| held(name).and_then(|raw| serde_json::from_str::<Str<'_>>(raw.get()).ok()).and_then(|text| text.0);
        return match (text("address").or_else(|| text("email")), text("name")) {
            (Some(address), Some(name)) => vec![Cow::Owned(format!("\"{}\" <{address}>", name.replace('"', "")))],
            (Some(address), None) => vec![address],
            _ => Vec::new(),
        };
    }
    serde_json::from_str::<Str<'_>>(json).ok().and_then(|text| text.0).into_iter().collect()
}

fn mailboxes(json: &str) -> Vec<Mailbox<'_>> {
    let own = |one: Mailbox<'_>| Mailbox {
        name: one.name.map(|name| Cow::Owned(name.into_owned())),
        address: Cow::Owned(one.address.into_owned()),
    };
    let read = |text| match text {
        Cow::Borrowed(text) => mailbox::parse(text),
        Cow::Owned(text) => mailbox::parse(&text).into_iter().map(own).collect(),
    };
    if let Some(text) = plain(json) {
        return mailbox::parse(text);
    }
    texts(json, 0).into_iter().flat_map(read).collect()
}

fn read(json: &str) -> Option<Mail<'_>> {
    let mut mail = Mail::default();
    for (key, raw) in members(json.trim())? {
        mail.member(&key, raw.get());
    }
    Some(mail)
}

/// The pages of records in a document, and whether what they hold was stopped.
fn pages(json: &str) -> Vec<(Vec<&RawValue>, bool)> {
    let members = members(json.trim()).unwrap_or_default();
    let page = |(name, stopped): &(&str, bool)| {
        let (_, raw) = members.iter().find(|(known, _)| known == name)?;
        raw.get().starts_with('[').then(|| (List(Some(*raw)).items::<&RawValue>(), *stopped))
    };
    PAGES.iter().filter_map(page).collect()
}

/// Whether an object is about a mail, by its keys alone where that is enough.
fn is_mail(json: &str) -> bool {
    let Some(members) = members(json.trim()) else { return false };
    let mut seen = [false; 5];
    for (key, raw) in &members {
        let place = match slot(key) {
            Some(Slot::From | Slot::Sender) => 0,
            Some(Slot::Recipients | Slot::Recipient) => 1,
            Some(Slot::MessageId) if !matches!(raw.get(), "null" | "\"\"") => 2,
            Some(Slot::Subject) if !matches!(raw.get(), "null" | "\"\"") => 3,
            Some(Slot::Time(_)) => 4,
            _ => continue,
        };
        seen[place] = true;
    }
    let [sender, recipients, message_id, subject, time] = seen;
    let nested = |name: &str| members.iter().any(|(key, _)| key == name);
    (sender && recipients && (message_id || (subject && time)))
        || (nested("envelope") && nested("msg") && read(json).is_some_and(|mail| mail.is_mail()))
}

pub(super) fn recognises(json: &str) -> bool {
    // Nothing about mails is without an @ and a word for its subject or id.
    let has = |part: &str| memmem::find(json.as_bytes(), part.as_bytes()).is_some();
    if !(has("@") && (has("ubject") || has("essageI") || has("essage_id") || has("essage-id") || has("MsgId"))) {
        return false;
    }
    is_mail(json) || pages(json).iter().any(|(page, _)| page.first().is_some_and(|raw| is_mail(raw.get())))
}

pub(super) fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mail = match read(json) {
        Some(mail) => mail,
        None => {
            serde_json::from_str::<&RawValue>(json)?;
            return Err(Reject::NotThisSource);
        }
    };
    if mail.is_mail() {
        out.event(mail.event(false));
        return Ok(());
    }
    let pages = pages(json);
    let records = || pages.iter().flat_map(|(page, stopped)| page.iter().map(|raw| (raw.get(), *stopped)));
    if records().next().is_none() {
        return Err(if pages.is_empty() { Reject::NotThisSource } else { Reject::Nothing });
    }
    if !records().any(|(json, _)| read(json).is_some_and(|mail| mail.is_mail())) {
        return Err(Reject::NotThisSource);
    }
    for (json, stopped) in records() {
        match read(json).filter(Mail::is_mail) {
            Some(mail) => out.event(mail.event(stopped)),
            None => out.reject(Reject::bad("the record has no sender, no recipient, or neither a subject nor a message id")),
        }
    }
    Ok(())
}

/// Whether a CSV export has the columns of a list of mails.
pub(super) fn recognises_columns(header: &csv::StringRecord) -> bool {
    let slots: Vec<Slot> = header.iter().filter_map(slot).collect();
    let any = |wanted: &[Slot]| wanted.iter().any(|slot| slots.contains(slot));
    any(&[Slot::From, Slot::Sender]) && any(&[Slot::Recipients, Slot::Recipient]) && any(&[Slot::MessageId])
}

pub(super) fn normalize_row(header: &csv::StringRecord, row: &csv::StringRecord, out: &mut dyn Receiver) -> Result<(), Reject> {
    let texts: Vec<(&str, String)> =
        header.iter().zip(row).map(|(key, text)| (key, serde_json::to_string(text).unwrap_or_default())).collect();
    let mut mail = Mail::default();
    for (key, json) in &texts {
        mail.member(key, json);
    }
    if !mail.is_mail() {
        return Err(Reject::NotThisSource);
    }
    out.event(mail.event(false));
    Ok(())
}
