//! People's own words: "the password is …", "pw: …", "login admin / …", in many languages.
//!
//! A keyword says that a credential may be near. The pieces of text behind it (and, more rarely, before it) are weighed: by their own
//! shape, by how they are joined to the keyword, and by what the sentence speaks of (`features`). No dictionary of sentences: a value
//! that is a plain word needs quotes or an assignment, a value that nobody would write as a word needs little.

mod above;
mod answer;
mod before;
mod hope;
mod label;
mod link;
mod look;
mod phrase;
mod spelled;

pub use hope::SETTING;

use std::ops::Range;

use super::bare::Topic;
use super::boundary::{bounded, grown_before, is_letter, is_unspaced, valid_prefix, valid_suffix};
use super::evidence::Evidence;
use super::glance::{self, Places};
use super::keywords::{Class, KEYWORDS, Keyword};
use super::known;
use super::languages::{ENGLISH, Senses, Tongue, VOCABULARY, WORD_BYTES_MAX, lowered};
use super::lookalike::is_email;
use super::pair;
use super::placeholder;
use super::ruleset::{Candidate, RuleNumber};
use super::scene::{self, Scene};
use super::shape::is_common;
use super::sighting::{Link, Reading, Sighting, ends_line};
use super::table;
use super::tokens::{Token, is_entity, tokens};
use look::{holds_number, holds_unusual, is_beside_digits, may_be_joined, may_hold_value, may_say_value};

/// A rule of the grammar.
#[derive(Debug)]
pub struct WordRule {
    /// The rule's id beside those of the rule files.
    pub id: &'static str,
    /// What it finds.
    pub kind: &'static str,
}

/// The place among [`WORD_RULES`] of the rule for passwords.
pub const PASSWORD_RULE: u32 = 0;

/// The grammar's rules.
pub const WORD_RULES: &[WordRule] = &[
    WordRule { id: "words-password", kind: "password" },
    WordRule { id: "words-pin", kind: "pin" },
    WordRule { id: "words-secret", kind: "api_key" },
    WordRule { id: "words-login", kind: "login" },
    WordRule { id: "words-recovery", kind: "recovery_code" },
    WordRule { id: "words-seed", kind: "one_time_seed" },
];

/// The keywords whose literals lead here.
pub fn keywords() -> &'static [Keyword] {
    &KEYWORDS
}

/// The password in the range, where what speaks for it is enough.
pub fn password(range: Range<usize>, evidence: &Evidence) -> Option<Candidate> {
    let rule = RuleNumber::Words(PASSWORD_RULE);
    let candidate = || Candidate { rule, range, confidence: evidence.confidence(), test: evidence.for_it(), inner: None };
    evidence.passes().then(candidate)
}

/// What the keyword speaks of, where that is passwords or logins.
pub fn topic(number: u32) -> Option<Topic> {
    let keyword = KEYWORDS.get(number as usize)?;
    match keyword.class {
        Class::Password if !keyword.shared => Some(Topic::Password),
        Class::Password | Class::Login | Class::Spelling => Some(Topic::Login),
        _ => (keyword.opens || keyword.keyed).then_some(Topic::Login),
    }
}

/// Bytes behind and before a keyword that are read.
const BEHIND_BYTES: usize = 320;
const BEFORE_BYTES: usize = 120;

/// Pieces of text behind a keyword that are weighed.
const TOKENS_MAX: usize = 24;

/// Weighs what stands around the keyword at `place` and hands on the candidates that may stand; `all` asks also for those that fall. Says
/// whether the keyword is a word of its own there.
pub fn judge(text: &[u8], place: Range<usize>, number: u32, all: bool, found: &mut impl FnMut(Candidate)) -> bool {
    let Some(keyword) = KEYWORDS.get(number as usize) else { return false };
    match keyword.class {
        Class::Pair => pair::judge(text, place, keyword, found),
        Class::Known => known::judge(text, place, keyword, found),
        Class::Arrow => pair::pointed(text, place, keyword, found),
        Class::Answer => answer::judge(text, place, keyword, found),
        _ => return !is_tag_name(text, &place) && judge_word(text, place, keyword, all, found),
    }
    false
}

