//! Purview: matches of data loss prevention rules, content searches, exports, alerts.

use std::borrow::Cow;

use serde::Deserialize;

use super::fields::{Fields, Key, Pair, pair};
use crate::event::{Action, Event, Outcome, Surface};
use crate::sources::address;
use crate::sources::lenient::{List, Str};

/// Fills a match of a rule: the file or mail that matched and the person whose it is.
pub(super) fn fill_match<'a>(fields: &Fields<'a>, workload: &str, event: &mut Event<'a>) {
    event.surface = Surface::FileShare;
    if let Some(file) = fields.object::<FileMatch<'a>>(Key::SharePointMetaData) {
        fill_file_match(file, event);
    }
    if let Some(mail) = fields.object::<MailMatch<'a>>(Key::ExchangeMetaData) {
        event.surface = if workload == "MicrosoftTeams" { Surface::Chat } else { Surface::Email };
        fill_mail_match(mail, event);
    }
    // The rules' actions are deep inside; the words are enough to tell that one of them stopped the act.
    let rules = fields.raw(Key::PolicyDetails);
    if ["\"BlockAccess\"", "\"Block\"", "\"BlockAccessExternal\""].iter().any(|action| rules.contains(action)) {
        event.outcome = Outcome::Blocked;
    }
    let policies: Vec<Policy<'a>> = fields.list(Key::PolicyDetails);
    event.target = policies.into_iter().find_map(|policy| policy.policy_name.0);
    event.target_type = event.target.is_some().then_some(Cow::Borrowed("policy"));
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Policy<'a> {
    #[serde(borrow)]
    policy_name: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct FileMatch<'a> {
    #[serde(borrow)]
    file_name: Str<'a>,
    #[serde(borrow)]
    file_owner: Str<'a>,
    #[serde(borrow)]
    file_path_url: Str<'a>,
    #[serde(borrow)]
    from: Str<'a>,
    #[serde(borrow)]
    site_collection_guid: Str<'a>,
    #[serde(borrow)]
    site_collection_url: Str<'a>,
    #[serde(borrow, rename = "UniqueID")]
    unique_id: Str<'a>,
    file_size: Str<'a>,
}

fn fill_file_match<'a>(file: FileMatch<'a>, event: &mut Event<'a>) {
    event.file_type = file.file_name.get().and_then(address::extension).map(|extension| Cow::Owned(extension.to_owned()));
    event.file_size = file.file_size.int().filter(|size| *size > 0);
    event.file_name = file.file_name.0;
    event.file_owner = file.file_owner.0;
    event.file_id = file.unique_id.0;
    event.object_url = file.file_path_url.0;
    let site = file.site_collection_url.0;
    event.channel_name =
        site.as_deref().and_then(|site| address::file_name(site.trim_end_matches('/'))).map(|name| Cow::Owned(name.to_owned()));
    event.channel_id = file.site_collection_guid.0.or(site);
    event.channel_type = event.channel_id.is_some().then_some(crate::event::ChannelType::Site);
    name_person(file.from, event);
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct MailMatch<'a> {
    #[serde(borrow)]
    from: Str<'a>,
    #[serde(borrow)]
    to: List<'a>,
    #[serde(borrow, rename = "CC")]
    cc: List<'a>,
    #[serde(borrow, rename = "BCC")]
    bcc: List<'a>,
    #[serde(borrow)]
    subject: Str<'a>,
    #[serde(borrow, rename = "MessageID")]
    message_id: Str<'a>,
}

fn fill_mail_match<'a>(mail: MailMatch<'a>, event: &mut Event<'a>) {
    let lists = [mail.to, mail.cc, mail.bcc];
    event.recipients = lists.iter().flat_map(List::items::<Str<'a>>).filter_map(|address| address.0).collect();
    event.message_id = mail.message_id.0;
    event.text = mail.subject.0;
    name_person(mail.from, event);
}

/// The engine that matched acts for nobody: the person who sent or changed the thing is the actor.
fn name_person<'a>(from: Str<'a>, event: &mut Event<'a>) {
    let Some(person) = from.0.filter(|from| address::email(from).is_some()) else { return };
    event.actor_class = None;
    super::actor::name_actor(person, event);
}

/// Fills a content search, a case or an export.
pub(super) fn fill_case<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.surface = Surface::FileShare;
    let parameters: Vec<Pair<'a>> = fields.list(Key::Parameters);
    if matches!(event.action, Action::ContentSearch | Action::Export) {
        let written = || fields.text(Key::Parameters).and_then(|line| cmdlet_parameter(&line, "ContentMatchQuery")).map(Cow::Owned);
        event.search_query = fields.first(&[Key::Query, Key::QueryText, Key::SearchQueryText]);
        event.search_query = event.search_query.take().or_else(|| pair(&parameters, "ContentMatchQuery")).or_else(written);
    }
    let case = fields.text(Key::CaseName).map(|case| (case, "case"));
    let object = || fields.first(&[Key::ObjectName, Key::ObjectId]).map(|object| (object, "search"));
    if let Some((target, target_type)) = case.or_else(object) {
        event.target = Some(target);
        event.target_type = Some(Cow::Borrowed(target_type));
    }
}

/// The value of a parameter in a command line: `-Name "value"`, or up to the next space.
fn cmdlet_parameter(line: &str, name: &str) -> Option<String> {
    let behind = line.split_once(&format!("-{name}"))?.1.trim_start_matches([':', ' ']);
    let value = match behind.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => behind.split_whitespace().next(),
    };
    value.filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_command_line_is_found() {
        assert_eq!(cmdlet_parameter("-Name \"x\" -ContentMatchQuery \"api key\" -Force", "ContentMatchQuery").as_deref(), Some("api key"));
        assert_eq!(cmdlet_parameter("-ContentMatchQuery: secret", "ContentMatchQuery").as_deref(), Some("secret"));
        assert_eq!(cmdlet_parameter("-Name x", "ContentMatchQuery"), None);
    }
}
