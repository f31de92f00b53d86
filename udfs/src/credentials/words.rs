//! People's own words: "the password is …", "pw: …", "login admin / …", in many languages.
//!
//! A keyword says that a credential may be near. The pieces of text behind it (and, more rarely, before it) are weighed: by their own
//! shape, by how they are joined to the keyword, and by what the sentence speaks of ([`Evidence`]). No dictionary of sentences: a value
//! that is a plain word needs quotes or an assignment, a value that nobody would write as a word needs little.

mod hope;

use std::ops::Range;

use super::boundary::{bounded, grown_before, is_letter, is_unspaced, valid_prefix, valid_suffix};
use super::documented;
use super::evidence::{Evidence, Feature};
use super::glance;
use super::keywords::{Class, KEYWORDS, Keyword};
use super::languages::{ENGLISH, Senses, Tongue, VOCABULARY, WORD_BYTES_MAX, lowered};
use super::pair;
use super::placeholder;
use super::ruleset::{Candidate, RuleNumber};
use super::scene::{self, Said, Scene, said_behind};
use super::shape::is_common;
use super::table;
use super::tokens::{Token, tokens};
use super::value::is_email;
use super::weigh::{number, password, recovery, secret, seed};

/// A rule of the grammar.
#[derive(Debug)]
pub struct WordRule {
    /// The rule's id beside those of the rule files.
    pub id: &'static str,
    /// What it finds.
    pub kind: &'static str,
}

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

/// Bytes behind and before a keyword that are read.
const BEHIND_BYTES: usize = 320;
const BEFORE_BYTES: usize = 120;

/// Pieces of text behind a keyword that are weighed.
const TOKENS_MAX: usize = 24;

/// Bytes behind a keyword within which a sign can assign.
const ASSIGN_BYTES: usize = 48;

/// A value needs this confidence; see `docs/credentials.md` for what it means.
const CONFIDENCE_MIN: f64 = 0.5;

/// Weighs what stands around the keyword at `place` and hands on the candidates that may stand; `all` asks also for those that fall.
pub fn judge(text: &[u8], place: Range<usize>, number: u32, all: bool, found: &mut impl FnMut(Candidate)) {
    let Some(keyword) = KEYWORDS.get(number as usize) else { return };
    match keyword.class {
        Class::Pair => return pair::judge(text, place, keyword, found),
        Class::Arrow => return pair::pointed(text, place, keyword, found),
        _ => {}
    }
    let blank = keyword.text.len() - keyword.text.trim_start().len();
    if blank > 0 && place.end < text.len() {
        return;
    }
    let Some(place) = bounded(text, place.start + blank..place.end, keyword) else { return };
    let numbers = matches!(keyword.class, Class::Pin | Class::Code | Class::Combination);
    if numbers && !holds_number(text, &place) || keyword.class == Class::Code && !opens_something(text, place.start, keyword) {
        return;
    }
    let end = (place.end + BEHIND_BYTES).min(text.len());
    let whole = valid_prefix(text.get(place.end..end).unwrap_or_default());
    // The first quote behind a quoted keyword closes it: `"password": "..."`.
    let behind = whole.strip_prefix("\\\"").or(whole.strip_prefix(['"', '\'', '”', '’'])).unwrap_or(whole);
    let base = place.end + whole.len() - behind.len();
    let mut reader = Reader::new(text, place.clone(), keyword);
    reader.base = base;
    reader.stretch = behind;
    reader.all = all;
    let hopes = (all || glance::behind(keyword.class, behind.as_bytes()))
        && (keyword.class == Class::Seed || may_hold_value(behind.as_bytes()))
        && (all || reader.may_find_behind())
        && reader.hopes();
    if hopes && reader.behind(found) {
        return;
    }
    if matches!(keyword.class, Class::Password) {
        table::judge(&mut reader, found);
    }
    if numbers || matches!(keyword.class, Class::Password | Class::Login | Class::Act | Class::Spelling) {
        let start = place.start.saturating_sub(BEFORE_BYTES);
        let before = text.get(start..place.start).unwrap_or_default();
        if !before.iter().copied().any(is_unusual) {
            return;
        }
        let line = valid_suffix(before).rsplit('\n').next().unwrap_or_default();
        reader.base = place.start - line.len();
        reader.stretch = line;
        if all || glance::before(keyword.class, line.as_bytes()) && reader.may_find_before() {
            reader.before(found);
        }
    }
}

