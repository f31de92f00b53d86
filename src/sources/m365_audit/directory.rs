//! Entra ID (Azure Active Directory) inside the unified log: sign-ins, consents, roles, apps.

use std::borrow::Cow;

use serde::Deserialize;

use super::fields::{Fields, Key, Pair, pair};
use crate::event::{Action, Event, Outcome, Surface, Text};
use crate::sources::lenient::Str;

/// Error numbers of sign-ins that a conditional access policy stopped.
const BLOCKED_BY_POLICY: std::ops::RangeInclusive<i64> = 53_000..=53_004;

/// `Type` of an entry in `Actor` or `Target` that is a display name, and one that is a principal name.
const NAME: &str = "1";
const PRINCIPAL_NAME: &str = "5";

/// Fills who did it if the user id does not say, to whom or what, and what the sign-in shows of the client.
pub(super) fn fill<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.surface = Surface::Identity;
    let actors: Vec<Pair<'a>> = fields.list(Key::ActorList);
    if event.actor_email.is_none()
        && let Some(principal_name) = of_type(&actors, PRINCIPAL_NAME).filter(|name| name.contains('@'))
    {
        super::actor::name_actor(principal_name, event);
    }
    if event.app_name.is_none() {
        event.app_name = of_type(&actors, NAME);
    }
    fill_target(fields, event);
    fill_agent(fields, event);
    let stopped = fields.count(Key::ErrorNumber).is_some_and(|number| BLOCKED_BY_POLICY.contains(&number));
    if stopped {
        event.outcome = Outcome::Blocked;
    }
}

fn of_type<'a>(entries: &[Pair<'a>], kind: &str) -> Text<'a> {
    entries.iter().find(|entry| entry.value.get() == Some(kind)).and_then(|entry| entry.name.text())
}

fn fill_target<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let targets: Vec<Pair<'a>> = fields.list(Key::TargetList);
    event.target = of_type(&targets, PRINCIPAL_NAME).or_else(|| of_type(&targets, NAME)).or_else(|| fields.text(Key::ObjectId));
    event.target = event.target.take().map(|target| super::actor::lower_email(&target).unwrap_or(target));
    const KINDS: &[(&str, &str)] = &[
        ("User", "user"),
        ("ServicePrincipal", "app"),
        ("Application", "app"),
        ("Group", "group"),
        ("Device", "device"),
        ("Role", "role"),
        ("Directory", "tenant"),
    ];
    let kind = |entry: &Pair<'a>| KINDS.iter().find(|(name, _)| entry.name.get() == Some(name)).map(|(_, kind)| *kind);
    event.target_type = targets.iter().find_map(kind).map(Cow::Borrowed);
    if event.action == Action::PermissionChanged
        && of_type(&targets, PRINCIPAL_NAME).is_none()
        && let Some((who, kind)) = holder(fields)
    {
        event.target = Some(super::actor::lower_email(&who).unwrap_or(who));
        event.target_type = Some(Cow::Borrowed(kind));
    }
}

/// Who holds the role in an app that an assignment gives or takes: its `Target` is the app, and the user or group stands among what changed.
fn holder<'a>(fields: &Fields<'a>) -> Option<(Cow<'a, str>, &'static str)> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Modified<'a> {
        #[serde(borrow)]
        name: Str<'a>,
        #[serde(borrow)]
        new_value: Str<'a>,
        #[serde(borrow)]
        old_value: Str<'a>,
    }
    let modified: Vec<Modified<'a>> = fields.list(Key::ModifiedProperties);
    if !modified.iter().any(|property| property.name.get().is_some_and(|name| name.starts_with("AppRole."))) {
        return None;
    }
    let value = |name: &str| {
        let property = modified.iter().find(|property| property.name.get() == Some(name))?;
        let text = property.new_value.get().or(property.old_value.get())?;
        // Newer records write each value as a JSON string or a list of one.
        let bare = text.trim_matches(|c: char| c.is_whitespace() || "[]\"".contains(c));
        (!bare.is_empty()).then(|| Cow::Owned(bare.to_owned()))
    };
    let named = [("User.UPN", "user"), ("User.ObjectID", "user"), ("Group.DisplayName", "group"), ("Group.ObjectID", "group")];
    named.into_iter().find_map(|(name, kind)| Some((value(name)?, kind)))
}

fn fill_agent<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    if event.user_agent.is_some() || !fields.has(Key::ExtendedProperties) {
        return;
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Details {
        #[serde(rename = "User-Agent")]
        user_agent: Option<String>,
    }
    let properties: Vec<Pair<'a>> = fields.list(Key::ExtendedProperties);
    event.user_agent = pair(&properties, "UserAgent").or_else(|| {
        let details = pair(&properties, "additionalDetails")?;
        let details: Details = serde_json::from_str(&details).ok()?;
        Str(details.user_agent.map(Cow::Owned)).0
    });
    if event.client_class.is_none() {
        event.client_class = super::actor::client_class(event);
    }
}