/// Weighs what stands around a keyword that speaks of what stands beside it; says whether it is a word of its own.
fn judge_word(text: &[u8], place: Range<usize>, keyword: &Keyword, all: bool, found: &mut impl FnMut(Candidate)) -> bool {
    let blank = keyword.text.len() - keyword.text.trim_start().len();
    if blank > 0 && place.end < text.len() {
        return false;
    }
    // Most words for codes and most "it's" end here, before anybody looks whether they are words of their own.
    let numbers = matches!(keyword.class, Class::Pin | Class::Code | Class::Combination);
    let typed = keyword.class == Class::Act && keyword.keyed;
    let near = |end: usize| text.get(end..(end + BEHIND_BYTES).min(text.len())).unwrap_or_default();
    if numbers && !(holds_number(text, &place) && (!keyword.keyed || is_beside_digits(text, &place)))
        || (keyword.class == Class::Says || typed) && !may_say_value(near(place.end))
    {
        return false;
    }
    let Some(place) = bounded(text, place.start + blank..place.end, keyword) else { return false };
    if keyword.class == Class::Code && !opens_something(text, place.start, keyword) {
        return true;
    }
    let mut reader = Reader::new(text, place.clone(), keyword);
    reader.all = all;
    let behind = near(place.end);
    // What stands in the column of a word stands on the lines below it, and other columns' values between.
    if matches!(keyword.class, Class::Password | Class::Pin | Class::Code) {
        let mut some = false;
        table::judge(&mut reader, &mut |candidate| {
            some |= candidate.accepted();
            found(candidate);
        });
        if some {
            return true;
        }
    }
    let places = if all { None } else { Some(glance::behind(keyword, behind)) };
    if places.as_ref().is_none_or(|places| !places.is_empty()) && reader.look_behind(behind, places, found) {
        return true;
    }
    reader.above(found);
    if keyword.class == Class::Spelling {
        reader.spelled(found);
    }
    if numbers || matches!(keyword.class, Class::Password | Class::Login | Class::Spelling | Class::Act) && !typed {
        let start = place.start.saturating_sub(BEFORE_BYTES);
        let before = text.get(start..place.start).unwrap_or_default();
        if !holds_unusual(before) {
            return true;
        }
        let line = valid_suffix(before).rsplit('\n').next().unwrap_or_default();
        reader.base = place.start - line.len();
        reader.stretch = line;
        if all || glance::before(keyword.class, line.as_bytes()).is_some_and(|from| reader.may_find_before(from)) {
            reader.before(found);
        }
    }
    true
}

/// Whether the word is the name of a tag of markup: `<code>`.
fn is_tag_name(text: &[u8], place: &Range<usize>) -> bool {
    let before = text.get(..place.start).unwrap_or_default();
    text.get(place.start..place.end) == Some(b"code")
        && text.get(place.end) == Some(&b'>')
        && (before.ends_with(b"<") || before.ends_with(b"</") || before.ends_with(b"&lt;") || before.ends_with(b"&lt;/"))
}

/// Whether the letters that a code grew together with name what it opens (`Türcode`), where there are such letters.
fn opens_something(text: &[u8], start: usize, keyword: &Keyword) -> bool {
    let front = grown_before(text, start);
    let mut buffer = [0; WORD_BYTES_MAX];
    front.is_empty()
        || VOCABULARY.senses(front, keyword.tongue).any(Senses::PLACE)
        || lowered(front, &mut buffer).is_some_and(|word| VOCABULARY.stem(word).any(Senses::PLACE))
}
/// Reads what surrounds one keyword.
pub struct Reader<'t> {
    pub text: &'t [u8],
    /// Where the keyword stands.
    pub place: Range<usize>,
    pub keyword: &'t Keyword,
    /// The language of the sentence, once it had to be known.
    tongue: Option<Tongue>,
    /// Where `stretch` lies in the whole text.
    pub base: usize,
    /// What is being read, before or behind the keyword.
    pub stretch: &'t str,
    scene: Option<Scene>,
    /// Also what falls is asked for.
    pub all: bool,
}

