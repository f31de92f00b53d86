//! Fills the slots of [`super::phrases`] and dresses text the way each platform writes it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::ids::{Hex, Uuid};
use super::phrases;
use super::words::{FIRST, TOPICS};

/// One of `list`.
pub(super) fn pick<'l, T: ?Sized>(rng: &mut ChaCha8Rng, list: &[&'l T]) -> &'l T {
    list[rng.random_range(0..list.len() as u32) as usize]
}

/// What somebody says: one to three sentences, sometimes about credentials without giving one.
pub(super) fn talk(rng: &mut ChaCha8Rng, language: &str, projects: &[String]) -> String {
    let mut text = String::with_capacity(160);
    let own = match language {
        "de" => phrases::GERMAN,
        "ja" => phrases::JAPANESE,
        "pt" => phrases::PORTUGUESE,
        "fr" => phrases::FRENCH,
        "es" => phrases::SPANISH,
        _ => phrases::ENGLISH,
    };
    if rng.random_ratio(1, 60) {
        fill(&mut text, pick(rng, phrases::CREDENTIAL_TALK), rng, projects, "");
        return text;
    }
    let list = if rng.random_bool(0.5) { own } else { phrases::ENGLISH };
    for sentence in 0..rng.random_range(1..=3) {
        if sentence > 0 {
            text.push(if rng.random_ratio(1, 12) { '\n' } else { ' ' });
        }
        fill(&mut text, pick(rng, list), rng, projects, "");
    }
    text
}

/// What a build bot says.
pub(super) fn bot(rng: &mut ChaCha8Rng, projects: &[String]) -> String {
    let mut text = String::new();
    fill(&mut text, pick(rng, phrases::BOT), rng, projects, "");
    text
}

/// A text around a secret.
pub(super) fn around(rng: &mut ChaCha8Rng, list: &[&str], projects: &[String], secret: &str) -> String {
    let mut text = String::new();
    fill(&mut text, pick(rng, list), rng, projects, secret);
    text
}

/// Appends `phrase` with its slots filled.
fn fill(text: &mut String, phrase: &str, rng: &mut ChaCha8Rng, projects: &[String], secret: &str) {
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((slot, after)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        fill_slot(text, slot, rng, projects, secret);
        rest = after;
    }
    text.push_str(rest);
}

fn fill_slot(text: &mut String, slot: &str, rng: &mut ChaCha8Rng, projects: &[String], secret: &str) {
    // The first two projects are confidential: nobody chats about them in passing.
    let project = |rng: &mut ChaCha8Rng| projects[rng.random_range(2..projects.len() as u32) as usize].as_str();
    match slot {
        "name" => text.push_str(pick(rng, FIRST)),
        "project" => text.push_str(project(rng)),
        "topic" => text.push_str(pick(rng, TOPICS)),
        "n" => text.push_str(&rng.random_range(2..900_u32).to_string()),
        "time" => text.push_str(&format!("{}:{}0", rng.random_range(8..18_u32), rng.random_range(0..6_u32))),
        "day" => text.push_str(pick(rng, &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"])),
        "hash" => text.push_str(&Hex(rng.random(), 8).to_string()),
        "commit" => text.push_str(&Hex(rng.random(), 40).to_string()),
        "digest" => text.push_str(&Hex(rng.random(), 64).to_string()),
        "uuid" => text.push_str(&Uuid(rng.random()).to_string()),
        "ticket" => text.push_str(&format!("{}-{}", project(rng).to_uppercase(), rng.random_range(10..2_000_u32))),
        "link" => text.push_str(&format!("https://wiki.example.com/{}/{}", project(rng), rng.random_range(100..9_999_u32))),
        "secret" => text.push_str(secret),
        // The key that a vendor's documentation shows to everybody.
        "aws_example" => text.push_str(concat!("AKIA", "IOSFODNN7EXAMPLE")),
        // A brace that opens no slot stands for itself.
        other => {
            text.push('{');
            text.push_str(other);
            text.push('}');
        }
    }
}

/// Text as Slack stores it: three characters escaped, web addresses in angle brackets.
pub(super) fn slack(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        let (before, from_link) = rest.split_at(at);
        escape(&mut written, before);
        let end = from_link.find(|c: char| c.is_whitespace() || matches!(c, ')' | '`' | '<' | '>' | '"')).unwrap_or(from_link.len());
        let (link, after) = from_link.split_at(end);
        written.push('<');
        escape(&mut written, link);
        written.push('>');
        rest = after;
    }
    escape(&mut written, rest);
    written
}

/// Text as HTML of a Teams message; a fenced block becomes a code block.
pub(super) fn html(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 32);
    for (at, part) in text.split("```").enumerate() {
        let part = if at > 0 { part.trim_matches('\n') } else { part };
        if part.is_empty() {
            continue;
        }
        let (open, close) = if at % 2 == 1 { ("<codeblock class=\"\"><code>", "</code></codeblock>") } else { ("<p>", "</p>") };
        written.push_str(open);
        let mut escaped = String::with_capacity(part.len());
        escape(&mut escaped, part);
        written.push_str(&escaped.replace('\n', "<br>").replace('"', "&quot;"));
        written.push_str(close);
    }
    written
}

fn escape(written: &mut String, text: &str) {
    let mut clean = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        // These three are ASCII: both sides of them are whole characters.
        written.push_str(text.get(clean..at).unwrap_or_default());
        written.push_str(escaped);
        clean = at + 1;
    }
    written.push_str(text.get(clean..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_slot_of_every_phrase_is_known() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let projects = ["a", "b", "c"].map(String::from);
        let lists = [
            phrases::ENGLISH,
            phrases::GERMAN,
            phrases::JAPANESE,
            phrases::PORTUGUESE,
            phrases::FRENCH,
            phrases::SPANISH,
            phrases::CREDENTIAL_TALK,
            phrases::AROUND_A_TOKEN,
            phrases::AROUND_A_PASSWORD,
            phrases::BOT,
        ];
        for phrase in lists.concat() {
            let mut text = String::new();
            fill(&mut text, phrase, &mut rng, &projects, "SECRET");
            assert!(!text.contains('{') || phrase.contains("${"), "{phrase} -> {text}");
        }
    }

    #[test]
    fn platforms_dress_text_in_their_own_way() {
        assert_eq!(slack("a < b & see https://x.example.com/?a=1&b=2 ok"), "a &lt; b &amp; see <https://x.example.com/?a=1&amp;b=2> ok");
        assert_eq!(html("use\n```\nx=\"1\"\n```"), "<p>use<br></p><codeblock class=\"\"><code>x=&quot;1&quot;</code></codeblock>");
    }
}
