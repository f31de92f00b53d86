//! A value that somebody spells out right behind it: "otters hold hands (with the spaces)", "potatosalad, all lower case".

use super::super::bare::line_of;
use super::super::boundary::{valid_prefix, valid_suffix};
use super::super::evidence::{Evidence, Feature};
use super::super::languages::{Senses, VOCABULARY};
use super::super::lookalike::lookalike;
use super::super::placeholder;
use super::super::ruleset::Candidate;
use super::super::scene;
use super::{Reader, password};

/// Bytes before the words that spell it out.
const BYTES: usize = 120;

/// Words of a phrase, and letters of a word alone.
const WORDS_MAX: usize = 8;
const LETTERS_MIN: usize = 7;

/// What stands between a value and the words that spell it out.
const FILLERS: &[&str] = &[
    "yes",
    "with",
    "the",
    "all",
    "in",
    "as",
    "no",
    "it's",
    "its",
    "is",
    "but",
    "and",
    "everything",
    "both",
    "one",
    "a",
    "written",
    "mit",
    "alles",
    "con",
    "todo",
    "lower",
    "upper",
    "case",
    "small",
    "caps",
    "capitals",
    "lowercase",
    "uppercase",
    "letters",
    "tutto",
    "avec",
    "tout",
    "com",
    "tudo",
    "met",
    "med",
    "allt",
    "ze",
    "literally",
    "so",
    "just",
    "please",
    "only",
    "two",
    "three",
];

/// Those of them that nothing but the spelling of a value is said with.
const OUTRIGHT: &[&str] = &["all", "no", "everything", "alles", "todo", "tutto", "tout", "tudo", "allt"];

/// Signs between a value and what is said of it.
const BETWEEN: [char; 7] = [' ', '(', ',', '-', '–', '—', ';'];

/// What closes quotes and markup, and what opens them.
const QUOTES: &[(&str, &str)] = &[
    ("</code>", ">"),
    ("</b>", ">"),
    ("</i>", ">"),
    ("</em>", ">"),
    ("</strong>", ">"),
    ("`", "`"),
    ("\"", "\""),
    ("”", "“"),
    ("“", "„"),
    ("»", "«"),
    ("&quot;", "&quot;"),
    ("}}", "{{"),
    ("*", "*"),
    ("'", "'"),
];

