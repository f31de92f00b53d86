//! The languages that the word grammar knows, one file each in `udfs/words`: the words that announce a credential, and the words of a
//! sentence that say whether one follows.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::boundary::is_unspaced;
use super::word_map::WordMap;

const BUILTIN: &[(&str, &str)] = &[
    ("en", include_str!("../../words/en.toml")),
    ("ar", include_str!("../../words/ar.toml")),
    ("bg", include_str!("../../words/bg.toml")),
    ("ca", include_str!("../../words/ca.toml")),
    ("cs", include_str!("../../words/cs.toml")),
    ("da", include_str!("../../words/da.toml")),
    ("de", include_str!("../../words/de.toml")),
    ("el", include_str!("../../words/el.toml")),
    ("es", include_str!("../../words/es.toml")),
    ("fi", include_str!("../../words/fi.toml")),
    ("fr", include_str!("../../words/fr.toml")),
    ("he", include_str!("../../words/he.toml")),
    ("hi", include_str!("../../words/hi.toml")),
    ("hr", include_str!("../../words/hr.toml")),
    ("hu", include_str!("../../words/hu.toml")),
    ("id", include_str!("../../words/id.toml")),
    ("it", include_str!("../../words/it.toml")),
    ("ja", include_str!("../../words/ja.toml")),
    ("ko", include_str!("../../words/ko.toml")),
    ("nl", include_str!("../../words/nl.toml")),
    ("no", include_str!("../../words/no.toml")),
    ("pl", include_str!("../../words/pl.toml")),
    ("pt", include_str!("../../words/pt.toml")),
    ("ro", include_str!("../../words/ro.toml")),
    ("ru", include_str!("../../words/ru.toml")),
    ("sv", include_str!("../../words/sv.toml")),
    ("th", include_str!("../../words/th.toml")),
    ("tr", include_str!("../../words/tr.toml")),
    ("uk", include_str!("../../words/uk.toml")),
    ("vi", include_str!("../../words/vi.toml")),
    ("zh", include_str!("../../words/zh.toml")),
];

/// Which language: its place in the list. English stands first, because its words occur in chats of every language.
pub type Tongue = u8;

/// English, and words that all languages share.
pub const ENGLISH: Tongue = 0;

/// A file of `udfs/words`.
///
/// Words that announce a credential may carry marks: `~` in front or behind where they grow together with other letters (compounds,
/// endings), `?` in front where they say other things as often. Of places those with `!` in front have locks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Language {
    /// Words for a password.
    pub password: Vec<String>,
    /// Words for a number that opens something.
    pub pin: Vec<String>,
    /// Words for a code of any sort: one that opens something only beside a word of `places`.
    pub code: Vec<String>,
    /// Words for the numbers of a lock.
    pub combination: Vec<String>,
    /// Words for a machine's key or token.
    pub secret: Vec<String>,
    /// Words for a login, an account or a user.
    pub login: Vec<String>,
    /// Words for what is done with a password.
    pub act: Vec<String>,
    /// What a thing opens with, or a person gets in with: the password follows.
    pub opens: Vec<String>,
    /// Words for keying numbers in at a lock.
    pub keyed: Vec<String>,
    /// Words that say what something is, of whatever the talk is.
    pub says: Vec<String>,
    /// Words that spell a password out: capitals, hyphens, umlauts.
    pub spelling: Vec<String>,
    /// Questions that only one knows the answer to.
    pub answer: Vec<String>,
    /// Words for recovery codes.
    pub recovery: Vec<String>,
    /// Words for the seed of one-time codes.
    pub seed: Vec<String>,
    /// What a code opens or disarms.
    places: Vec<String>,
    /// What stands on a keypad beside the digits.
    keypad: Vec<String>,
    /// Words between a credential word and its value: "is", "now", "to".
    join: Vec<String>,
    /// "and".
    and: Vec<String>,
    /// "as".
    #[serde(rename = "as")]
    role: Vec<String>,
    /// Prepositions: what follows is a place or a time.
    at: Vec<String>,
    /// Negations.
    not: Vec<String>,
    /// Words of a question.
    ask: Vec<String>,
    /// Words of talk about passwords: policies, fields, resets.
    topic: Vec<String>,
    /// Words of errors.
    fault: Vec<String>,
    /// Where a password lies or how it will come instead of here.
    elsewhere: Vec<String>,
    /// Words before an example.
    example: Vec<String>,
    /// Words of a handover: "new", "temporary", "changed".
    given: Vec<String>,
    /// What makes a code one for once, or one that opens nothing.
    once: Vec<String>,
    /// Words before the name or number of a thing: "network", "room", "ext".
    named: Vec<String>,
    /// What another sort of code is called, right before the word: "zip", "error".
    other: Vec<String>,
    /// Words of an invitation to a call.
    meeting: Vec<String>,
    /// Words that stand where a password would, and are none.
    state: Vec<String>,
}

