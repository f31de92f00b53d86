//! The answer to a question that only one person knows: "first pet = Bartholomew", "for the mother's maiden name answer Przybylska".

use std::ops::Range;

use super::super::boundary::valid_prefix;
use super::super::evidence::{Evidence, Feature};
use super::super::keywords::Keyword;
use super::super::languages::{Senses, VOCABULARY};
use super::super::placeholder;
use super::super::ruleset::Candidate;
use super::super::scene::asks;
use super::{Reader, password};

/// Bytes behind the question that are read.
const BYTES: usize = 140;

/// Words between the question and its answer, and words of the answer.
const BETWEEN_MAX: usize = 12;
const WORDS_MAX: usize = 4;

/// What gives an answer, beside "is".
const GIVES: &[&str] =
    &["answer", "put", "say", "set", "said", "antwort", "respuesta", "réponse", "risposta", "resposta", "antwoord", "svaret"];

/// Signs around an answer.
const QUOTES: [char; 10] = ['"', '\'', '`', '*', '“', '”', '«', '»', '{', '}'];

/// Markup in which an answer may stand.
const TAGS: &[&str] = &["<b>", "<i>", "<em>", "<strong>", "<code>"];

/// Looks for the answer behind the question at `place`.
pub fn judge(text: &[u8], place: Range<usize>, keyword: &Keyword, found: &mut impl FnMut(Candidate)) {
    let goes_on = text.get(place.end).is_some_and(|b| b.is_ascii_alphanumeric() && !b.eq_ignore_ascii_case(&b's'));
    if goes_on || asks(text, place.end) {
        return;
    }
    let behind = valid_prefix(text.get(place.end..(place.end + BYTES).min(text.len())).unwrap_or_default());
    let mut reader = Reader::new(text, place.clone(), keyword);
    let tongue = reader.tongue();
    let Some(start) = given(behind, |word| VOCABULARY.senses_in(word, tongue).any(Senses::JOIN)) else { return };
    let rest = behind.get(start..).unwrap_or_default();
    let inner = within_markup(rest).trim_start_matches(opens);
    let at = place.end + start + rest.len() - inner.len();
    let value = answer(inner);
    const SPEAKS: Senses =
        Senses::ASK.and(Senses::TOPIC).and(Senses::STATE).and(Senses::NOT).and(Senses::ELSEWHERE).and(Senses::PASSWORD).and(Senses::AT);
    let first = value.split(' ').next().unwrap_or_default();
    let named = value.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let said = value.chars().count() >= 3 && value.split(' ').count() <= WORDS_MAX && !VOCABULARY.senses_in(first, tongue).any(SPEAKS);
    if !said || !named || placeholder::password(value.as_bytes()).is_some() || reader.scene().code {
        return;
    }
    let mut evidence = Evidence::new();
    evidence.add(Feature::Answered);
    evidence.when(Feature::Example, reader.scene().before.senses.any(Senses::EXAMPLE));
    password(at..at + value.len(), &evidence).into_iter().for_each(found);
}

/// Where the answer begins: behind a sign that assigns, or a word that gives it.
fn given(behind: &str, joins: impl Fn(&str) -> bool) -> Option<usize> {
    let mut at = 0;
    for (place, word) in behind.split(' ').enumerate() {
        let end = at + word.len() + 1;
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'');
        if word.ends_with([':', '=']) && !word.starts_with("http") {
            return (end <= behind.len()).then_some(end);
        }
        if place > 0 && (joins(plain) || GIVES.contains(&plain.to_lowercase().as_str())) && !word.ends_with(['.', '?', '!']) {
            // "it's <b>X</b> and we put Y": the last one gives.
            let rest = behind.get(end..).unwrap_or_default();
            let next = within_markup(rest).trim_start_matches(opens);
            if next.starts_with(char::is_uppercase) {
                return Some(end);
            }
        }
        if place >= BETWEEN_MAX || word.ends_with(['?', '!']) || word.contains('\n') {
            return None;
        }
        at = end;
    }
    None
}

/// The text behind the tag that it begins with.
fn within_markup(text: &str) -> &str {
    TAGS.iter().find_map(|tag| text.trim_start().strip_prefix(tag)).unwrap_or(text)
}

/// Whether the text ends with a title that a stop belongs to.
fn is_title(text: &str) -> bool {
    ["Mr", "Mrs", "Ms", "Dr", "St", "Prof", "Sr", "Sra"].contains(&text.rsplit(' ').next().unwrap_or_default())
}

fn opens(c: char) -> bool {
    c == ' ' || QUOTES.contains(&c)
}

/// The answer at the beginning of the text, up to what ends it.
fn answer(text: &str) -> &str {
    let end = text.find([',', ';', '(', '\n', '<', '–', '—', '*', '"', '“', '”', '}', '`', '»']).unwrap_or(text.len());
    let stop = text.match_indices(". ").map(|(at, _)| at).find(|at| !is_title(text.get(..*at).unwrap_or_default()));
    let end = stop.map_or(end, |stop| stop.min(end));
    text.get(..end).unwrap_or_default().trim_end_matches(['.', ' ', '\'', '!'])
}