impl Reader<'_> {
    /// Looks at what ends right before the keyword, or what a colon behind it announces.
    pub fn spelled(&mut self, found: &mut impl FnMut(Candidate)) {
        self.announced(found);
        let place = self.place.clone();
        let before = valid_suffix(self.text.get(place.start.saturating_sub(BYTES)..place.start).unwrap_or_default());
        let base = place.start - before.len();
        let ahead = before.trim_end_matches("<p>").trim_end_matches("</p>").trim_end_matches("<br>");
        let line = line_of(ahead);
        let start = ahead.len() - line.len();
        let alone = ahead.len() < before.len();
        let Some((said, outright)) = without_fillers(line, alone) else { return };
        let Some((at, value, quoted)) = quoted(said).or_else(|| self.given(said)) else { return };
        if !self.may_be_spelled(value, quoted) || placeholder::password(value.as_bytes()).is_some() {
            return;
        }
        // Users, addresses and machines are spelled out as well.
        let ahead = said.get(..at).unwrap_or_default();
        let near = ahead.rsplit(['.', '?', '!']).next().unwrap_or_default();
        const OTHER: Senses = Senses::LOGIN.and(Senses::NOT).and(Senses::EXAMPLE);
        let tongue = self.tongue();
        let other =
            scene::words(near).collect::<Vec<_>>().into_iter().rev().take(4).any(|word| VOCABULARY.senses_in(word, tongue).any(OTHER));
        let scene = self.scene();
        if other || scene.log || scene.code {
            return;
        }
        let mut evidence = Evidence::new();
        evidence.add(if value.contains(' ') { Feature::SpelledPhrase } else { Feature::SpelledWord });
        evidence.when(Feature::BareTopic, scene.around.senses.any(Senses::PASSWORD.and(Senses::LOGIN)));
        evidence.when(Feature::BareQuoted, quoted);
        evidence.when(Feature::BareGiven, outright || OUTRIGHT.iter().any(|word| self.keyword.text.starts_with(&format!("{word} "))));
        evidence.scaled(Feature::TopicAround, f64::from(scene.before.topics.min(3)));
        let from = base + start + at;
        password(from..from + value.len(), &evidence).into_iter().for_each(found);
    }

    /// "all lower case: yellowforkliftbanana".
    fn announced(&mut self, found: &mut impl FnMut(Candidate)) {
        let behind = valid_prefix(self.text.get(self.place.end..(self.place.end + BYTES).min(self.text.len())).unwrap_or_default());
        let Some(rest) = behind.strip_prefix(": ") else { return };
        let value = rest.split([' ', '\n', '<', ',', '.', '(', ')']).next().unwrap_or_default();
        if !self.may_be_spelled(value, false) || placeholder::password(value.as_bytes()).is_some() || self.scene().code {
            return;
        }
        let mut evidence = Evidence::new();
        evidence.add(Feature::SpelledWord);
        evidence.add(Feature::BareGiven);
        let start = self.place.end + (behind.len() - rest.len());
        password(start..start + value.len(), &evidence).into_iter().for_each(found);
    }

    /// What a word or a sign gives: the words behind the last "is" or colon.
    fn given<'t>(&mut self, said: &'t str) -> Option<(usize, &'t str, bool)> {
        let tongue = self.tongue();
        let mut start = said.len();
        for (words, part) in said.rsplit(' ').enumerate() {
            if words > WORDS_MAX {
                return None;
            }
            let from = start - part.len();
            let senses = VOCABULARY.senses_in(part.trim_end_matches(':'), tongue);
            let gives = part.ends_with(':') || words > 0 && senses.any(Senses::JOIN.and(Senses::KEYPAD));
            if gives {
                let value = said.get(start + 1..)?;
                return (!value.is_empty()).then_some((start + 1, value, false));
            }
            start = from.checked_sub(1).unwrap_or(from);
            if from == 0 {
                // A message that is nothing but the value and how it is spelled.
                return (words == 0).then_some((0, said, false));
            }
        }
        None
    }

    /// Words that say nothing about passwords, or one of some length.
    fn may_be_spelled(&mut self, value: &str, quoted: bool) -> bool {
        const SPEAKS: Senses =
            Senses::TOPIC.and(Senses::PASSWORD).and(Senses::LOGIN).and(Senses::FAULT).and(Senses::ASK).and(Senses::ELSEWHERE);
        let tongue = self.tongue();
        let says = |word: &str, what: Senses| VOCABULARY.senses_in(word, tongue).any(what);
        let words: Vec<&str> = value.split(' ').collect();
        let typed =
            |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'' | '.' | '!' | '&'));
        if words.len() > 1 {
            let speaks_of = |list: &[&str]| list.iter().any(|word| self.keyword.text.contains(word));
            let spaces = speaks_of(SPACES) && !speaks_of(NONE);
            return (spaces || quoted && words.len() >= 3)
                && words.len() <= WORDS_MAX
                && words.iter().all(typed)
                && !words.iter().any(|word| says(word, SPEAKS));
        }
        typed(&value)
            && value.chars().count() >= LETTERS_MIN
            && value.chars().any(char::is_alphabetic)
            && !says(value, SPEAKS.and(Senses::STATE).and(Senses::JOIN).and(Senses::GIVEN).and(Senses::NAMED))
            && lookalike(value).is_none_or(|reason| reason == "code" && value.contains('-'))
    }
}

/// How words for blanks begin, and what says that there are none.
const SPACES: &[&str] = &[
    "space",
    "blank",
    "leerzeichen",
    "espac",
    "espaç",
    "spaz",
    "spati",
    "mellanslag",
    "mellomrom",
    "mellemrum",
    "spacj",
    "boşluk",
    "пробел",
    "spasi",
    "スペース",
    "띄어쓰기",
    "空格",
];
const NONE: &[&str] = &[
    "no ",
    "without",
    "ohne",
    "sans",
    "sin ",
    "senza",
    "zonder",
    "sem ",
    "utan",
    "uten",
    "uden",
    "bez",
    "boşluksuz",
    "без",
    "なし",
    "没有",
    "없이",
];

/// What is said before the words that stand between a value and how it is spelled, and whether they speak of nothing else; nothing where
/// neither a sign nor such a word divides them.
fn without_fillers(line: &str, divided: bool) -> Option<(&str, bool)> {
    let (mut rest, mut outright) = (line, false);
    loop {
        let trimmed = rest.trim_end_matches(BETWEEN);
        let word = trimmed.rsplit([' ', '(', ',']).next().unwrap_or_default();
        if !word.is_empty() && FILLERS.contains(&word.to_lowercase().as_str()) {
            outright |= OUTRIGHT.contains(&word.to_lowercase().as_str());
            rest = trimmed.get(..trimmed.len() - word.len())?;
        } else {
            let signed = line.get(trimmed.len()..)?.trim_start().starts_with(['(', ',', '-', '–', '—', ';']);
            let some = divided || signed || rest.len() < line.len();
            return (some && !trimmed.is_empty()).then_some((trimmed, divided || signed || outright));
        }
    }
}

/// The text in the quotes that what is said ends with.
fn quoted(said: &str) -> Option<(usize, &str, bool)> {
    let (close, open) = QUOTES.iter().find(|(close, _)| said.ends_with(close))?;
    let inner = said.strip_suffix(close)?;
    let at = inner.rfind(open)? + open.len();
    let value = inner.get(at..)?;
    let lead = value.len() - value.trim_start().len();
    (!value.trim().is_empty()).then_some((at + lead, value.trim(), true))
}