/// All languages, in the order of their numbers. The files are part of the program: a test parses them.
pub static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| BUILTIN.iter().map(|(_, text)| toml::from_str(text).unwrap_or_default()).collect());

/// What a word says in a sentence about credentials: a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Senses(u32);

impl Senses {
    /// Nothing known.
    pub const NONE: Self = Self(0);
    /// "is", "now", "to".
    pub const JOIN: Self = Self(1);
    /// "and".
    pub const AND: Self = Self(1 << 1);
    /// "as".
    pub const ROLE: Self = Self(1 << 2);
    /// A preposition.
    pub const AT: Self = Self(1 << 3);
    /// A negation.
    pub const NOT: Self = Self(1 << 4);
    /// A word of a question.
    pub const ASK: Self = Self(1 << 5);
    /// Talk about passwords.
    pub const TOPIC: Self = Self(1 << 6);
    /// An error.
    pub const FAULT: Self = Self(1 << 7);
    /// The password is elsewhere.
    pub const ELSEWHERE: Self = Self(1 << 8);
    /// An example follows.
    pub const EXAMPLE: Self = Self(1 << 9);
    /// A handover.
    pub const GIVEN: Self = Self(1 << 10);
    /// A code for once.
    pub const ONCE: Self = Self(1 << 11);
    /// An invitation to a call.
    pub const MEETING: Self = Self(1 << 12);
    /// No password, though it stands where one would.
    pub const STATE: Self = Self(1 << 13);
    /// What a code opens.
    pub const PLACE: Self = Self(1 << 14);
    /// A word for a password.
    pub const PASSWORD: Self = Self(1 << 15);
    /// A name or a number of a thing follows.
    pub const NAMED: Self = Self(1 << 18);
    /// Another sort of code.
    pub const OTHER: Self = Self(1 << 17);
    /// A word for a login or a user.
    pub const LOGIN: Self = Self(1 << 16);
    /// What has a lock.
    pub const LOCK: Self = Self(1 << 19);
    /// A key of a keypad, or the act of keying in.
    pub const KEYPAD: Self = Self(1 << 20);

    /// Whether it holds one of the others.
    pub fn any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Both sets as one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without the others.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Nothing is known of the word.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Words of sentences, by their lower-case text.
#[derive(Debug)]
pub struct Vocabulary {
    words: WordMap<Vec<(Tongue, Senses)>>,
    /// Words that take endings: those of more than one language's compounds begin with them.
    stems: WordMap<Senses>,
    /// One bit for each pair of bytes that a stem begins with.
    stem_heads: Vec<u64>,
    /// Words of languages that write without blanks, and what each says.
    unspaced: Option<AhoCorasick>,
    unspaced_senses: Vec<Senses>,
}

/// The words of all languages.
pub static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::new(&LANGUAGES));

/// What marks words in the files.
pub const MARKS: [char; 3] = ['~', '?', '!'];

/// Longer words are nobody's function words.
pub const WORD_BYTES_MAX: usize = 40;

impl Language {
    fn senses(&self) -> [(Senses, &[String]); 21] {
        [
            (Senses::JOIN, &self.join),
            (Senses::AND, &self.and),
            (Senses::ROLE, &self.role),
            (Senses::AT, &self.at),
            (Senses::NOT, &self.not),
            (Senses::ASK, &self.ask),
            (Senses::TOPIC, &self.topic),
            (Senses::FAULT, &self.fault),
            (Senses::ELSEWHERE, &self.elsewhere),
            (Senses::EXAMPLE, &self.example),
            (Senses::GIVEN, &self.given),
            (Senses::ONCE, &self.once),
            (Senses::NAMED, &self.named),
            (Senses::OTHER, &self.other),
            (Senses::MEETING, &self.meeting),
            (Senses::STATE, &self.state),
            (Senses::PLACE, &self.places),
            (Senses::PASSWORD, &self.password),
            (Senses::LOGIN, &self.login),
            (Senses::KEYPAD, &self.keypad),
            (Senses::KEYPAD, &self.keyed),
        ]
    }
}

