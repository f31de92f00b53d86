//! Who acted, with what program, from where.

use std::borrow::Cow;

use super::super::scan::members;
use super::fields::{Fields, Key, Pair, decode, pair};
use crate::event::{ActorClass, ClientClass, Event, Text};
use crate::sources::lenient::Str;
use crate::sources::{address, client};

/// What stands where the platform does not know who acted.
const NOBODY: &[&str] = &["Not Available", "Unknown", "Unknown (Unknown)", "N/A", "-"];

/// Fills `actor_*`, `client_class`, `app_*`, `session_id`, `src_ip`, `user_agent` and the device.
pub(super) fn fill<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let user_id = known_user(fields.text(Key::UserId)).or_else(|| known_user(fields.text(Key::UserPuid)));
    event.actor_class = class(user_id.as_deref(), fields.text(Key::UserType).as_deref());
    if let Some(user_id) = user_id {
        name_actor(user_id, event);
    }
    fill_client(fields, event);
    fill_device(fields, event);
}

fn known_user(user: Text<'_>) -> Text<'_> {
    user.filter(|user| !NOBODY.iter().any(|nobody| user.trim().eq_ignore_ascii_case(nobody)))
}

/// Sets the actor to that user id: a principal name, a claim or the name of a service.
pub(super) fn name_actor<'a>(user_id: Cow<'a, str>, event: &mut Event<'a>) {
    if let Some(home) = home_address(&user_id) {
        event.actor_org = home.rsplit_once('@').map(|(_, domain)| Cow::Owned(domain.to_owned()));
        event.actor_email = Some(Cow::Owned(home));
        event.actor_id = Some(Cow::Owned(user_id.to_lowercase()));
        return;
    }
    let email = lower_email(&user_id);
    // `app@sharepoint` and `Member@local` have the form of an address but are none.
    event.actor_email = email.clone().filter(|email| email.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.')));
    event.actor_id = Some(email.unwrap_or(user_id));
}

/// The address in lower case; `None` if the text is none. Keeps the borrow where nothing has to change.
pub(super) fn lower_email<'a>(user_id: &Cow<'a, str>) -> Text<'a> {
    match user_id {
        Cow::Borrowed(text) => address::email(text),
        Cow::Owned(text) => address::email(text).map(|email| Cow::Owned(email.into_owned())),
    }
}

/// The class that the user's type and id prove; names that only services have come first, because a service's type is often wrong.
fn class(user_id: Option<&str>, user_type: Option<&str>) -> Option<ActorClass> {
    if let Some(named) = user_id.and_then(class_by_name) {
        return Some(named);
    }
    match user_type? {
        "0" | "2" | "Regular" | "Admin" => Some(ActorClass::Human),
        "9" | "10" | "PartnerTechnician" | "Guest" => Some(ActorClass::Guest),
        "5" | "6" | "Application" | "ServicePrincipal" => Some(ActorClass::Service),
        "3" | "4" | "7" | "8" | "DcAdmin" | "DCAdmin" | "System" | "CustomPolicy" | "SystemPolicy" => Some(ActorClass::System),
        _ => None,
    }
}

fn class_by_name(user_id: &str) -> Option<ActorClass> {
    let starts = |prefix: &str| user_id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if starts("SHAREPOINT\\") || starts("NT AUTHORITY\\") || starts("S-1-5-18") {
        return Some(ActorClass::System);
    }
    if starts("app@") || starts("ServicePrincipal_") || user_id.eq_ignore_ascii_case("Application") {
        return Some(ActorClass::Service);
    }
    if starts("urn:spo:guest#") || starts("urn:spo:anon#") || guest_mark(user_id).is_some() {
        return Some(ActorClass::Guest);
    }
    None
}

/// Where `#EXT#` begins.
fn guest_mark(user_id: &str) -> Option<usize> {
    const MARK: &[u8] = b"#ext#";
    memchr::memchr_iter(b'#', user_id.as_bytes())
        .find(|at| user_id.as_bytes().get(*at..at + MARK.len()).is_some_and(|mark| mark.eq_ignore_ascii_case(MARK)))
}

/// The guest's address at home: `ana_example.com#EXT#@here.example` is ana@example.com, and so is `urn:spo:guest#ana@example.com`.
pub(super) fn home_address(user_id: &str) -> Option<String> {
    if let Some((claim, home)) = user_id.split_once('#')
        && claim.eq_ignore_ascii_case("urn:spo:guest")
    {
        return address::email(home).map(Cow::into_owned);
    }
    let encoded = user_id.get(..guest_mark(user_id)?)?;
    // A claim stands before the name in some workloads: `i:0#.f|membership|ana_example.com#ext#@...`.
    let encoded = encoded.rsplit('|').next().unwrap_or(encoded);
    let (local, domain) = encoded.rsplit_once('_')?;
    address::email(&format!("{local}@{domain}")).map(Cow::into_owned)
}

/// The part of `AppAccessContext` that has columns.
#[derive(Default)]
struct AppAccessContext<'a> {
    session_id: Text<'a>,
    client_app_id: Text<'a>,
    client_app_name: Text<'a>,
}

