//! Which parameter of which application is which column.

use std::borrow::Cow;

use super::parameters::Parameters;
use super::{actions, assets, canonical_email, gmail, meetings, sharing};
use crate::event::{Action, ActorClass, ChannelType, ClientClass, Event, Outcome, Surface, Text};
use crate::sources::{address, client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `application/event`, with the qualifier where the table knows one.
pub(super) fn key(application: &str, name: &str, parameters: &Parameters<'_>) -> String {
    let plain = format!("{application}/{name}");
    let qualified = match application {
        "chrome" => parameters.text("TRIGGER_TYPE").map(|trigger| format!("{plain}:{trigger}")),
        "gmail" => gmail::mail_event_type(parameters).map(|kind| format!("gmail/mail_event_type:{kind}")),
        _ => None,
    };
    qualified.filter(|key| actions::find(key).is_some()).unwrap_or(plain)
}

/// The action for a key; what a change of a file's access means depends on what it changed. An event that is not known under its
/// application may be known under the one that its type belongs to, whatever lists what a rule did is a match of the rule, and security
/// settings and administrators' roles decide who gets in.
pub(super) fn action(key: &str, application: &str, (kind, name): (&str, &str), parameters: &Parameters<'_>) -> Action {
    let qualifier = if application == "drive" { sharing::qualifier(name, parameters) } else { None };
    let qualified = qualifier.and_then(|qualifier| actions::find(&format!("{key}:{qualifier}")));
    let by_kind = || actions::find(&format!("{}/{name}", actions::of_kind(kind)?));
    let of_rule = || (application == "rules" && parameters.json("triggered_actions").is_some()).then_some(Action::DlpMatch);
    let decides = application == "admin" && matches!(kind, "SECURITY_SETTINGS" | "DELEGATED_ADMIN_SETTINGS");
    let of_settings = || decides.then_some(Action::PermissionChanged);
    qualified.or_else(|| actions::find(key)).or_else(by_kind).or_else(of_rule).or_else(of_settings).unwrap_or_default()
}

fn surface(application: &str) -> Surface {
    match application {
        "chat" | "meet" => Surface::Chat,
        "gmail" => Surface::Email,
        "chrome" | "mobile" | "jamboard" => Surface::Endpoint,
        "admin"
        | "login"
        | "saml"
        | "token"
        | "user_accounts"
        | "groups"
        | "groups_enterprise"
        | "context_aware_access"
        | "gcp"
        | "ldap"
        | "access_transparency" => Surface::Identity,
        _ => Surface::FileShare,
    }
}

/// Whether a word of the vendor's says that a control stopped the act.
fn is_block(text: &str) -> bool {
    text.to_ascii_uppercase().contains("BLOCK")
}

fn outcome(application: &str, name: &str, parameters: &Parameters<'_>) -> Outcome {
    let failed = name.ends_with("_failure") || name.ends_with("_FAILURE_EVENT") || name.ends_with("_FAILED");
    let blocked = name.ends_with("_blocked") || name == "ACCESS_DENY_EVENT";
    let status = |parameter: &str| parameters.text(parameter);
    match application {
        _ if failed => Outcome::Failed,
        _ if blocked => Outcome::Blocked,
        "chrome" if status("EVENT_RESULT").is_some_and(|result| is_block(&result)) => Outcome::Blocked,
        "chat" if status("dlp_scan_status").is_some_and(|result| is_block(&result)) => Outcome::Blocked,
        "rules" if ["triggered_actions", "actions"].iter().any(|name| parameters.json(name).is_some_and(is_block)) => Outcome::Blocked,
        "takeout" if status("TAKEOUT_STATUS").is_some_and(|result| matches!(result.as_ref(), "FAILED" | "CANCELED")) => Outcome::Failed,
        _ => Outcome::Success,
    }
}

/// Fills the columns of `event` from the parameters; what has none goes to `attributes`.
pub(super) fn fill<'a>(
    mut event: Event<'a>,
    application: &str,
    name: &str,
    parameters: &Parameters<'a>,
    owner_domain: (&str, Text<'_>),
) -> Event<'a> {
    event.surface = surface(application);
    event.outcome = outcome(application, name, parameters);
    let known: &[&str] = match application {
        "chat" => chat(&mut event, parameters),
        "drive" => drive(&mut event, name, parameters),
        "gmail" => gmail::fill(&mut event, parameters),
        "chrome" => chrome(&mut event, parameters),
        "rules" => rules(&mut event, parameters),
        "takeout" => takeout(&mut event, parameters),
        "vault" => vault(&mut event, parameters),
        "token" => token(&mut event, parameters),
        "mobile" => mobile(&mut event, parameters),
        "data_studio" => assets::report(&mut event, parameters),
        "keep" => assets::note(&mut event, parameters),
        "meet" => meetings::call(&mut event, parameters),
        "calendar" => meetings::entry(&mut event, parameters),
        _ => account(&mut event, parameters),
    };
    if event.client_class.is_none() {
        event.client_class = event.user_agent.as_deref().and_then(client::from_user_agent);
    }
    add_named_thing(&mut event, application, parameters);
    event.attributes = parameters.rest(known, &[owner_domain]).map(Cow::Owned);
    event
}

