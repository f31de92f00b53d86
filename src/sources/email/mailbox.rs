//! Mail addresses as headers and gateways write them: `"Lee, Ana" <ana@example.com>, bo@example.com`.

use std::borrow::Cow;

use crate::event::Text;
use crate::sources::address;

/// Lists longer than this are cut: no mail goes to more.
const MAILBOXES_MAX: usize = 10_000;

/// One mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mailbox<'a> {
    /// The display name.
    pub(super) name: Text<'a>,
    /// The address in lower case.
    pub(super) address: Cow<'a, str>,
}

/// The mailboxes of a list parted by commas or semicolons, quoted names respected. What has no address is passed over.
pub(super) fn parse(text: &str) -> Vec<Mailbox<'_>> {
    let mut found = Vec::new();
    let mut quoted = false;
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' | b';' if !quoted => {
                found.extend(text.get(start..at).and_then(one));
                start = at + 1;
            }
            _ => {}
        }
        if found.len() >= MAILBOXES_MAX {
            return found;
        }
    }
    found.extend(text.get(start..).and_then(one));
    found
}

/// One mailbox: an address, or a name and an address in angle brackets. A message trace adds `##status` to each.
fn one(text: &str) -> Option<Mailbox<'_>> {
    let text = text.split("##").next().unwrap_or(text).trim();
    let Some((name, rest)) = text.rsplit_once('<') else { return Some(Mailbox { name: None, address: address::email(text)? }) };
    let name = name.trim().trim_matches('"').trim();
    let address = address::email(rest.split('>').next()?)?;
    Some(Mailbox { name: (!name.is_empty()).then_some(Cow::Borrowed(name)), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_brackets_and_lists_are_read() {
        for (text, expected) in [
            ("ana@example.com", vec![(None, "ana@example.com")]),
            ("Ana Lee <Ana@Example.com>", vec![(Some("Ana Lee"), "ana@example.com")]),
            ("\"Lee, Ana\" <ana@example.com>; bo@example.com", vec![(Some("Lee, Ana"), "ana@example.com"), (None, "bo@example.com")]),
            ("ana@example.com##Receive, Deliver;bo@example.com##Fail", vec![(None, "ana@example.com"), (None, "bo@example.com")]),
            ("<>", vec![]),
            ("undisclosed-recipients:;", vec![]),
        ] {
            let found = parse(text);
            let found: Vec<(Option<&str>, &str)> = found.iter().map(|one| (one.name.as_deref(), one.address.as_ref())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