impl<'a> AppAccessContext<'a> {
    /// Nearly every record has one, so it is walked without a typed parse.
    fn of(json: &'a str) -> Self {
        let mut context = Self::default();
        let take = |name: &str, raw: &'a str| match name {
            "AADSessionId" => context.session_id = decode(raw),
            "ClientAppId" => context.client_app_id = decode(raw),
            "ClientAppName" => context.client_app_name = decode(raw),
            _ => {}
        };
        // What is no object has nothing to say.
        members(json, take).ok();
        context
    }
}

fn fill_client<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let context = AppAccessContext::of(fields.raw(Key::AppAccessContext));
    event.app_id = fields.first(&[Key::ApplicationId, Key::ClientAppId, Key::AppId]).or(context.client_app_id);
    event.app_name = fields.first(&[Key::ApplicationDisplayName, Key::ClientAppName, Key::Application]).or(context.client_app_name);
    event.session_id = fields.text(Key::SessionId).or(context.session_id);
    event.src_ip = [Key::ClientIp, Key::ClientIpAddress, Key::ActorIpAddress].into_iter().find_map(|key| ip(fields.text(key)?));
    event.user_agent = fields.first(&[Key::UserAgent, Key::ClientInfoString]);
    event.client_class = client_class(event);
}

/// What the program is: an app of Microsoft's that acts by itself, else what the user agent shows, else what acts is a program.
pub(super) fn client_class(event: &Event<'_>) -> Option<ClientClass> {
    let by_app = event.app_id.as_deref().and_then(client::from_microsoft_app);
    let by_itself = by_app.filter(|class| *class != ClientClass::Interactive);
    let by_agent = || event.user_agent.as_deref().and_then(client::from_user_agent);
    let by_actor = || (event.actor_class == Some(ActorClass::Service)).then_some(ClientClass::Api);
    by_itself.or_else(by_agent).or_else(by_actor).or(by_app)
}

/// `address::ip` that keeps the borrow where nothing has to change.
fn ip(text: Cow<'_, str>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => address::ip(text),
        Cow::Owned(text) => address::ip(&text).map(|ip| Cow::Owned(ip.into_owned())),
    }
}

fn fill_device<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.device_name = fields.first(&[Key::DeviceDisplayName, Key::DeviceName, Key::MachineId]);
    event.device_managed = Str(fields.text(Key::IsManagedDevice)).bool();
    // Some workloads number the platforms; what the numbers mean differs between them, so they stay in the attributes.
    event.os = fields.text(Key::Platform).filter(|platform| platform.bytes().any(|b| b.is_ascii_alphabetic()));
    if fields.has(Key::DeviceProperties) {
        let properties: Vec<Pair<'a>> = fields.list(Key::DeviceProperties);
        let take = |known: &mut Text<'a>, name: &str| {
            if known.is_none() {
                *known = pair(&properties, name);
            }
        };
        take(&mut event.os, "OS");
        take(&mut event.device_name, "DisplayName");
        take(&mut event.session_id, "SessionId");
        let managed = pair(&properties, "IsCompliantAndManaged").or_else(|| pair(&properties, "IsManaged"));
        event.device_managed = event.device_managed.or_else(|| Str(managed).bool());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_have_their_address_at_home() {
        for (user_id, expected) in [
            ("ana_example.com#EXT#@tenant.example.org", Some("ana@example.com")),
            ("ana_b_lee_example.com#ext#@tenant.example.org", Some("ana_b_lee@example.com")),
            ("i:0#.f|membership|ana_example.com#ext#@tenant.example.org", Some("ana@example.com")),
            ("urn:spo:guest#Ana@Example.com", Some("ana@example.com")),
            ("urn:spo:anon#0123", None),
            ("ana@example.com", None),
            ("#ext#", None),
            ("#", None),
        ] {
            assert_eq!(home_address(user_id).as_deref(), expected, "{user_id}");
        }
    }

    #[test]
    fn the_class_follows_from_name_and_type() {
        for (user_id, user_type, expected) in [
            ("ana@example.com", "0", Some(ActorClass::Human)),
            ("ana@example.com", "Admin", Some(ActorClass::Human)),
            ("ana_example.org#EXT#@example.com", "0", Some(ActorClass::Guest)),
            ("urn:spo:anon#0123", "0", Some(ActorClass::Guest)),
            ("app@sharepoint", "0", Some(ActorClass::Service)),
            ("ServicePrincipal_1", "4", Some(ActorClass::Service)),
            ("SHAREPOINT\\system", "0", Some(ActorClass::System)),
            ("NT AUTHORITY\\SYSTEM (Microsoft.Exchange)", "3", Some(ActorClass::System)),
            ("DlpAgent", "4", Some(ActorClass::System)),
            ("ana@example.com", "77", None),
        ] {
            assert_eq!(class(Some(user_id), Some(user_type)), expected, "{user_id} {user_type}");
        }
    }
}