/// A byte that plain sentences hardly contain.
fn is_unusual(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'+' | b'=' | b'~' | b'@' | b'?')
}

/// Whether a value that could pass stands in the text at all: most sentences about users and keys end here.
fn may_hold_value(text: &[u8]) -> bool {
    let near = text.get(..ASSIGN_BYTES).unwrap_or(text);
    let assigns = |b: u8| matches!(b, b':' | b'"' | b'\'' | b'`' | b'|' | b'/' | b'>') || b >= 0x80;
    near.iter().copied().any(assigns) || text.iter().copied().any(is_unusual)
}

/// Whether digits stand near enough to be the number that opens something: most words for codes end here.
fn holds_number(text: &[u8], place: &Range<usize>) -> bool {
    const NEAR_BYTES: usize = 96;
    const DIGITS_MIN: usize = 3;
    let near = text.get(place.start.saturating_sub(NEAR_BYTES / 2)..(place.end + NEAR_BYTES).min(text.len())).unwrap_or_default();
    near.iter().filter(|b| b.is_ascii_digit()).count() >= DIGITS_MIN
}

/// Whether the letters that a code grew together with name what it opens (`Türcode`), where there are such letters.
fn opens_something(text: &[u8], start: usize, keyword: &Keyword) -> bool {
    let front = grown_before(text, start);
    let mut buffer = [0; WORD_BYTES_MAX];
    front.is_empty()
        || VOCABULARY.senses(front, keyword.tongue).any(Senses::PLACE)
        || lowered(front, &mut buffer).is_some_and(|word| VOCABULARY.stem(word).any(Senses::PLACE))
}

/// How a value is joined to its keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Assigned,
    Late,
    Copula,
    Adjacent,
    Divided,
    UserThen,
    OwnLine,
    Near,
    Reverse,
    ReverseRole,
    Column,
}

impl Link {
    /// Said outright.
    pub(super) fn direct(self) -> bool {
        matches!(self, Self::Assigned | Self::Late | Self::Copula | Self::Column)
    }

    fn feature(self) -> Option<Feature> {
        Some(match self {
            Self::Assigned => Feature::Assigned,
            Self::Late => Feature::Late,
            Self::Copula => Feature::Copula,
            Self::Adjacent => Feature::Adjacent,
            Self::Divided => Feature::Divided,
            Self::UserThen => Feature::UserThen,
            Self::OwnLine => Feature::OwnLine,
            Self::Reverse => Feature::Reverse,
            Self::ReverseRole => Feature::ReverseRole,
            Self::Column => Feature::Column,
            Self::Near => return None,
        })
    }
}

/// What was read between the keyword and a piece of text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// What the words say.
    senses: Senses,
    /// How many of them speak about passwords.
    topics: u8,
    /// What the last word says, where a word stands right before.
    last: Senses,
    /// Where the last word stood that joins.
    joined_at: Option<usize>,
    /// A question ended.
    asked: bool,
    /// Sentences that ended.
    sentences: u8,
    /// Commas between: what is behind one may speak of something else.
    commas: u8,
    /// Pieces before on its line.
    in_line: u8,
    /// Candidates that passed.
    found: u8,
    /// What stands right before may be a user's name.
    user: bool,
    /// It is an address.
    address: bool,
}

impl Reading {
    /// Candidates that passed.
    pub(super) fn found(self) -> u8 {
        self.found
    }

    /// Goes on to the next piece.
    fn step(&mut self, token: &Token, place: usize) {
        self.in_line = if token.before.line { 0 } else { self.in_line.saturating_add(1) };
        self.asked |= token.before.question;
        self.commas += u8::from(token.before.comma && place > 0 && self.commas < 4);
        self.sentences += u8::from(token.before.sentence && !token.before.question && place > 0);
    }