/// Letters and apostrophes alone.
pub fn is_word(value: &str) -> bool {
    if value.bytes().all(|b| b.is_ascii_alphabetic()) {
        return true;
    }
    let letters = |part: &str| part.chars().all(|c| is_letter(c) || matches!(c, '\'' | '’'));
    let value = value.trim_end_matches('!');
    // Letters may be escaped: `ung&uuml;ltig`.
    letters(value)
        || value.contains('&')
            && value.split('&').enumerate().all(|(at, part)| match part.split_once(';') {
                Some((name, rest)) if at > 0 => is_entity(name) && name.len() > 3 && letters(rest),
                _ => at == 0 && letters(part),
            })
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t [u8], place: Range<usize>, keyword: &'t Keyword) -> Self {
        Self { text, base: place.end, place, keyword, tongue: None, stretch: "", scene: None, all: false }
    }

    /// The keyword's language; that of the words around where people of all languages say the keyword.
    pub fn tongue(&mut self) -> Tongue {
        let (own, start, end) = (self.keyword.tongue, self.place.start, self.place.end);
        *self.tongue.get_or_insert_with(|| if own == ENGLISH { scene::tongue(self.text, start, end) } else { own })
    }

    pub fn scene(&mut self) -> Scene {
        let (start, end, tongue) = (self.place.start, self.place.end, self.tongue());
        *self.scene.get_or_insert_with(|| Scene::around(self.text, start, end, tongue))
    }

    fn senses(&mut self, word: &str) -> Senses {
        if word.starts_with(is_unspaced) { VOCABULARY.unspaced(word) } else { VOCABULARY.senses(word, self.tongue()) }
    }

    /// Whether one of the pieces behind the keyword could be a value at all: most keywords end here, before any word is looked up.
    fn hopes(&self) -> bool {
        let letters = |c: char| is_letter(c) || matches!(c, '\'' | '’' | '-' | '.' | '_' | '/');
        tokens(self.stretch).take(TOKENS_MAX).any(|token| {
            let value = self.stretch.get(token.range.clone()).unwrap_or_default();
            token.before.quoted
                || token.before.assigned
                || !value.chars().all(letters)
                || value.chars().skip(1).any(char::is_uppercase)
                || may_be_joined(value.as_bytes())
                || token.alone && value.contains(['-', '_'])
        }) || self.keyword.phrase
    }

    /// Hands on a candidate with what decided. Says whether it passed.
    pub fn hand(&mut self, sighting: &Sighting<'_>, found: &mut impl FnMut(Candidate)) -> bool {
        let number = match self.keyword.class {
            Class::Password | Class::Act | Class::Spelling | Class::Says | Class::Known | Class::Bare | Class::Answer => PASSWORD_RULE,
            Class::Pin | Class::Code | Class::Combination => 1,
            Class::Secret => 2,
            Class::Login | Class::Pair | Class::Arrow => 3,
            Class::Recovery => 4,
            Class::Seed => 5,
        };
        let judged = self.weigh(sighting);
        let (confidence, test) = match &judged {
            Ok(evidence) if evidence.passes() => (evidence.confidence(), evidence.for_it()),
            Ok(evidence) => (0.0, evidence.against_it()),
            Err(test) => (0.0, *test),
        };
        if confidence > 0.0 || sighting.link.direct() {
            let range = self.base + sighting.token.range.start..self.whole_end(self.base + sighting.token.range.end);
            found(Candidate { rule: RuleNumber::Words(number), range, confidence, test, inner: None });
        }
        confidence > 0.0
    }

    /// Where a value ends that the stretch cuts.
    fn whole_end(&self, end: usize) -> usize {
        const VALUE_BYTES_MAX: usize = 8192;
        if end < self.base + self.stretch.len() {
            return end;
        }
        let rest = self.text.get(end..(end + VALUE_BYTES_MAX).min(self.text.len())).unwrap_or_default();
        end + rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/' | b'=')).count()
    }

    /// Reads the bytes behind the keyword, where a value may stand at the places. Says whether it found something.
    fn look_behind(&mut self, bytes: &'t [u8], places: Option<Places>, found: &mut impl FnMut(Candidate)) -> bool {
        let whole = valid_prefix(bytes);
        // The first quote behind a quoted keyword closes it: `"password": "..."`.
        let behind = whole.strip_prefix("\\\"").or(whole.strip_prefix(['"', '\'', '”', '’'])).unwrap_or(whole);
        let ahead = whole.len() - behind.len();
        self.base = self.place.end + ahead;
        self.stretch = behind;
        may_hold_value(behind.as_bytes(), self.keyword)
            && places.is_none_or(|places| self.may_find_behind(&places.behind(ahead)))
            && self.hopes()
            && self.behind(found)
    }

    /// Looks behind the keyword. Says whether it found something.
    fn behind(&mut self, found: &mut impl FnMut(Candidate)) -> bool {
        let stretch = self.stretch;
        let mut reading = Reading { quoted_line: self.in_quoted_line(), ..Reading::default() };
        for (place, token) in tokens(stretch).take(TOKENS_MAX).enumerate() {
            let token = self.whole_number(token);
            let value = stretch.get(token.range.clone()).unwrap_or_default();
            reading.step(&token, place);
            if self.ends_before(&token, value, place, reading) {
                break;
            }
            if let Some(token) = self.phrase(&token, place, reading) {
                let value = stretch.get(token.range.clone()).unwrap_or_default();
                let rest = stretch.get(token.range.end..).unwrap_or_default();
                let link = self.link(&token, place, reading);
                reading.found += u8::from(self.hand(&Sighting { value, token: &token, link, place, reading, rest }, found));
                break;
            }
            let word = !token.before.quoted && is_word(value);
            let senses = if word { self.senses(value) } else { Senses::NONE };
            let link = self.link(&token, place, reading);
            if senses.any(Senses::PASSWORD) && link != Link::Assigned {
                // The next credential word speaks for what stands behind it.
                break;
            }
            let rest = stretch.get(token.range.end..).unwrap_or_default();
            if word && !self.word_may_be(value, &token, link, senses, rest) {
                reading.word(senses, place);
                continue;
            }
            let (token, link) = self.without_user(value, token, link);
            let value = stretch.get(token.range.clone()).unwrap_or_default();
            let passed = self.hand(&Sighting { value, token: &token, link, place, reading, rest }, found);
            reading.found += u8::from(passed);
            reading.last = Senses::NONE;
            reading.address = is_email(value);
            reading.user = !passed && !value.contains([' ', '!', '#', '$']);
            // What is assigned is the value, be it a credential, a placeholder or a variable.
            let single = matches!(self.keyword.class, Class::Password | Class::Secret) && link == Link::Assigned;
            if single && (passed || placeholder::password(value.as_bytes()).is_some()) {
                break;
            }
        }
        reading.found > 0
    }

    /// Whether the keyword is itself a user's name.
    pub fn is_user(&self) -> bool {
        matches!(&*self.keyword.text, "admin" | "administrator" | "root")
    }

    /// Whether the keyword's line is what somebody else wrote, quoted above an answer.
    pub fn in_quoted_line(&self) -> bool {
        const LINE_BYTES_MAX: usize = 160;
        let before = self.text.get(self.place.start.saturating_sub(LINE_BYTES_MAX)..self.place.start).unwrap_or_default();
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = before.get(start..).unwrap_or_default();
        (start > 0 || before.len() < LINE_BYTES_MAX) && (line.starts_with(b">") || line.starts_with(b"&gt;"))
    }

    /// `user:password` and `user//password` in one piece: the value is what stands behind the user.
    fn without_user(&self, value: &str, token: Token, link: Link) -> (Token, Link) {
        if self.keyword.class != Class::Login || token.before.quoted {
            return (token, link);
        }
        let Some((user, password)) = pair::split(value) else { return (token, link) };
        let start = token.range.end - password.len();
        debug_assert!(user.len() < value.len());
        (Token { range: start..token.range.end, ..token }, Link::Divided)
    }

    /// Whether a plain word can be the value: it needs quotes, or an assignment and nothing behind it.
    fn word_may_be(&mut self, value: &str, token: &Token, link: Link, senses: Senses, rest: &str) -> bool {
        let own = self.keyword.class == Class::Password && (!self.keyword.shared || self.scene().before.senses.any(Senses::LOGIN));
        let bare = !token.before.quoted && (link == Link::Assigned || link == Link::Copula);
        own && senses.is_none() && bare && Self::bare_word_may_be(value, rest)
    }

    /// Letters of a plain word that can be a value.
    const BARE_LETTERS_MIN: usize = 5;

    /// Whether a plain word ends its line, or is one that people make passwords of.
    fn bare_word_may_be(value: &str, rest: &str) -> bool {
        let ends = ends_line(rest, &['"', '\'', '`', '*', '_', '.', ' ', '!'])
            || rest.strip_prefix(". ").is_some_and(|next| next.starts_with(char::is_uppercase));
        value.chars().count() >= Self::BARE_LETTERS_MIN
            && value.chars().all(|c| c.is_alphabetic())
            && !value.starts_with(is_unspaced)
            && (ends || is_common(value))
    }
}
