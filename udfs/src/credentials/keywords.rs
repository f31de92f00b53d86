//! The words after which people write credentials: those of every language in every way they are written.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::known;
use super::languages::{ENGLISH, LANGUAGES, Language, MARKS, Tongue, folded};
use super::literals::{LITERAL_BYTES_MIN, Literal};

/// What a keyword announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A password in any sense.
    Password,
    /// Digits for a door, a phone, a card.
    Pin,
    /// A code; one that opens something only beside a word for what it opens.
    Code,
    /// The numbers of a lock.
    Combination,
    /// A machine's key, token or secret.
    Secret,
    /// A login of which the password may follow.
    Login,
    /// Something done with a password.
    Act,
    /// How a password is spelled.
    Spelling,
    /// What something is that was talked of before: "it's".
    Says,
    /// Codes for the day when the phone is lost.
    Recovery,
    /// The seed of one-time codes.
    Seed,
    /// A question that only one knows the answer to.
    Answer,
    /// No word: a user name and a value with a stroke between.
    Pair,
    /// No word: an arrow that points at a value.
    Arrow,
    /// No word: a password that many people have.
    Known,
    /// No word: a password that looks like nothing else.
    Bare,
}

/// A keyword.
#[derive(Debug, Clone)]
pub struct Keyword {
    /// The word; ASCII letters match in both cases.
    pub text: Box<str>,
    /// What it announces.
    pub class: Class,
    /// Other words grow together with it at its front, as in German (`Initialpasswort`).
    pub front: bool,
    /// An ending or a particle may follow, as in Turkish, Russian or Korean.
    pub ending: bool,
    /// It says other things as often (`pass`, `token`).
    pub shared: bool,
    /// It says what opens something, and the value stands right behind it (`opens with`).
    pub opens: bool,
    /// It says what is keyed in at a lock.
    pub keyed: bool,
    /// It says that the password is a phrase.
    pub phrase: bool,
    /// Whose word it is; English where several languages have it.
    pub tongue: Tongue,
}

/// What words for a pass phrase hold.
const PHRASES: &[&str] = &["phras", "fras", "фраз", "fráze", "lause"];

/// What may stand right behind a keyword of three letters.
const SIGNS: &[u8] = b" :=\"'*_-<|/,.?)\n12\xe2\xe3\xef\xec\xeb";

/// What may stand right behind one of two letters. Few, because the literal pass filters three bytes badly.
const SIGNS_SHORT: &[u8] = b" :=\"-*<?,;)|\n\xe2\xe3\xef\xeb";

impl Keyword {
    /// The literal that leads to the keyword. Short words occur everywhere: with the sign behind them the literal pass lets less through.
    pub fn literal(&self) -> Literal {
        let followers = match self.text.len() {
            length
                if length > LITERAL_BYTES_MIN
                    || self.ending
                    || self.text.starts_with(' ')
                    || self.text.ends_with(|c: char| !c.is_ascii_alphanumeric()) =>
            {
                &[][..]
            }
            LITERAL_BYTES_MIN => SIGNS,
            // Only the one that people use all over the world may stand before many signs.
            _ if &*self.text == "pw" => SIGNS_SHORT,
            _ => b" :",
        };
        Literal { followers, ..Literal::folded(self.text.as_bytes()) }
    }
}

