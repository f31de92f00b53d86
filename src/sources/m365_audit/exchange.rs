//! Exchange: what was read, sent and deleted in mailboxes, who may open them, and where rules forward mail to.

use std::borrow::Cow;

use serde::Deserialize;

use super::actor::lower_email;
use super::fields::{Fields, Key, Pair, pair};
use crate::event::{Action, ClientClass, Event, Surface};
use crate::sources::address;
use crate::sources::lenient::{List, Maybe, Str};

/// Fills the mailbox, the message and the forwarding.
pub(super) fn fill<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.surface = Surface::Email;
    if event.action == Action::Search {
        event.search_query = fields.first(&[Key::QueryText, Key::SearchQueryText, Key::Query]);
    }
    fill_item(fields, event);
    event.on_behalf_of = fields.first(&[Key::SendAsUser, Key::SendOnBehalfOfUser]);
    if event.client_class.is_none() {
        event.client_class = fields.text(Key::ClientInfoString).as_deref().and_then(mail_client);
    }
    fill_target(fields, event);
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Item<'a> {
    #[serde(borrow)]
    subject: Str<'a>,
    #[serde(borrow)]
    internet_message_id: Str<'a>,
    size_in_bytes: Str<'a>,
    #[serde(borrow)]
    parent_folder: Maybe<ParentFolder<'a>>,
}

/// A mailbox's folder, and who was given rights in it where that is what the record is about.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ParentFolder<'a> {
    #[serde(borrow)]
    member_upn: Str<'a>,
}

/// The messages of one folder that were opened.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Folder<'a> {
    #[serde(borrow)]
    folder_items: List<'a>,
}

fn fill_item<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let item: Option<Item<'a>> = fields.object(Key::Item).or_else(|| {
        let mut affected: Vec<Item<'a>> = fields.list(Key::AffectedItems);
        affected.extend(fields.list(Key::Folders).iter().flat_map(|folder: &Folder<'a>| folder.folder_items.items()));
        // Of several, none is the one that the event is about.
        if affected.len() == 1 { affected.pop() } else { None }
    });
    let Some(item) = item else { return };
    event.file_size = item.size_in_bytes.int().filter(|size| *size > 0 && event.action == Action::EmailSent);
    event.message_id = item.internet_message_id.0;
    if event.action == Action::EmailSent {
        event.text = item.subject.0;
    }
}

/// The class that a mailbox client's description shows.
fn mail_client(description: &str) -> Option<ClientClass> {
    let name = description.strip_prefix("Client=")?;
    let is = |kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
    if is(&["OWA", "Outlook", "MSExchangeRPC", "ActiveSync", "POP3", "IMAP4", "Hub Transport"]) {
        return Some(ClientClass::Interactive);
    }
    is(&["REST", "WebServices", "Management", "PowerShell"]).then_some(ClientClass::Api)
}

/// Parameters of rules and mailboxes that send mail on.
const FORWARDS: &[&str] =
    &["ForwardTo", "ForwardAsAttachmentTo", "RedirectTo", "ForwardingSmtpAddress", "BlindCopyTo", "RedirectMessageTo"];

fn fill_target<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    if fields.has(Key::Parameters) {
        let parameters: Vec<Pair<'a>> = fields.list(Key::Parameters);
        if let Some(forward) = FORWARDS.iter().find_map(|name| pair(&parameters, name)) {
            let forward = forward.trim_start_matches("smtp:").trim_start_matches("SMTP:").to_owned();
            event.target_domain = forward.rsplit_once('@').and_then(|(_, domain)| address::domain(domain)).map(Cow::Owned);
            event.target = Some(Cow::Owned(forward));
            event.target_type = Some(Cow::Borrowed("mail_forward"));
            return;
        }
        if let Some(user) = pair(&parameters, "User").filter(|_| event.action == Action::PermissionChanged) {
            event.target = Some(user);
            event.target_type = Some(Cow::Borrowed("user"));
            event.object_url = fields.text(Key::ObjectId);
            return;
        }
    }
    let folder = fields.object::<Item<'a>>(Key::Item).and_then(|item| item.parent_folder.0);
    if let Some(member) = folder.and_then(|folder| folder.member_upn.0).filter(|_| event.action == Action::PermissionChanged) {
        event.target = Some(lower_email(&member).unwrap_or(member));
        event.target_type = Some(Cow::Borrowed("user"));
        return;
    }
    let mailbox = fields.text(Key::MailboxOwnerUpn).or_else(|| fields.text(Key::ObjectId));
    // One's own mailbox is no target of a mail that the event names, nor of a login.
    let named = event.message_id.is_some() || matches!(event.action, Action::EmailSent | Action::Login);
    let own = |mailbox: &str| event.actor_email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(mailbox));
    event.target = mailbox.filter(|mailbox| !named || !own(mailbox)).map(|mailbox| lower_email(&mailbox).unwrap_or(mailbox));
    event.target_type = event.target.is_some().then_some(Cow::Borrowed("mailbox"));
}