impl Vocabulary {
    fn new(languages: &[Language]) -> Self {
        let mut words: WordMap<Vec<(Tongue, Senses)>> = WordMap::default();
        let mut stems: WordMap<Senses> = WordMap::default();
        let mut unspaced: Vec<(String, Senses)> = Vec::new();
        for (tongue, language) in (0..).zip(languages) {
            for (sense, list) in language.senses() {
                for marked in list {
                    let word = marked.trim_matches(MARKS).to_lowercase();
                    let sense = if marked.starts_with('!') { sense.and(Senses::LOCK) } else { sense };
                    if word.chars().all(is_unspaced) {
                        unspaced.push((word, sense));
                        continue;
                    }
                    if marked.ends_with('~') && sense.any(Senses::PLACE.and(Senses::PASSWORD)) {
                        let known = stems.entry(word.as_str().into()).or_default();
                        *known = known.and(sense);
                    }
                    for form in [folded(&word), word] {
                        let known = words.entry(form.into()).or_default();
                        match known.iter_mut().find(|(of, _)| *of == tongue) {
                            Some((_, senses)) => *senses = senses.and(sense),
                            None => known.push((tongue, sense)),
                        }
                    }
                }
            }
        }
        let senses = unspaced.iter().map(|(_, sense)| *sense).collect();
        let unspaced = AhoCorasick::new(unspaced.iter().map(|(word, _)| word)).ok();
        let mut stem_heads = vec![0u64; (1 << 16) / 64];
        for head in stems.keys().filter_map(|stem| head(stem)) {
            stem_heads[head / 64] |= 1 << (head % 64);
        }
        Self { words, stems, stem_heads, unspaced, unspaced_senses: senses }
    }

    /// What a word says in a sentence whose credential word is of this language: that language first, then English, then any.
    pub fn senses(&self, word: &str, tongue: Tongue) -> Senses {
        let mut buffer = [0; WORD_BYTES_MAX];
        let Some(word) = lowered(word, &mut buffer) else { return Senses::NONE };
        if let Some(known) = self.words.get(word) {
            let of = |tongue: Tongue| known.iter().find(|(of, _)| *of == tongue).map(|(_, senses)| *senses);
            return of(tongue).or_else(|| of(ENGLISH)).unwrap_or_else(|| known.iter().fold(Senses::NONE, |all, (_, s)| all.and(*s)));
        }
        self.stem(word)
    }

    /// What a word says in a language, or in English: nothing that another language makes of it.
    pub fn senses_in(&self, word: &str, tongue: Tongue) -> Senses {
        let mut buffer = [0; WORD_BYTES_MAX];
        let known = lowered(word, &mut buffer).and_then(|word| self.words.get(word));
        let of = |of: &&(Tongue, Senses)| of.0 == tongue || of.0 == ENGLISH;
        known.into_iter().flatten().filter(of).fold(Senses::NONE, |all, (_, senses)| all.and(*senses))
    }

    /// All that a word says in any language.
    pub fn senses_anywhere(&self, word: &str) -> Senses {
        let mut buffer = [0; WORD_BYTES_MAX];
        let Some(word) = lowered(word, &mut buffer) else { return Senses::NONE };
        match self.words.get(word) {
            Some(known) => known.iter().fold(Senses::NONE, |all, (_, senses)| all.and(*senses)),
            None => self.stem(word),
        }
    }

