//! Notes what speaks for and against one piece of text: its own shape, how it is joined to the keyword, what is spoken of.

use super::documented;
use super::evidence::{Evidence, Feature};
use super::keywords::{Class, Keyword};
use super::languages::{ENGLISH, Senses};
use super::lookalike::is_email;
use super::pair;
use super::placeholder;
use super::scene::said_behind;
use super::shape::is_common;
use super::sighting::{Link, Sighting};
use super::weigh::{is_joined, number, password, recovery, secret, seed};
use super::words::{Reader, is_word};

/// How words for a user begin.
const USERS: &[&str] = &[
    "user",
    "usuario",
    "usuár",
    "utente",
    "utilis",
    "utiliz",
    "benutzer",
    "nutzer",
    "gebruiker",
    "använd",
    "bruker",
    "bruger",
    "käyttäj",
    "felhaszn",
    "użytkown",
    "uživatel",
    "kullanıcı",
    "пользоват",
    "користув",
    "χρήστ",
];

/// Whether the word is the name of a user that every machine has.
pub fn is_known_user(keyword: &Keyword) -> bool {
    matches!(&*keyword.text, "admin" | "administrator" | "root")
}

impl Reader<'_> {
    /// What speaks for and against a value, or what it is instead.
    pub fn weigh(&mut self, sighting: &Sighting<'_>) -> Result<Evidence, &'static str> {
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
        let called = |head: &str| pair::is_user(head.strip_prefix('.').unwrap_or(head));
        let calls = !token.before.quoted && value.split_once(['(', '[']).is_some_and(|(head, _)| called(head));
        if calls
            || !token.before.quoted && value.contains("()")
            || value.starts_with(')')
            || token.behind == Some('(')
            || !token.before.quoted && link != Link::Assigned && value.contains(['(', ')', '[', ']', '{', '}'])
        {
            return Err("code");
        }
        let between = self.stretch.get(..token.range.start).unwrap_or_default();
        if link != Link::Column && !token.before.quoted && is_word(value) && between.contains(['"', '»', '”']) {
            return Err("a word beside a quotation");
        }
        if let Some(reason) = self.names_something_else(start, value, link) {
            return Err(reason);
        }
        if self.is_spoken_to(sighting) {
            return Err("somebody spoken to");
        }
        let mut evidence = Evidence::new();
        self.value(sighting, &mut evidence)?;
        let around = self.scene().around;
        if is_common(value) && (around.senses.any(Senses::EXAMPLE) || around.topics >= 2) {
            return Err("an example");
        }
        if self.scene().before.last.any(Senses::EXAMPLE) || sighting.reading.last.any(Senses::EXAMPLE) {
            return Err("an example");
        }
        self.opens(sighting, &mut evidence)?;
        self.class(link, &mut evidence);
        self.joint(sighting, &mut evidence);
        self.setting(sighting, &mut evidence);
        Ok(evidence)
    }

    /// Whether the value is the name of the one to whom the next sentence speaks: "is it the right password? tern42: yes".
    fn is_spoken_to(&self, sighting: &Sighting<'_>) -> bool {
        let Sighting { token, link, rest, .. } = *sighting;
        let begins = token.before.sentence || token.before.line;
        let loose = match link {
            Link::Near | Link::UserThen | Link::OwnLine => true,
            Link::Adjacent => begins || self.keyword.class != Class::Password,
            _ => begins,
        };
        // Who answers begins a line with the value itself.
        let calls = rest.starts_with(": ") || begins && token.line == 0 && rest.starts_with(", ");
        !token.before.quoted && loose && calls && rest.get(2..).is_some_and(|said| said.starts_with(char::is_alphanumeric))
    }

    pub fn speaks_of_codes(&self, value: &str) -> bool {
        let code = self.numbers() || self.keyword.shared && self.keyword.text.contains("code");
        let sign = value.chars().any(|c| !c.is_alphanumeric() && !matches!(c, '-' | '*' | '#'));
        !sign && (code || value.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Numbers and passcodes are as often codes for once or for calls, which open nothing that stays closed to others.
    fn opens(&mut self, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
        // A key of another sort: the key word of a text, the key of a land register.
        let password = self.keyword.class == Class::Password && self.keyword.tongue != ENGLISH;
        let shared = self.keyword.shared && (password || matches!(&*self.keyword.text, "key" | "pass" | " pass"));
        let codes = self.speaks_of_codes(sighting.value);
        if !shared && !codes {
            return Ok(());
        }
        let scene = self.scene();
        let other = Senses::ONCE.and(Senses::OTHER);
        if shared && (scene.before.last.any(other) || sighting.reading.senses.any(Senses::ONCE)) {
            return Err("another sort of key");
        }
        if !codes {
            return Ok(());
        }
        // A lock has dials too.
        if scene.around.senses.any(Senses::MEETING) && !(self.numbers() && scene.around.senses.any(Senses::LOCK)) {
            return Err("an invitation to a call");
        }
        if scene.before.last.any(other) || sighting.reading.senses.any(Senses::ONCE) {
            return Err("a code for once");
        }
        // "the code of the article is": in many languages the word for the other sort stands behind.
        let keypad = scene.around.senses.any(Senses::LOCK) && scene.around.senses.any(Senses::KEYPAD);
        if self.numbers() && !keypad && sighting.reading.senses.any(Senses::OTHER) && sighting.link != Link::Assigned {
            return Err("another sort of code");
        }
        evidence.when(Feature::Once, scene.around.senses.any(Senses::ONCE));
        evidence.when(Feature::PlaceNear, !self.numbers() && scene.around.senses.any(Senses::PLACE));
        Ok(())
    }

    pub fn numbers(&self) -> bool {
        matches!(self.keyword.class, Class::Pin | Class::Code | Class::Combination)
    }

    pub fn class(&self, link: Link, evidence: &mut Evidence) {
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
            Class::Says | Class::Known => evidence.add(Feature::OfSays),
            Class::Bare | Class::Answer => {}
            Class::Pair | Class::Arrow => evidence.add(Feature::OfPair),
            Class::Recovery => evidence.add(Feature::OfRecovery),
            Class::Seed => evidence.add(Feature::OfSeed),
        }
        let last = self.text.get(self.place.end.saturating_sub(1)).copied();
        // `pass` alone is as often a verb, unless something is given to it.
        let plural = matches!(last, Some(b's' | b'S')) && !(link.direct() && self.keyword.text.ends_with("pass"));
        evidence.when(Feature::Plural, self.keyword.class == Class::Password && plural);
        evidence.when(Feature::KnownUser, is_known_user(self.keyword));
    }

    /// How value and keyword are joined.
    pub fn joint(&self, sighting: &Sighting<'_>, evidence: &mut Evidence) {
        let Sighting { token, link, place, reading, rest, .. } = *sighting;
        if let Some(feature) = link.feature() {
            evidence.add(feature);
        }
        let login = self.keyword.class == Class::Login;
        // "my user is kim42": what is given to such a word is the user.
        let given = reading.joined_at.is_some_and(|at| at + 1 == place);
        let named = login && given && place <= 5 && USERS.iter().any(|user| self.keyword.text.starts_with(user));
        let user = place == 0 && link != Link::Divided || reading.last.any(Senses::LOGIN) || named;
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
        let of_user = given && reading.login_at.is_some_and(|at| at + 2 == place);
        evidence.when(Feature::UserBefore, named || (reading.last.any(Senses::LOGIN) || of_user) && !login);
        let list = matches!(self.keyword.class, Class::Recovery | Class::Seed);
        evidence.scaled(Feature::Later, if list || beside { 0.0 } else { f64::from(reading.found.min(3)) });
        evidence.when(Feature::Quoted, token.before.quoted);
        // Bold and code, no quotes: those quote words for other reasons too.
        let marked = self.stretch.get(..token.range.start).is_some_and(|ahead| ahead.ends_with('>'));
        evidence.when(Feature::WordQuoted, marked && link != Link::Column && sighting.value.len() >= 7 && is_word(sighting.value));
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

    /// Whether words with joints between are the key of a network, which is a password.
    fn is_of_network(&self, sighting: &Sighting<'_>) -> bool {
        // A secret or a token may be a name in a cluster.
        self.keyword.shared
            && (&*self.keyword.text == "key" || self.keyword.tongue != ENGLISH)
            && is_joined(sighting.value)
            && matches!(sighting.link, Link::Assigned | Link::Copula | Link::Adjacent)
            && self.is_about_network()
    }

    /// The value by itself, as its class wants it.
    pub fn value(&mut self, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
        match self.keyword.class {
            Class::Pin | Class::Code | Class::Combination => {
                let around = self.scene().around.senses;
                number(self.keyword, sighting, around, evidence)
            }
            Class::Secret if self.is_of_network(sighting) => {
                evidence.add(Feature::Phrase);
                Ok(())
            }
            Class::Secret => secret(sighting, evidence),
            Class::Recovery => recovery(sighting, evidence),
            Class::Seed => seed(sighting, evidence),
            _ => password(self.keyword, sighting, evidence),
        }
    }
}