/// Gives an act that is about nothing yet the thing that its parameters name; the applications left out name theirs in full.
fn add_named_thing<'a>(event: &mut Event<'a>, application: &str, parameters: &Parameters<'a>) {
    let listed = matches!(application, "chat" | "chrome" | "drive" | "gmail" | "meet");
    let about = [&event.target, &event.file_id, &event.file_name, &event.message_id, &event.object_url, &event.search_query];
    if listed || event.action == Action::Login || about.iter().any(|column| column.is_some()) {
        return;
    }
    if let Some((kind, name)) = parameters.named_thing() {
        event.target = Some(name);
        event.target_type = Some(Cow::Owned(kind));
    }
}

/// Parameters of Chat that have a column.
pub(super) const CHAT: &[&str] = &[
    "actor",
    "room_id",
    "room_name",
    "message_id",
    "attachment_name",
    "attachment_hash",
    "attachment_url",
    "filename",
    "emoji_shortcode",
    "target_users",
    "external_room",
];

fn chat<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.channel_id = parameters.text("room_id");
    event.channel_name = parameters.text("room_name");
    // A SPACE may be open to all or by invitation: the log does not say.
    event.channel_type = match parameters.text("conversation_type").as_deref() {
        Some("GROUP_DIRECT_MESSAGE") => Some(ChannelType::Group),
        Some("USER_TO_USER_DIRECT_MESSAGE" | "USER_TO_APP_DIRECT_MESSAGE") => Some(ChannelType::Direct),
        _ => None,
    };
    let owned_outside = parameters.text("conversation_ownership").is_some_and(|owner| owner == "EXTERNALLY_OWNED");
    event.channel_external = match parameters.text("external_room").as_deref() {
        _ if owned_outside => Some(true),
        Some("ENABLED") => Some(true),
        Some("DISABLED") => Some(false),
        _ => None,
    };
    event.message_id = parameters.text("message_id");
    event.file_name = parameters.text("attachment_name").map(attachment_name).or_else(|| parameters.text("filename"));
    event.file_type = event.file_name.as_deref().and_then(address::extension).map(|e| Cow::Owned(e.to_ascii_lowercase()));
    // Upload and download of one attachment share nothing but this.
    event.file_hash = parameters.text("attachment_hash");
    event.file_id = event.file_hash.clone();
    // What follows the question mark is a token that opens the file.
    event.object_url = parameters.text("attachment_url").map(|url| Cow::Owned(url.split('?').next().unwrap_or_default().to_owned()));
    event.recipients = parameters.texts("target_users");
    if event.message_id.is_none() && event.file_id.is_none() {
        // Who was blocked or given a role; those whom a message reached are its recipients.
        target(event, event.recipients.first().cloned(), "user");
    }
    if let Some(emoji) = parameters.text("emoji_shortcode") {
        target(event, Some(emoji), "emoji");
    }
    if event.actor_id.is_none() {
        event.actor_id = parameters.text("actor");
        event.actor_email = event.actor_id.as_ref().and_then(canonical_email);
    }
    CHAT
}

