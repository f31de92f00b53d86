//! Credential words in search queries and titles: what somebody looks for who looks for credentials.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use serde::Deserialize;

use super::languages::{ENGLISH, LANGUAGES, MARKS, Senses, VOCABULARY};
use super::scene;

/// The lists of `udfs/words/search.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    terms: Vec<String>,
    owners: Vec<String>,
    topics: Vec<String>,
}

/// What a service's name stands before in searches: "sendgrid key".
const OWNED: &[&str] = &["key", "keys", "token", "tokens", "pat", "pats", "secret", "secrets", "creds"];

struct Lists {
    terms: AhoCorasick,
    /// For each term whether it takes endings.
    open: Vec<bool>,
    topics: AhoCorasick,
}

/// Both lists, compiled once. The file is part of the program: a test parses it.
static LISTS: LazyLock<Option<Lists>> = LazyLock::new(|| {
    let words: Words = toml::from_str(include_str!("../../words/search.toml")).ok()?;
    let mut terms: BTreeMap<String, bool> = BTreeMap::new();
    let owned = words.owners.iter().flat_map(|owner| OWNED.iter().map(move |what| format!("{owner} {what}")));
    for term in owned.chain(words.terms) {
        terms.insert(term.trim_end_matches('*').to_owned(), term.ends_with(['*', '_', '-', '.']));
    }
    // What announces a password in a sentence names one in a search, unless it says other things as often.
    for marked in LANGUAGES.iter().flat_map(|language| &language.password).filter(|marked| !marked.starts_with('?')) {
        let term = marked.trim_matches('~').to_lowercase();
        *terms.entry(term).or_default() |= marked.ends_with('~');
    }
    let automaton = |list: &[String]| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(list).ok();
    let (terms, open): (Vec<String>, Vec<bool>) = terms.into_iter().unzip();
    Some(Lists { terms: automaton(&terms)?, open, topics: automaton(&words.topics)? })
});

fn is_letter_script_with_blanks(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Whether `text[start..end]` does not run on into other letters.
fn stands_alone(text: &str, start: usize, end: usize, open_end: bool) -> bool {
    let inner_first = text[start..end].chars().next();
    let inner_last = text[start..end].chars().next_back();
    let before = text[..start].chars().next_back();
    let behind = text[end..].chars().next();
    let joins = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_letter_script_with_blanks) && outer.is_some_and(is_letter_script_with_blanks)
    };
    !joins(inner_first, before) && (open_end || !joins(inner_last, behind))
}

/// The credential words in the text, lower-case, each once, in order of place. None where the text is about credentials (a policy, a
/// reset) or about something else that shares the word.
pub fn terms(text: &[u8]) -> Vec<String> {
    let Some(lists) = LISTS.as_ref() else { return Vec::new() };
    let text = String::from_utf8_lossy(text).to_lowercase();
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(hit) = lists.terms.find(Input::new(&text).range(at..)) {
        let open = lists.open.get(hit.pattern().as_usize()).copied().unwrap_or_default();
        if stands_alone(&text, hit.start(), hit.end(), open) {
            let word = text[hit.range()].to_owned();
            if !found.contains(&word) {
                found.push(word);
            }
            at = hit.end();
        } else {
            // A part of a longer word may hide a word of its own: "wifi pass" in "wifi password".
            at = hit.start() + text[hit.start()..].chars().next().map_or(1, char::len_utf8);
        }
    }
    if found.is_empty() {
        found.extend(code_of_a_place(&text));
    }
    if !found.is_empty() && is_topic(&text) {
        found.clear();
    }
    found
}

/// `alarm pin`, `code garage`: a code and what it opens, in a text that is no more than a search.
fn code_of_a_place(text: &str) -> Option<String> {
    const BYTES_MAX: usize = 48;
    if text.len() > BYTES_MAX {
        return None;
    }
    let code = |word: &&str| CODES.contains(*word);
    let word = scene::words(text).find(code)?;
    let place = scene::words(text).any(|other| other != word && VOCABULARY.senses(other, ENGLISH).any(Senses::PLACE));
    place.then(|| word.to_owned())
}

/// Words for codes in every language.
static CODES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let marked = LANGUAGES.iter().flat_map(|language| language.code.iter().chain(&language.combination).chain(&language.pin));
    // A thing that has a lock is no word for its code.
    let thing = |word: &&String| word.starts_with('?') && VOCABULARY.senses_anywhere(word.trim_matches(MARKS)).any(Senses::PLACE);
    marked.filter(|word| !thing(word)).map(|word| word.trim_matches(MARKS).to_lowercase()).collect()
});

/// Whether a (lower-case) text speaks about credentials rather than asking for or holding one.
pub(super) fn is_topic(text: &str) -> bool {
    LISTS.as_ref().is_some_and(|lists| {
        lists.topics.find_iter(text).any(|hit| {
            // Longer words also head compounds (`richtlinien`); short ones must end where they end. Some end them (`lösenordspolicy`).
            const COMPOUND_BYTES_MIN: usize = 7;
            const ENDS: &[&str] = &["policy", "politik", "richtlinie"];
            stands_alone(text, hit.start(), hit.end(), hit.len() >= COMPOUND_BYTES_MIN) || ENDS.contains(&&text[hit.range()])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{LISTS, terms};

    #[test]
    fn the_lists_are_there() {
        assert!(LISTS.is_some());
    }

    #[test]
    fn words_are_found_with_boundaries_variants_and_languages() {
        let cases: &[(&str, &[&str])] = &[
            ("Password vpn", &["password"]),
            ("API Key prod", &["api key"]),
            ("login admin staging pw", &["login", "pw"]),
            ("пароль от vpn", &["пароль"]),
            ("管理者 パスワード 本番", &["パスワード"]),
            ("mot de passe serveur", &["mot de passe"]),
            ("ghp_ OR github_pat_", &["ghp_", "github_pat_"]),
            ("passport expiry", &[]),
            ("compass", &[]),
            ("secret santa", &[]),
            ("password policy pdf", &[]),
            ("design tokens spacing", &[]),
            ("keyboard layout", &[]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(terms(text.as_bytes()), *expected, "{text}");
        }
    }
}
