//! A message to the person who posted a credential (ATT&CK mitigation M1017, user training): where it stands, how to delete it, how to
//! rotate this kind. Never the credential, and never to anybody else; a chat bot behind a webhook hands it over.

use serde_json::json;

use super::message::Message;
use super::plain::plain;
use super::rotation::advice;
use crate::event::Micros;
use crate::interval::time_text;

/// Detections whose cases are about one person's posting.
pub const DETECTIONS: [&str; 2] = ["credential_in_message", "credential_in_file"];

/// The value of the `change` column of `deliveries` for such a message.
pub const COACHED: &str = "coached";

/// What is known of a posting. Nothing of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coaching {
    /// The poster's own address.
    pub to: String,
    /// The source, `slack_messages` and the like.
    pub source: String,
    /// Chat, ticket, email.
    pub surface: Option<String>,
    /// Where: the channel's name or id.
    pub channel: Option<String>,
    /// The message itself.
    pub permalink: Option<String>,
    /// When.
    pub posted_time: Micros,
    /// The kind of credential; none for a file that is named like a list of them.
    pub kind: Option<String>,
    /// The rule that found it.
    pub rule: Option<String>,
    /// The credential, masked.
    pub masked: Option<String>,
}

impl Coaching {
    /// About nothing, for trying a sink.
    pub fn trial(to: &str, now: Micros) -> Self {
        Self {
            to: to.to_owned(),
            source: "trial".into(),
            surface: None,
            channel: Some("a trial of this bot: nothing was posted".into()),
            permalink: None,
            posted_time: now,
            kind: Some("password".into()),
            rule: None,
            masked: Some("****".into()),
        }
    }

    /// How to take the posting away.
    fn deletion(&self) -> &'static str {
        // A log that came by another way than the platform's own still has the platform's links.
        let link = self.permalink.as_deref().unwrap_or_default();
        let is = |source: &str, host: &str| self.source.starts_with(source) || link.contains(host);
        if is("slack", ".slack.com/") {
            "Open the message, choose More actions, Delete message. Editing is not enough: the old text is kept."
        } else if is("teams", "teams.microsoft.com/") {
            "Open the message, choose More options, Delete."
        } else if self.surface.as_deref() == Some("email") {
            "A mail cannot be called back: rotate the credential first, then ask the people who got it to delete it."
        } else if is("jira", ".atlassian.net/") || is("confluence", ".atlassian.net/") || is("trello", "trello.com/") {
            "Delete the comment, and ask an administrator to remove it from the history."
        } else {
            "Delete it where you posted it."
        }
    }

    fn place(&self) -> String {
        let channel = self.channel.as_deref().map(plain);
        match (self.surface.as_deref(), channel) {
            (_, Some(channel)) => channel,
            (Some("email"), None) => "a mail".into(),
            (_, None) => self.source.clone(),
        }
    }
}

/// The body of the request: fields for a bot that lays messages out, and `text` for one that does not.
pub fn body(message: &Message) -> Vec<u8> {
    let Some(coaching) = &message.coaching else { return Vec::new() };
    let advice = advice(coaching.rule.as_deref(), coaching.kind.as_deref());
    let (place, deletion, posted) = (coaching.place(), coaching.deletion(), time_text(coaching.posted_time));
    let permalink = coaching.permalink.as_deref().map(plain);
    let mut text = format!(
        "On {} a message of yours in {place} held what looks like a credential: {}. People who can read it there can use it.\n",
        posted.get(..10).unwrap_or(&posted),
        advice.what,
    );
    permalink.iter().for_each(|link| text.push_str(&format!("It is here: {link}\n")));
    text.push_str(&format!("1. {deletion}\n"));
    for (number, step) in advice.steps.iter().enumerate() {
        text.push_str(&format!("{}. {step}\n", number + 2));
    }
    text.push_str("If you think that somebody used it, or if this is a mistake, write to security. Nobody else got this message.");
    super::json(&json!({
        "id": message.id,
        "type": "credential_coaching",
        "case_id": message.case_id,
        "alert_id": message.alert_id,
        "to": {"email": plain(&coaching.to)},
        "credential": {"what": advice.what, "kind": coaching.kind, "rule": coaching.rule, "masked": coaching.masked.as_deref().map(plain)},
        "posted": {"time": posted, "place": place, "source": coaching.source, "permalink": permalink},
        "delete": deletion,
        "rotate": advice.steps,
        "text": text,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::message::tests::message;

    #[test]
    fn a_poster_is_told_what_to_do() {
        let mut message = message("A credential (access_key, AKIA****) was posted in #merlin");
        message.coaching = Some(Coaching {
            to: "emil.keller@example.com".into(),
            source: "slack_messages".into(),
            surface: Some("chat".into()),
            channel: Some("#merlin".into()),
            permalink: Some("https://example.slack.com/archives/C1/p1".into()),
            posted_time: 1_772_000_000_000_000,
            kind: Some("access_key".into()),
            rule: Some("aws-access-key-id".into()),
            masked: Some("AKIA****".into()),
        });
        let body: serde_json::Value = serde_json::from_slice(&body(&message)).expect("is JSON");
        insta::assert_snapshot!(serde_json::to_string_pretty(&body).expect("is JSON"));
    }
}