/// Chat writes the name of a downloaded attachment in Base64 and that of an uploaded one plainly: taken as Base64 only if that gives
/// printable text with an extension, which a plain name does not by chance.
fn attachment_name(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.len() < 4 || !name.len().is_multiple_of(4) || name.contains('.') {
        return name;
    }
    let decoded = STANDARD.decode(name.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let named = |text: &String| !text.chars().any(char::is_control) && address::extension(text).is_some();
    decoded.filter(named).map_or(name, Cow::Owned)
}

fn drive<'a>(event: &mut Event<'a>, name: &str, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.file_id = parameters.text("doc_id");
    event.file_name = parameters.text("doc_title");
    event.file_type = parameters.text("doc_type");
    event.file_owner = parameters.text("owner");
    event.channel_id = parameters.text_of(&["shared_drive_id", "team_drive_id", "owner_shared_drive_id", "owner_team_drive_id"]);
    if event.channel_id.is_some() {
        event.channel_type = Some(ChannelType::Site);
        let of_drive = ["owner_is_shared_drive", "owner_is_team_drive"].iter().any(|name| parameters.bool(name) == Some(true));
        event.channel_name = event.file_owner.clone().filter(|_| of_drive);
    }
    event.search_query = parameters.text_of(&["search_query", "query", "parsed_query"]);
    if event.app_id.is_none() {
        event.app_id = parameters.text("originating_app_id");
    }
    if parameters.bool("actor_is_collaborator_account") == Some(true) {
        event.actor_class = Some(ActorClass::Guest);
    }
    match name {
        "sync_item_content" | "prefetch_item_content" => event.client_class = Some(ClientClass::Sync),
        "access_item_content" | "sheets_import_range" => event.client_class = event.client_class.or(Some(ClientClass::Api)),
        _ if parameters.text("script_id").is_some() => event.client_class = event.client_class.or(Some(ClientClass::Api)),
        _ => {}
    }
    event.user_agent = parameters.text("user_agent");
    sharing::target(event, parameters);
    &[
        "doc_id",
        "doc_title",
        "doc_type",
        "owner",
        "shared_drive_id",
        "team_drive_id",
        "owner_shared_drive_id",
        "owner_team_drive_id",
        "owner_is_shared_drive",
        "owner_is_team_drive",
        "search_query",
        "query",
        "parsed_query",
        "originating_app_id",
        "user_agent",
        "target_user",
    ]
}

/// Sets who was given something, and the domain if it is an address.
pub(super) fn target_user<'a>(event: &mut Event<'a>, user: Text<'a>) {
    let Some(user) = user else { return };
    event.target_domain = user.rsplit_once('@').and_then(|(_, domain)| address::domain(domain)).map(Cow::Owned);
    event.target_type = Some(Cow::Borrowed("user"));
    event.target = Some(user);
}

fn chrome<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.device_name = parameters.text("DEVICE_NAME");
    event.os = parameters.text("DEVICE_PLATFORM");
    event.user_agent = parameters.text("USER_AGENT");
    event.app_name = event.app_name.take().or_else(|| parameters.text("APP_NAME"));
    event.app_id = event.app_id.take().or_else(|| parameters.text("APP_ID"));
    let path = parameters.text("CONTENT_NAME");
    event.file_name = path.as_deref().and_then(address::file_name).map(|name| Cow::Owned(name.to_owned()));
    event.file_type = parameters.text("CONTENT_TYPE");
    event.file_size = parameters.int("CONTENT_SIZE").filter(|size| *size > 0);
    event.file_hash = parameters.text("CONTENT_HASH");
    let url = parameters.text_of(&["TAB_URL", "URL"]);
    event.target_domain = url.as_deref().and_then(address::domain).map(Cow::Owned);
    event.object_url = url;
    if event.actor_id.is_none() {
        event.actor_id = parameters.text_of(&["PROFILE_USER_NAME", "DEVICE_USER", "TRIGGER_USER"]);
        event.actor_email = event.actor_id.as_ref().and_then(canonical_email);
    }
    &[
        "DEVICE_NAME",
        "DEVICE_PLATFORM",
        "USER_AGENT",
        "APP_NAME",
        "APP_ID",
        "CONTENT_TYPE",
        "CONTENT_SIZE",
        "CONTENT_HASH",
        "TAB_URL",
        "TIMESTAMP",
        "PROFILE_USER_NAME",
    ]
}

fn rules<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.surface = match parameters.text_of(&["data_source", "application"]).as_deref() {
        Some("GMAIL" | "gmail") => Surface::Email,
        Some("CHAT" | "chat") => Surface::Chat,
        Some("CHROME" | "chrome") => Surface::Endpoint,
        _ => Surface::FileShare,
    };
    event.file_id = parameters.text("resource_id");
    event.file_name = parameters.text("resource_title");
    event.file_type = parameters.text("resource_type");
    event.file_owner = parameters.text("resource_owner_email");
    event.recipients = parameters.texts("resource_recipients");
    event.target = parameters.text_of(&["rule_name", "rule_resource_name", "rule_id"]);
    event.target_type = event.target.as_ref().map(|_| Cow::Borrowed("rule"));
    if event.src_ip.is_none() {
        event.src_ip = parameters.text("actor_ip_address").and_then(|ip| address::ip(&ip).map(|ip| Cow::Owned(ip.into_owned())));
    }
    &["resource_id", "resource_title", "resource_type", "resource_owner_email", "resource_recipients", "rule_name", "actor_ip_address"]
}

