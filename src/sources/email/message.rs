//! One RFC 5322 message.

use std::borrow::Cow;

use mail_parser::{Address, HeaderValue, Host, Message, MessageParser, MimeHeaders as _, PartType, Received};

use super::{add_recipient, message_id, outside};
use crate::event::{Action, ActorClass, Event, Surface, Text, When};
use crate::sources::{Receiver, Reject, address, html, time};

/// Attachments that are named in `attributes`; more are only counted.
const ATTACHMENTS_MAX: usize = 100;

pub(super) fn normalize(bytes: &[u8], out: &mut dyn Receiver) -> Result<(), Reject> {
    let parsed = MessageParser::default().parse(bytes).ok_or_else(|| Reject::bad("this is no mail"))?;
    // A journal's report carries the message that it is about.
    let journal = parsed.header("X-MS-Journal-Report").is_some();
    let inner = parsed.attachments().find_map(|part| part.message()).filter(|_| journal);
    let message = inner.unwrap_or(&parsed);
    let known = message.from().is_some() || message.message_id().is_some() || message.date().is_some();
    if !known {
        return Err(Reject::bad("the mail has neither From nor Date nor Message-ID"));
    }
    out.event(event(message));
    Ok(())
}

fn event<'a>(message: &'a Message<'_>) -> Event<'a> {
    let (from, sender) = (first(message.from()), first(message.sender()));
    let author = from.map(|(_, address)| address.clone());
    // Whoever stands under Sender wrote for whoever stands under From; a mailing list's own Sender did not write.
    let acted = sender.filter(|(_, address)| Some(address) != author.as_ref() && !is_list(message));
    let id = message.message_id().and_then(message_id);
    let mut recipients = Vec::new();
    for list in [message.to(), message.cc(), message.bcc()].into_iter().flatten() {
        for one in list.iter().filter_map(|one| one.address()).filter_map(address::email) {
            add_recipient(&mut recipients, one);
        }
    }
    let (name, actor) = acted.clone().or_else(|| author.clone().map(|address| (first(message.from()).and_then(|f| f.0), address))).unzip();
    let (target_domain, target_account) = outside(author.as_deref(), &recipients);
    let (target_domain, target_account) = (owned(target_domain), owned(target_account));
    let files = attachments(message);
    let file = files.first();
    Event {
        event_id: id.map_or(Cow::Borrowed(""), |id| Cow::Owned(format!("email:{id}"))),
        event_time: sent_time(message),
        surface: Surface::Email,
        action: Action::EmailSent,
        actor_id: actor.clone(),
        actor_name: name.flatten(),
        actor_email: actor,
        on_behalf_of: acted.and(author),
        actor_class: is_automatic(message).then_some(ActorClass::Service),
        src_ip: source_ip(message),
        user_agent: text_header(message, "User-Agent").or_else(|| text_header(message, "X-Mailer")),
        message_id: id.map(Cow::Borrowed),
        thread_id: thread(message),
        text: Some(Cow::Owned(text(message))),
        file_name: file.map(|file| Cow::Borrowed(file.name)),
        file_type: file.and_then(|file| address::extension(file.name)).map(|e| Cow::Owned(e.to_ascii_lowercase())),
        file_size: file.map(|file| file.size),
        attributes: attributes(message, &files),
        target_domain,
        target_account,
        recipients,
        ..Event::default()
    }
}

fn owned<'a>(text: Option<&str>) -> Text<'a> {
    text.map(|text| Cow::Owned(text.to_owned()))
}

/// Name and address of the first mailbox of a header.
fn first<'a>(list: Option<&'a Address<'_>>) -> Option<(Text<'a>, Cow<'a, str>)> {
    let one = list?.iter().find(|one| one.address().and_then(address::email).is_some())?;
    Some((one.name().map(Cow::Borrowed), address::email(one.address()?)?))
}

fn sent_time(message: &Message<'_>) -> When {
    let stamp = |date: &mail_parser::DateTime| time::from_epoch(date.to_timestamp());
    let of_hop = || message.received().and_then(|hop| hop.date()).as_ref().and_then(stamp);
    match message.date().and_then(stamp).or_else(of_hop) {
        Some(micros) => When::At(micros),
        None => time::read(message.header_raw("Date")),
    }
}