    fn word(&mut self, senses: Senses, place: usize) {
        self.senses = self.senses.and(senses);
        self.topics += u8::from(senses.any(Senses::TOPIC) && self.topics < 4);
        self.last = senses;
        self.user = senses.is_none();
        self.address = false;
        if senses.any(Senses::JOIN) {
            self.joined_at = Some(place);
        }
    }
}

/// A piece of text and how it stands to the keyword.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting<'t> {
    pub value: &'t str,
    pub token: &'t Token,
    pub link: Link,
    /// Pieces between.
    pub place: usize,
    pub reading: Reading,
    /// What follows the value.
    pub rest: &'t str,
}

/// Reads what surrounds one keyword.
pub(super) struct Reader<'t> {
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
    all: bool,
}

/// Letters and apostrophes alone.
pub(super) fn is_word(value: &str) -> bool {
    value.trim_end_matches('!').chars().all(|c| is_letter(c) || matches!(c, '\'' | '’'))
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t [u8], place: Range<usize>, keyword: &'t Keyword) -> Self {
        Self { text, base: place.end, place, keyword, tongue: None, stretch: "", scene: None, all: false }
    }

    /// The keyword's language; that of the words around where people of all languages say the keyword.
    fn tongue(&mut self) -> Tongue {
        let (own, start, end) = (self.keyword.tongue, self.place.start, self.place.end);
        *self.tongue.get_or_insert_with(|| if own == ENGLISH { scene::tongue(self.text, start, end) } else { own })
    }

    fn scene(&mut self) -> Scene {
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
            token.before.quoted || token.before.assigned || !value.chars().all(letters) || value.chars().skip(1).any(char::is_uppercase)
        })
    }

    /// Hands on a candidate with what decided. Says whether it passed.
    pub(super) fn hand(&mut self, sighting: &Sighting<'_>, found: &mut impl FnMut(Candidate)) -> bool {
        let number = match self.keyword.class {
            Class::Password | Class::Act | Class::Spelling | Class::Says => 0,
            Class::Pin | Class::Code | Class::Combination => 1,
            Class::Secret => 2,
            Class::Login | Class::Pair | Class::Arrow => 3,
            Class::Recovery => 4,
            Class::Seed => 5,
        };
        let judged = self.weigh(sighting);
        let (confidence, test) = match &judged {
            Ok(evidence) if evidence.confidence() >= CONFIDENCE_MIN => (evidence.confidence(), evidence.for_it()),
            Ok(evidence) => (0.0, evidence.against_it()),
            Err(test) => (0.0, *test),
        };
        if confidence > 0.0 || sighting.link.direct() {
            let range = self.base + sighting.token.range.start..self.whole_end(self.base + sighting.token.range.end);
            found(Candidate { rule: RuleNumber::Words(number), range, confidence, test });
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

    /// Looks behind the keyword. Says whether it found something.
    fn behind(&mut self, found: &mut impl FnMut(Candidate)) -> bool {
        let stretch = self.stretch;
        let mut reading = Reading::default();
        for (place, token) in tokens(stretch).take(TOKENS_MAX).enumerate() {
            let value = stretch.get(token.range.clone()).unwrap_or_default();
            reading.step(&token, place);
            if self.ends_before(&token, value, place, reading) {
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

    /// Whether a plain word ends its line, or is one that people make passwords of.
    fn bare_word_may_be(value: &str, rest: &str) -> bool {
        const LETTERS_MIN: usize = 5;
        let ends = rest.trim_start_matches(['"', '\'', '`', '*', '_', '.', ' ', '!']).starts_with(['\n', '<'])
            || rest.trim_end_matches(['"', '\'', '`', '*', '_', '.', ' ', '!']).is_empty();
        value.chars().count() >= LETTERS_MIN
            && (ends || is_common(value))
            && value.chars().all(|c| c.is_alphabetic())
            && !value.starts_with(is_unspaced)
    }

    /// Whether reading ends at a token: too far, nothing between the quotes, or the quote closes the label that the keyword ends.
    fn ends_before(&self, token: &Token, value: &str, place: usize, reading: Reading) -> bool {
        !self.reaches(token, place, reading)
            || value.is_empty()
            || token.before.quoted && value.starts_with([',', ')', ';', ']', '.'])
    }

    /// Whether a token can still belong to the keyword: on its line, on the next where the keyword ends its line, below where it stands
    /// alone or answers a question.
    fn reaches(&self, token: &Token, place: usize, reading: Reading) -> bool {
        match token.line {
            0 => true,
            1 | 2 if place == 0 || reading.asked => true,
            1..=6 if self.keyword.class == Class::Login => true,
            1..=6 => token.alone || place == 0 || token.last && reading.in_line == 1 || reading.in_line == 0,
            _ => self.keyword.class == Class::Recovery && token.line < 16,
        }
    }

    fn link(&self, token: &Token, place: usize, reading: Reading) -> Link {
        let before = token.before;
        let login = self.keyword.class == Class::Login;
        let joined = reading.joined_at.is_some_and(|at| at + 1 == place);
        let near = !before.sentence && !before.line;
        if place == 0 && before.assigned {
            Link::Assigned
        } else if login && place > 0 && !before.sentence && (before.divided || before.assigned || reading.last.any(Senses::AND)) {
            Link::Divided
        } else if login && reading.user && near && before.comma {
            Link::Divided
        } else if near && (place > 0 && before.assigned || place == 0 && before.divided) {
            Link::Late
        } else if joined && near {
            Link::Copula
        } else if place == 0 {
            Link::Adjacent
        } else if login && near && (reading.user && place <= 4 || reading.address) {
            Link::UserThen
        } else if token.line > 0 && (token.alone || reading.in_line == 1 && self.keyword.class == Class::Password && token.last) {
            Link::OwnLine
        } else {
            Link::Near
        }
    }

    /// "`X` is the password": looks before the keyword for a value that is nothing else.
    fn before(&mut self, found: &mut impl FnMut(Candidate)) {
        const TOKENS_BEFORE: usize = 8;
        if self.scene().question {
            return;
        }
        let line = self.stretch;
        let pieces: Vec<Token> = tokens(line).collect();
        for (at, token) in pieces.iter().enumerate().skip(pieces.len().saturating_sub(TOKENS_BEFORE)) {
            let value = line.get(token.range.clone()).unwrap_or_default();
            // Who is spoken to stands first: "tern42: the password is wrong".
            let between = line.get(token.range.end..).unwrap_or_default();
            let spoken_to = at == 0 && token.range.start == 0 && between.trim_start().starts_with([':', ',']);
            if value.is_empty() || is_word(value) || spoken_to {
                continue;
            }
            let said = Said::of(between, self.tongue());
            let first = scene::words(between).next().map_or(Senses::NONE, |word| self.senses(word));
            let role = said.senses.any(Senses::ROLE);
            if self.keyword.class == Class::Login && !role {
                continue;
            }
            let named = role || first.any(Senses::JOIN) || between.contains(['<', '←', '=']) || at + 1 == pieces.len();
            let link = if named { Link::ReverseRole } else { Link::Reverse };
            let sentences = u8::from(between.contains(". ") || between.contains("! ") || between.contains("? "));
            let reading = Reading { senses: said.senses, topics: said.topics, sentences, ..Reading::default() };
            let place = pieces.len() - 1 - at;
            self.hand(&Sighting { value, token, link, place, reading, rest: between }, found);
        }
    }

    /// What speaks for and against a value, or what it is instead.
    fn weigh(&mut self, sighting: &Sighting<'_>) -> Result<Evidence, &'static str> {
        let Sighting { value, token, link, .. } = *sighting;
        let reported = self.all && link.direct();
        if !reported && !self.could_pass(sighting) {
            return Err("too little speaks for a credential");
        }
        if let Some(reason) = placeholder::password(value.as_bytes()) {
            return Err(reason);
        }
        if documented::is_documented(value.as_bytes()) {
            return Err("a documented example key");
        }
        if is_email(value) {
            return Err("a mail address");
        }
        let start = self.base + token.range.start;
        let before = start.checked_sub(1).and_then(|at| self.text.get(at));
        if before == Some(&b'{') && token.behind == Some('}') && start.checked_sub(2).and_then(|at| self.text.get(at)) != Some(&b'{') {
            return Err("a template variable");
        }
        let calls = !token.before.quoted && value.split_once('(').is_some_and(|(head, _)| pair::is_user(head));
        if calls
            || token.behind == Some('(')
            || !token.before.quoted && link != Link::Assigned && value.contains(['(', ')', '[', ']', '{', '}'])
        {
            return Err("code");
        }
        if self.scene().before.last.any(Senses::EXAMPLE) || sighting.reading.last.any(Senses::EXAMPLE) {
            return Err("an example");
        }
        let mut evidence = Evidence::new();
        self.value(sighting, &mut evidence)?;
        self.opens(sighting, &mut evidence)?;
        self.class(&mut evidence);
        self.joint(sighting, &mut evidence);
        self.setting(sighting, &mut evidence);
        Ok(evidence)
    }

    fn speaks_of_codes(&self, value: &str) -> bool {
        let code = self.numbers() || self.keyword.shared && self.keyword.text.contains("code");
        let sign = value.chars().any(|c| !c.is_alphanumeric() && !matches!(c, '-' | '*' | '#'));
        !sign && (code || value.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Numbers and passcodes are as often codes for once or for calls, which open nothing that stays closed to others.
    fn opens(&mut self, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
        if !self.speaks_of_codes(sighting.value) {
            return Ok(());
        }
        let scene = self.scene();
        if scene.around.senses.any(Senses::MEETING) {
            return Err("an invitation to a call");
        }
        if scene.before.last.any(Senses::ONCE.and(Senses::OTHER)) || sighting.reading.senses.any(Senses::ONCE) {
            return Err("a code for once");
        }
        evidence.when(Feature::Once, scene.around.senses.any(Senses::ONCE));
        evidence.when(Feature::PlaceNear, !self.numbers() && scene.around.senses.any(Senses::PLACE));
        Ok(())
    }

    fn numbers(&self) -> bool {
        matches!(self.keyword.class, Class::Pin | Class::Code | Class::Combination)
    }

    fn class(&self, evidence: &mut Evidence) {
        evidence.when(Feature::Shared, self.keyword.shared);
        match self.keyword.class {
            Class::Password => {}
            Class::Pin => evidence.add(Feature::OfPin),
            Class::Code => evidence.add(Feature::OfCode),
            Class::Combination => evidence.add(Feature::OfCombination),
            Class::Secret => evidence.add(Feature::OfSecret),
            Class::Login => evidence.add(Feature::OfLogin),
            Class::Act => evidence.add(Feature::OfAct),
            Class::Spelling => evidence.add(Feature::OfSpelling),
            Class::Says => evidence.add(Feature::OfSays),
            Class::Pair | Class::Arrow => evidence.add(Feature::OfPair),
            Class::Recovery => evidence.add(Feature::OfRecovery),
            Class::Seed => evidence.add(Feature::OfSeed),
        }
        let last = self.text.get(self.place.end.saturating_sub(1)).copied();
        evidence.when(Feature::Plural, self.keyword.class == Class::Password && matches!(last, Some(b's' | b'S')));
        evidence.when(Feature::KnownUser, matches!(&*self.keyword.text, "admin" | "administrator" | "root"));
    }

    /// How value and keyword are joined.
    fn joint(&self, sighting: &Sighting<'_>, evidence: &mut Evidence) {
        let Sighting { token, link, place, reading, rest, .. } = *sighting;
        if let Some(feature) = link.feature() {
            evidence.add(feature);
        }
        let login = self.keyword.class == Class::Login;
        let user = place == 0 && link != Link::Divided || reading.last.any(Senses::LOGIN);
        evidence.when(Feature::LoginFirst, login && user);
        evidence.when(Feature::NameBefore, reading.last.any(Senses::NAMED) && !token.before.assigned && !token.before.line);
        evidence.when(Feature::CopulaNear, link == Link::Near && reading.joined_at.is_some_and(|at| at + 4 >= place));
        evidence.when(Feature::Answer, reading.asked && token.line > 0);
        evidence.scaled(Feature::Distance, place.min(12) as f64 / 4.0);
        // A user stands beside the value, wherever the word that names them stood.
        let beside = matches!(link, Link::UserThen | Link::Divided);
        evidence.scaled(Feature::Lines, if beside { 0.0 } else { token.line.min(4) as f64 });
        evidence.scaled(Feature::Clauses, f64::from(reading.commas.min(3)));
        evidence.when(Feature::CopulaFar, link == Link::Copula && place > 4);
        evidence.scaled(Feature::Sentences, f64::from(reading.sentences.min(3)));
        evidence.when(Feature::AtBefore, reading.last.any(Senses::AT) && !reading.last.any(Senses::JOIN));
        evidence.when(Feature::UserBefore, reading.last.any(Senses::LOGIN) && !login);
        let list = matches!(self.keyword.class, Class::Recovery | Class::Seed);
        evidence.scaled(Feature::Later, if list || beside { 0.0 } else { f64::from(reading.found.min(3)) });
        evidence.when(Feature::Quoted, token.before.quoted);
        evidence.when(Feature::Bracketed, token.before.opened && place > 0);
        let rest = rest.trim_start_matches(['"', '\'', '`', '*', '_', '”', '’', '»', ')']);
        let ends_line = rest.trim_start_matches([' ', '.', '!']).starts_with('\n') || rest.trim_end_matches([' ', '.', '!']).is_empty();
        evidence.when(Feature::EndsLine, ends_line);
        evidence.when(Feature::EndsSentence, !ends_line && rest.starts_with([',', ';', '.', '!', '。', '，', '、']));
        evidence.when(Feature::Asked, token.behind == Some('?'));
    }

    /// What is spoken of.
    fn setting(&mut self, sighting: &Sighting<'_>, evidence: &mut Evidence) {
        let Sighting { token, reading, rest, link, .. } = *sighting;
        let scene = self.scene();
        let behind = said_behind(rest, self.tongue());
        let around = scene.before.senses.and(behind.senses);
        let says = |sense: Senses| reading.senses.any(sense);
        evidence.when(Feature::Ask, scene.before.senses.any(Senses::ASK));
        evidence.when(Feature::Not, says(Senses::NOT));
        evidence.when(Feature::NotBefore, scene.before.senses.any(Senses::NOT));
        evidence.scaled(Feature::Topic, f64::from(reading.topics.min(3)));
        evidence.scaled(Feature::TopicAround, f64::from((scene.before.topics + behind.topics).min(3)));
        evidence.when(Feature::Fault, says(Senses::FAULT));
        evidence.when(Feature::FaultAround, around.any(Senses::FAULT));
        evidence.when(Feature::Elsewhere, says(Senses::ELSEWHERE) && !self.numbers());
        let reverse = matches!(link, Link::Reverse | Link::ReverseRole);
        evidence.when(Feature::NotReverse, reverse && scene.before.senses.any(Senses::NOT));
        evidence.when(Feature::Example, says(Senses::EXAMPLE) || scene.before.senses.any(Senses::EXAMPLE));
        evidence.when(Feature::Given, says(Senses::GIVEN) || scene.before.senses.any(Senses::GIVEN));
        evidence.when(Feature::Log, scene.log);
        evidence.when(Feature::CodeBare, scene.code && !token.before.quoted);
        evidence.when(Feature::CodeQuoted, scene.code && token.before.quoted);
        evidence.when(Feature::UserAhead, scene.before.senses.any(Senses::LOGIN));
    }

    /// The value by itself, as its class wants it.
    fn value(&mut self, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
        match self.keyword.class {
            Class::Password | Class::Login | Class::Act | Class::Spelling | Class::Says | Class::Pair | Class::Arrow => {
                password(self.keyword, sighting, evidence)
            }
            Class::Pin | Class::Code | Class::Combination => {
                let around = self.scene().around.senses;
                number(self.keyword, sighting, around, evidence)
            }
            Class::Secret => secret(sighting, evidence),
            Class::Recovery => recovery(sighting, evidence),
            Class::Seed => seed(sighting, evidence),
        }
    }
}