/// Takeout can write straight into another provider's cloud.
fn takeout<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    let destination = parameters.text("TAKEOUT_DESTINATION");
    let domain = match destination.as_deref() {
        Some("BOX") => Some("box.com"),
        Some("DROPBOX") => Some("dropbox.com"),
        Some("ONEDRIVE") => Some("onedrive.live.com"),
        Some("DRIVE") => Some("drive.google.com"),
        _ => None,
    };
    event.target_domain = domain.map(Cow::Borrowed);
    event.batch_id = parameters.text("TAKEOUT_ID");
    target(event, parameters.text("USER_EMAIL"), "user");
    &["TAKEOUT_ID", "USER_EMAIL"]
}

/// Sets what was acted on; `None` takes away what was set.
pub(super) fn target<'a>(event: &mut Event<'a>, text: Text<'a>, kind: &'static str) {
    event.target_type = text.as_ref().map(|_| Cow::Borrowed(kind));
    event.target = text;
}

fn vault<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    let details = parameters.text("additional_details").unwrap_or_default();
    let query = parameters.text("query").unwrap_or_default();
    let says = |one: &str, other: &str| details.contains(one) || query.contains(other);
    event.surface = if says("\"EMAIL\"", "type: Mail") {
        Surface::Email
    } else if says("CHAT", "type: Hangouts") || query.contains("type: Chat") {
        Surface::Chat
    } else {
        Surface::FileShare
    };
    event.search_query = parameters.text("query");
    event.object_url = parameters.text("resource_url");
    event.batch_id = parameters.text("matter_id");
    target(event, parameters.text_of(&["target_user", "resource_name"]), "vault_resource");
    if event.target.is_none() {
        target(event, event.batch_id.clone(), "matter");
    }
    &["query", "resource_url", "matter_id", "target_user"]
}

fn token<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.app_id = parameters.text("client_id");
    event.app_name = parameters.text("app_name");
    target(event, parameters.text_of(&["app_name", "client_id"]), "app");
    &["client_id", "app_name", "scope_data"]
}

fn mobile<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.device_name = parameters.text_of(&["SERIAL_NUMBER", "DEVICE_ID"]);
    event.os = parameters.text("OS_VERSION");
    target(event, parameters.text("DEVICE_ID"), "device");
    if event.actor_id.is_none() {
        event.actor_id = parameters.text("USER_EMAIL");
        event.actor_email = event.actor_id.as_ref().and_then(canonical_email);
    }
    if event.action == Action::VendorAnomaly && parameters.text("DEVICE_COMPROMISED_STATE").is_some_and(|state| state.starts_with("NOT_")) {
        event.action = Action::Other;
    }
    &["SERIAL_NUMBER", "DEVICE_ID", "OS_VERSION", "USER_EMAIL"]
}

/// What names an app or a service in settings and accesses.
const APPS: &[&str] = &[
    "APPLICATION_NAME",
    "API_CLIENT_NAME",
    "application_name",
    "MOBILE_APP_PACKAGE_ID",
    "OAUTH2_APP_NAME",
    "OAUTH2_APP_ID",
    "OAUTH2_SERVICE_NAME",
    "CAA_APPLICATION",
];

/// Applications about accounts and settings.
fn account<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.user_agent = parameters.text("user_agent");
    let forwarded = parameters.text("email_forwarding_destination_address");
    if forwarded.is_some() {
        target_user(event, forwarded);
        return &["email_forwarding_destination_address", "user_agent"];
    }
    let named = |names: &[&str]| parameters.text_of(names);
    if event.actor_id.is_none() {
        event.actor_id = named(&["affected_email_address", "identifier"]);
        event.actor_email = event.actor_id.as_ref().and_then(canonical_email);
    }
    if let Some(user) = named(&["USER_EMAIL", "user_email", "affected_email_address", "grantee_email", "member_id"]) {
        target_user(event, Some(user));
    } else if let Some(role) = named(&["ROLE_NAME", "ROLE_ID"]) {
        target(event, Some(role), "role");
    } else if let Some(setting) = named(&["SETTING_NAME"]) {
        target(event, Some(setting), "setting");
    } else if let Some(app) = named(APPS) {
        target(event, Some(app), "app");
    } else if let Some(resource) = named(&["RESOURCE_NAME", "INVESTIGATION_OBJECT_IDENTIFIER"]) {
        target(event, Some(resource), "resource");
    } else {
        target(event, named(&["GROUP_EMAIL", "group_email", "group_id"]), "group");
    }
    event.search_query = named(&["INVESTIGATION_QUERY", "EMAIL_LOG_SEARCH_QUERY"]);
    &["user_agent", "USER_EMAIL", "user_email", "affected_email_address", "SETTING_NAME", "INVESTIGATION_QUERY"]
}