fn text_header<'a>(message: &'a Message<'_>, name: &'static str) -> Text<'a> {
    message.header(name).and_then(HeaderValue::as_text).map(|text| Cow::Borrowed(text.trim()))
}

/// Where the mail was handed in: what the first server noted, or the sender's own server where that hides it.
fn source_ip<'a>(message: &'a Message<'_>) -> Text<'a> {
    for name in ["X-Originating-IP", "X-Sender-IP", "X-Client-IP"] {
        if let Some(ip) = message.header_raw(name).and_then(|raw| address::ip(raw.trim().trim_matches(['[', ']']))) {
            return Some(Cow::Owned(ip.into_owned()));
        }
    }
    // Servers write themselves on top, so the last line is the first hop.
    let named = |hop: &Received<'_>| match hop.from() {
        Some(Host::IpAddr(ip)) => Some(*ip),
        _ => None,
    };
    let hop = message.received_all().filter_map(|hop| hop.from_ip().or_else(|| named(hop))).last()?;
    Some(Cow::Owned(hop.to_canonical().to_string()))
}

fn is_list(message: &Message<'_>) -> bool {
    ["List-Id", "List-Post", "List-Unsubscribe"].iter().any(|name| message.header(*name).is_some())
}

/// Whether the headers say that no person wrote this. A list that people write to has a List-Post; a newsletter has only a way out.
fn is_automatic(message: &Message<'_>) -> bool {
    let says = |name: &'static str, words: &[&str]| {
        message.header_raw(name).is_some_and(|raw| words.iter().any(|word| raw.trim().to_ascii_lowercase().starts_with(word)))
    };
    says("Auto-Submitted", &["auto-"])
        || says("Precedence", &["bulk", "junk", "auto_reply"])
        || ["X-Autoreply", "X-Autorespond", "Feedback-ID"].iter().any(|name| message.header(*name).is_some())
        || (message.header("List-Unsubscribe").is_some() && message.header("List-Post").is_none())
}

/// The first message of the thread.
fn thread<'a>(message: &'a Message<'_>) -> Text<'a> {
    let first = |value: &'a HeaderValue<'_>| value.as_text_list().and_then(|list| list.first()).and_then(|id| message_id(id));
    first(message.references()).or_else(|| first(message.in_reply_to())).map(Cow::Borrowed)
}

/// Subject, line end, bodies. An HTML body is taken where there is no plain one.
fn text(message: &Message<'_>) -> String {
    let mut text = message.subject().unwrap_or_default().to_owned();
    for part in message.text_bodies() {
        let body = match &part.body {
            PartType::Text(body) => Cow::Borrowed(body.as_ref()),
            PartType::Html(body) => Cow::Owned(html::to_text(body)),
            _ => continue,
        };
        text.push('\n');
        text.push_str(body.trim_end());
    }
    text
}

struct File<'a> {
    name: &'a str,
    size: i64,
    kind: String,
}

fn attachments<'a>(message: &'a Message<'_>) -> Vec<File<'a>> {
    let file = |part: &'a mail_parser::MessagePart<'_>| {
        let kind = part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*"))).unwrap_or_default();
        let name = part.attachment_name().or_else(|| part.message().and_then(|inner| inner.subject()))?;
        Some(File { name, size: i64::try_from(part.len()).unwrap_or(i64::MAX), kind })
    };
    message.attachments().filter_map(file).collect()
}

fn attributes<'a>(message: &Message<'_>, files: &[File<'_>]) -> Text<'a> {
    let list: Vec<serde_json::Value> = files
        .iter()
        .take(ATTACHMENTS_MAX)
        .map(|file| serde_json::json!({"name": file.name, "size": file.size, "type": file.kind.to_ascii_lowercase()}))
        .collect();
    let mut members = serde_json::Map::new();
    if !list.is_empty() {
        members.insert("attachments".into(), list.into());
        members.insert("attachment_count".into(), files.len().into());
    }
    for (name, header) in
        [("importance", "Importance"), ("list_id", "List-Id"), ("auto_submitted", "Auto-Submitted"), ("reply_to", "Reply-To")]
    {
        if let Some(raw) = message.header_raw(header) {
            members.insert(name.into(), raw.trim().into());
        }
    }
    (!members.is_empty()).then(|| Cow::Owned(serde_json::Value::Object(members).to_string()))
}
