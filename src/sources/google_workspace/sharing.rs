//! Who may open a file of Drive's after a change of its access: shares, links, and everything else.
//!
//! Opening a file to a domain or to everybody writes a change of the access scope and one of the visibility for the same act. The scope
//! tells of shares with a domain and the visibility of links, so that the act counts once.

use std::borrow::Cow;

use super::parameters::Parameters;
use crate::event::{Action, Event};
use crate::sources::address;

/// Values that give nobody access.
const NO_ACCESS: [&str; 4] = ["none", "private", "unknown", "no_access"];

/// `granted` where somebody gets access who had none, `link` where a link opens the file to more people than before.
pub(super) fn qualifier(name: &str, parameters: &Parameters<'_>) -> Option<&'static str> {
    match name.strip_suffix("_hierarchy_reconciled").unwrap_or(name) {
        "change_user_access" | "change_acl_editors" | "change_document_access_scope" => {
            let to_somebody = parameters.text("target_user").is_some() || target_domain(parameters).is_some();
            (to_somebody && !gives_access(parameters, "old_value") && gives_access(parameters, "new_value")).then_some("granted")
        }
        "change_document_visibility" => link(parameters).map(|_| "link"),
        _ => None,
    }
}

fn gives_access(parameters: &Parameters<'_>, name: &str) -> bool {
    parameters.texts(name).iter().any(|value| !NO_ACCESS.iter().any(|none| value.eq_ignore_ascii_case(none)))
}

/// The link that a change of visibility makes; `None` where the file was as open before.
fn link(parameters: &Parameters<'_>) -> Option<&'static str> {
    let openness = |names: &[&str]| match parameters.text_of(names).as_deref() {
        Some("public" | "public_on_the_web") => 2,
        Some("people_with_link") => 1,
        _ => 0,
    };
    let (old, new) = (openness(&["old_value", "old_visibility"]), openness(&["new_value", "visibility"]));
    match new {
        2 if old < 2 => Some("public"),
        1 if old < 1 => Some("people_with_link"),
        _ => None,
    }
}

/// The domain whose people get access; `all` is everybody and no domain.
fn target_domain(parameters: &Parameters<'_>) -> Option<String> {
    parameters.text("target_domain").filter(|domain| domain.contains('.')).and_then(|domain| address::domain(&domain))
}

/// Sets whom the change is about.
pub(super) fn target<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) {
    let user = parameters.text_of(&["target_user", "target", "new_owner"]);
    // A user's place may hold the name of a domain.
    let domain = match &user {
        Some(user) if !user.contains('@') && user.contains('.') => address::domain(user),
        Some(_) => None,
        None => target_domain(parameters),
    };
    if let Some(domain) = domain {
        event.target_type = Some(Cow::Borrowed("domain"));
        event.target = Some(Cow::Owned(domain.clone()));
        event.target_domain = Some(Cow::Owned(domain));
    } else if event.action == Action::LinkCreated {
        event.target = link(parameters).map(Cow::Borrowed);
        event.target_type = Some(Cow::Borrowed("link"));
    } else {
        super::columns::target_user(event, user);
        if event.action == Action::FileShared {
            event.recipients = event.target.iter().cloned().collect();
        }
    }
}