/// Every keyword, each text once.
pub static KEYWORDS: LazyLock<Vec<Keyword>> = LazyLock::new(|| {
    let mut keywords: BTreeMap<(String, Class), Keyword> = BTreeMap::new();
    for (tongue, language) in (0..).zip(LANGUAGES.iter()) {
        for (class, list, mark) in classes(language) {
            for marked in list {
                let text = marked.trim_matches(MARKS);
                for form in forms(text, class) {
                    let keyword = keywords.entry((form.clone(), class)).or_insert_with(|| Keyword {
                        phrase: class == Class::Password && PHRASES.iter().any(|stem| form.contains(stem)),
                        text: form.into(),
                        class,
                        front: false,
                        ending: false,
                        shared: marked.starts_with('?'),
                        opens: false,
                        keyed: false,
                        tongue,
                    });
                    if keyword.tongue != tongue {
                        keyword.tongue = ENGLISH;
                    }
                    keyword.opens |= mark == Mark::Opens;
                    keyword.keyed |= mark == Mark::Keyed;
                    keyword.front |= marked.starts_with('~');
                    keyword.ending |= marked.ends_with('~');
                }
            }
        }
    }
    // Short words are looked for with the sign behind them: at the end of a text there is none.
    for text in [" pw", " pwd", " pass"] {
        keywords.insert((text.to_owned(), Class::Password), sign(text, Class::Password, false));
    }
    for (text, class) in [
        (" / ", Class::Pair),
        (" // ", Class::Pair),
        (" & ", Class::Pair),
        (" + ", Class::Pair),
        (" | ", Class::Pair),
        ("and then ", Class::Pair),
        (" with `", Class::Pair),
        (" mit ", Class::Pair),
        (" met ", Class::Pair),
        (" avec ", Class::Pair),
        (" ←", Class::Arrow),
        (" <-- ", Class::Arrow),
        (" <- ", Class::Arrow),
    ] {
        keywords.insert((text.to_owned(), class), sign(text, class, true));
    }
    for text in known::BEGINNINGS {
        keywords.insert(((*text).to_owned(), Class::Known), sign(text, Class::Known, false));
    }
    keywords.into_values().collect()
});

/// A keyword that is no word of a language.
pub fn sign(text: &str, class: Class, shared: bool) -> Keyword {
    Keyword { text: text.into(), class, front: false, ending: false, shared, opens: false, keyed: false, phrase: false, tongue: ENGLISH }
}

/// What a list says of its words beside their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Opens,
    Keyed,
}

fn classes(language: &Language) -> [(Class, &[String], Mark); 16] {
    use Mark::{Keyed, None, Opens};
    [
        (Class::Password, &language.password, None),
        (Class::Pin, &language.pin, None),
        (Class::Code, &language.code, None),
        (Class::Combination, &language.combination, None),
        (Class::Secret, &language.secret, None),
        (Class::Login, &language.login, None),
        (Class::Act, &language.act, None),
        (Class::Act, &language.opens, Opens),
        // A lock opens with a number.
        (Class::Code, &language.opens, Opens),
        // So does a screen, with whatever else is typed in.
        (Class::Code, &language.keyed, Keyed),
        (Class::Act, &language.keyed, Keyed),
        (Class::Spelling, &language.spelling, None),
        (Class::Says, &language.says, None),
        (Class::Recovery, &language.recovery, None),
        (Class::Seed, &language.seed, None),
        (Class::Answer, &language.answer, None),
    ]
}

/// The ways a word is written: the literal pass knows the two cases of ASCII letters only, and people leave marks out. Short words and
/// those of logins are left as they are: without their marks they are other languages' words.
fn forms(text: &str, class: Class) -> Vec<String> {
    const FOLDED_BYTES_MIN: usize = 6;
    let lower = text.to_lowercase();
    let title: String = {
        let mut chars = lower.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
    };
    let mut forms = vec![text.to_owned(), title];
    if matches!(class, Class::Password | Class::Pin | Class::Code | Class::Secret) {
        forms.push(lower.to_uppercase());
        if lower.len() > FOLDED_BYTES_MIN {
            forms.extend([folded(&lower), lower.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue")]);
        }
    }
    forms.push(lower);
    for form in &mut forms {
        form.make_ascii_lowercase();
    }
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::{Class, KEYWORDS, LITERAL_BYTES_MIN, Literal};

    #[test]
    fn every_keyword_is_long_enough_for_the_literal_pass() {
        for keyword in KEYWORDS.iter() {
            let Literal { text, followers, .. } = keyword.literal();
            assert!(text.len() + usize::from(!followers.is_empty()) >= LITERAL_BYTES_MIN, "{}", keyword.text);
        }
    }

    #[test]
    fn a_word_is_known_in_every_way_it_is_written() {
        for text in ["пароль", "Пароль", "ПАРОЛЬ", "contraseña", "contrasena", "passwörter", "passwoerter", "hasło", "haslo"]
        {
            let known = |k: &super::Keyword| k.class == Class::Password && (text.starts_with(&*k.text) || *k.text == *text);
            assert!(KEYWORDS.iter().any(known), "{text}");
        }
    }
}