    /// The language most of whose words stand in a text; English where none has more.
    pub fn tongue<'t>(&self, words: impl Iterator<Item = &'t str>) -> Tongue {
        const WORDS_MAX: usize = 40;
        let mut votes = [0u8; BUILTIN.len()];
        for word in words.take(WORDS_MAX) {
            let mut buffer = [0; WORD_BYTES_MAX];
            let Some(known) = lowered(word, &mut buffer).and_then(|word| self.words.get(word)) else { continue };
            for (tongue, _) in known {
                if let Some(vote) = votes.get_mut(usize::from(*tongue)) {
                    *vote += 1;
                }
            }
        }
        let best = (0..).zip(votes).max_by_key(|(tongue, vote)| (*vote, *tongue == ENGLISH));
        best.map_or(ENGLISH, |(tongue, _)| tongue)
    }

    /// What the beginning of a (lower-case) word says: `türcode`, `двери`.
    pub fn stem(&self, word: &str) -> Senses {
        const STEM_BYTES_MIN: usize = 3;
        const STEM_CHARS_MAX: usize = 12;
        if head(word).is_none_or(|head| self.stem_heads.get(head / 64).is_none_or(|bits| (bits >> (head % 64)) & 1 == 0)) {
            return Senses::NONE;
        }
        let beginnings = word.char_indices().map(|(at, c)| at + c.len_utf8()).take(STEM_CHARS_MAX).filter(|end| *end >= STEM_BYTES_MIN);
        beginnings.filter_map(|end| self.stems.get(word.get(..end)?)).fold(Senses::NONE, |all, senses| all.and(*senses))
    }

    /// What a run of signs says that is written without blanks.
    pub fn unspaced(&self, run: &str) -> Senses {
        let Some(automaton) = &self.unspaced else { return Senses::NONE };
        automaton
            .find_overlapping_iter(run)
            .filter_map(|found| self.unspaced_senses.get(found.pattern().as_usize()))
            .fold(Senses::NONE, |all, senses| all.and(*senses))
    }
}

/// The first two bytes of a word as a number.
fn head(word: &str) -> Option<usize> {
    word.as_bytes().first_chunk().map(|head| usize::from(u16::from_le_bytes(*head)))
}

/// The word in lower case, in the buffer, or nothing where it does not fit.
pub fn lowered<'b>(word: &str, buffer: &'b mut [u8; WORD_BYTES_MAX]) -> Option<&'b str> {
    if word.is_ascii() {
        let place = buffer.get_mut(..word.len())?;
        place.copy_from_slice(word.as_bytes());
        place.make_ascii_lowercase();
        return std::str::from_utf8(place).ok();
    }
    let mut length = 0;
    for c in word.chars().flat_map(char::to_lowercase) {
        let place = buffer.get_mut(length..length + c.len_utf8())?;
        length += c.encode_utf8(place).len();
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

/// Latin letters without their marks, as people type them who have no such keys.
pub fn folded(word: &str) -> String {
    word.chars()
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ą' | 'ă' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'ď' | 'đ' => 'd',
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
            'ğ' => 'g',
            'í' | 'ì' | 'î' | 'ï' | 'ı' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ő' | 'ø' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ș' => 's',
            'ť' | 'ţ' | 'ț' => 't',
            'ú' | 'ù' | 'û' | 'ü' | 'ű' | 'ů' => 'u',
            'ý' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{BUILTIN, ENGLISH, LANGUAGES, Language, Senses, VOCABULARY, folded};

    fn tongue(name: &str) -> u8 {
        BUILTIN.iter().position(|(known, _)| *known == name).expect("a language") as u8
    }

    #[test]
    fn every_language_parses_and_names_a_password() {
        for (name, text) in BUILTIN {
            let language: Language = toml::from_str(text).expect(name);
            assert!(!language.password.is_empty(), "{name}");
        }
        assert_eq!(LANGUAGES.len(), BUILTIN.len());
    }

    #[test]
    fn a_word_says_what_it_says_in_the_language_of_the_sentence() {
        assert!(VOCABULARY.senses("on", ENGLISH).any(Senses::AT));
        assert!(VOCABULARY.senses("On", tongue("fi")).any(Senses::JOIN));
        assert!(VOCABULARY.senses("MINDESTENS", ENGLISH).any(Senses::TOPIC));
        assert!(VOCABULARY.senses("двери", tongue("ru")).any(Senses::PLACE));
        assert!(VOCABULARY.unspaced("パスワードは別途").any(Senses::ELSEWHERE));
        assert!(VOCABULARY.senses("marigold", ENGLISH).is_none());
        assert_eq!(folded("Contraseña"), "Contrasena");
    }
}
