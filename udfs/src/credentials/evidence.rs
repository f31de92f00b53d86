//! What speaks for and against a candidate, and how much: a logistic score.
//!
//! Each feature adds its weight; the sum is the logarithm of the odds, and what comes out of it is the confidence. The weights were
//! fitted (logistic regression, L2) to labelled messages, and rounded; `docs/credentials.md` says how well they hold.

/// Something that speaks for or against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Every candidate has it.
    Bias,
    /// The credential word says other things as often.
    Shared,
    /// The word is a plural: talk of passwords.
    Plural,
    /// The word announces a login, not a password.
    OfLogin,
    /// The word says what is done with a password.
    OfAct,
    /// The word spells a password out.
    OfSpelling,
    /// The word says what something is, not what.
    OfSays,
    /// There is no word, only a pair.
    OfPair,
    /// No word: a sign inside and a digit.
    BareSigned,
    /// No word: words, one sort of joint and a number.
    BareNumbered,
    /// No word: words, joints and a digit.
    BareWorded,
    /// No word: a phrase written as one.
    BarePhrase,
    /// No word: as names are written too.
    BareNamed,
    /// No word: small letters with a sign inside and a digit.
    BareLowerSigned,
    /// No word: small words and a number.
    BareLowerWorded,
    /// No word: small words written as one.
    BareLowerPhrase,
    /// No word: letters, then digits.
    BareTail,
    /// A word about logins stands near such a value.
    BareTopic,
    /// A word for a password stands near such a value.
    BareOfPassword,
    /// A word that is spelled out.
    SpelledWord,
    /// A phrase that is spelled out.
    SpelledPhrase,
    /// The answer to a question that only one knows.
    Answered,
    /// How it is spelled stands behind such a value.
    BareSpelled,
    /// A word or a sign gives such a value.
    BareGiven,
    /// A word for typing in or trying stands before such a value.
    BareTyped,
    /// A user's name stands before such a value.
    BarePaired,
    /// A mail address stands before such a value.
    BareOfAddress,
    /// Such a value is all that its line says.
    BareAlone,
    /// Such a value stands in quotes, bold or code.
    BareQuoted,
    /// The word announces a PIN.
    OfPin,
    /// The word announces a code.
    OfCode,
    /// The word announces the numbers of a lock.
    OfCombination,
    /// The word announces a key or a token.
    OfSecret,
    /// The word announces recovery codes.
    OfRecovery,
    /// The word announces the seed of one-time codes.
    OfSeed,
    /// A sign that assigns stands between word and value.
    Assigned,
    /// A sign that assigns stands right before the value, words between.
    Late,
    /// A word that joins stands right before the value.
    Copula,
    /// A word that joins stands a few words before the value.
    CopulaNear,
    /// Nothing stands between.
    Adjacent,
    /// A stroke or an "and" stands before the value, a user name before that.
    Divided,
    /// The value stands alone on a line below.
    OwnLine,
    /// A question ended, the value stands on a line below.
    Answer,
    /// The value stands before the word.
    Reverse,
    /// "`X` as the password", "`X` is the password".
    ReverseRole,
    /// A user name and a blank stand before the value.
    UserThen,
    /// Right behind a login word stands the user.
    LoginFirst,
    /// The value stands in the word's column of a table.
    Column,
    /// Words between, in fours.
    Distance,
    /// Lines between.
    Lines,
    /// Commas between.
    Clauses,
    /// The word that joins may join something else.
    CopulaFar,
    /// A sentence ended between.
    Sentences,
    /// A preposition stands right before the value: it is a place or a time.
    AtBefore,
    /// A word for a user stands right before the value.
    UserBefore,
    /// A word stands right before that names or numbers go with: a room, a network.
    NameBefore,
    /// Another candidate stands between.
    Later,
    /// In quotes, bold or code.
    Quoted,
    /// A bracket opens right before the value.
    Bracketed,
    /// Nothing stands behind it on its line.
    EndsLine,
    /// A stop or a comma stands behind it.
    EndsSentence,
    /// A question mark stands behind it.
    Asked,
    /// How much it looks like a password, in [0, 0.7].
    Strength,
    /// How much it looks like a token, in [0, 0.6].
    TokenStrength,
    /// Three of small letters, capitals, digits, signs.
    ThreeKinds,
    /// All of them.
    FourKinds,
    /// A sign that words do not hold stands inside.
    SignInside,
    /// Digits for letters.
    DigitInside,
    /// A capital behind a small letter, and a digit.
    CapitalInside,
    /// Letters, then digits.
    Tail,
    /// As ids and hashes are written.
    Hex,
    /// A common word with a number, or a row of keys.
    Common,
    /// Less than six characters.
    Short,
    /// Nine characters or more.
    Long,
    /// More than people type.
    VeryLong,
    /// No small letter.
    AllCapitals,
    /// Letters and no digit.
    NoDigit,
    /// Parts with `-`, `_`, `.` between.
    Joined,
    /// Parts of three letters at most.
    ShortWords,
    /// Made of technical words and numbers.
    Technical,
    /// Digits with signs between and no letter.
    Mark,
    /// A date, a host, a ticket, code: see `lookalike`.
    Lookalike,
    /// A plain word, assigned or quoted.
    Word,
    /// It is in quotes, bold or code.
    WordQuoted,
    /// It is not in quotes, a sentence gives it.
    WordBare,
    /// One of five or six letters.
    WordShort,
    /// Several words in quotes.
    Phrase,
    /// Digits alone.
    Digits,
    /// Less than four.
    DigitsFew,
    /// Less than twelve characters.
    TokenShort,
    /// Twenty characters or more.
    TokenLong,
    /// Hex digits alone, as in ids and hashes.
    TokenHex,
    /// Small letters, capitals and digits mixed.
    TokenMixed,
    /// No digit.
    TokenNoDigit,
    /// Few different characters.
    TokenFlat,
    /// As most codes of doors and phones have.
    PinFour,
    /// It holds `#` or `*`.
    PinSigned,
    /// Letters among the digits.
    PinLetters,
    /// 19.. or 20..
    PinYear,
    /// A word for what a code opens stands in the sentence.
    PlaceNear,
    /// A word of a question stands before.
    Ask,
    /// A negation stands between.
    Not,
    /// A negation stands before a value that stands before the word.
    NotReverse,
    /// A negation stands before the word.
    NotBefore,
    /// Words about policies, fields, resets stand between.
    Topic,
    /// Such words stand around.
    TopicAround,
    /// Words of errors stand between.
    Fault,
    /// Words of errors stand around.
    FaultAround,
    /// Words say where it is, or how it will come.
    Elsewhere,
    /// Words announce an example.
    Example,
    /// Words of a handover stand near.
    Given,
    /// Words of codes for once, or that open nothing.
    Once,
    /// A time of day to the second, or a network address, stands in the line.
    Log,
    /// The line is code, the value is not in quotes.
    CodeBare,
    /// The line is code, the value is in quotes.
    CodeQuoted,
    /// The word is the name of a user that every machine has.
    KnownUser,
    /// A word for a user stands before the word.
    UserAhead,
}

/// The weight of each feature, in its order, and how an explanation names it.
const WEIGHTS: [(f64, &str); 117] = [
    (-2.08, "a credential word"),
    (-0.41, "a word that says other things as often"),
    (-1.34, "several of them"),
    (-2.36, "near a login"),
    (-1.84, "what is done with a password"),
    (-1.75, "how a password is spelled"),
    (-2.17, "what something is"),
    (-1.49, "a user and a value"),
    (2.60, "shaped like nothing but a password"),
    (1.90, "words and a number written as one"),
    (1.30, "words with a digit written as one"),
    (1.00, "words written as one"),
    (0.40, "a word and a number written as one"),
    (1.30, "a sign inside, and a digit"),
    (0.30, "small words and a number written as one"),
    (0.00, "small words written as one"),
    (0.00, "letters, then digits"),
    (0.60, "near words about logins"),
    (1.00, "near a word for a password"),
    (1.80, "a word that is spelled out"),
    (2.40, "a phrase that is spelled out"),
    (2.90, "the answer to a question that only one knows"),
    (1.50, "spelled out"),
    (0.60, "given by a word"),
    (1.00, "what is typed in"),
    (1.60, "beside a user name"),
    (0.90, "beside a mail address"),
    (0.50, "alone on its line"),
    (0.30, "in quotes"),
    (0.73, "near a word for a PIN"),
    (0.07, "near a word for a code"),
    (-0.71, "near a word for a combination"),
    (0.54, "near a word for a key or token"),
    (1.31, "near a word for recovery codes"),
    (0.43, "near a word for a seed"),
    (1.93, "assigned to a credential word"),
    (3.44, "assigned at the end of a sentence about a credential"),
    (2.33, "a sentence gives it to a credential word"),
    (0.19, "a sentence nearly gives it to a credential word"),
    (1.61, "right behind a credential word"),
    (1.84, "behind a user name"),
    (2.25, "on a line of its own"),
    (1.27, "answers a question about a credential"),
    (0.79, "before a credential word"),
    (1.58, "named as the credential that the word behind it says"),
    (1.36, "right behind a user name"),
    (-1.98, "where the user stands"),
    (3.00, "in the column of a credential word"),
    (-0.38, "far from the credential word"),
    (0.03, "lines below the credential word"),
    (-0.10, "behind a comma"),
    (0.07, "given by a sentence far away"),
    (-0.72, "in another sentence"),
    (-1.85, "behind a preposition"),
    (-1.76, "behind a word for a user"),
    (-2.02, "behind a word for a thing"),
    (0.03, "behind another credential"),
    (-0.02, "in quotes"),
    (-1.54, "in brackets"),
    (1.65, "ends its line"),
    (0.26, "ends its sentence"),
    (-2.36, "a question about the value"),
    (3.90, "shaped like a password"),
    (3.50, "shaped like a token"),
    (1.16, "three kinds of signs"),
    (1.43, "four kinds of signs"),
    (0.56, "a sign inside"),
    (0.20, "digits among letters"),
    (-0.06, "capitals inside"),
    (-0.42, "a word and a number"),
    (-0.88, "hex digits alone"),
    (-0.34, "a password that many people have"),
    (-2.00, "short"),
    (1.59, "long"),
    (0.90, "very long"),
    (-1.39, "all capitals"),
    (-1.65, "no digit"),
    (-0.55, "parts joined"),
    (-0.17, "short parts"),
    (-2.53, "named like a machine or a version"),
    (-1.01, "numbers joined"),
    (-2.99, "looks like something else"),
    (-0.45, "a word"),
    (0.90, "a word in quotes"),
    (-2.14, "a word in a sentence"),
    (-0.50, "a short word"),
    (0.87, "a phrase"),
    (-0.19, "a number"),
    (-0.13, "few digits"),
    (-0.99, "too short for a token"),
    (1.13, "as long as a token"),
    (-0.55, "hex digits"),
    (0.79, "mixed like a token"),
    (-0.83, "no digit in a token"),
    (-0.51, "little chance in it"),
    (1.39, "four to six digits"),
    (0.56, "the signs of a keypad"),
    (0.17, "letters in a code"),
    (-1.70, "could be a year"),
    (2.40, "beside what it opens"),
    (-0.01, "in a question"),
    (-0.76, "denied"),
    (-2.21, "denied before"),
    (-1.58, "denied before"),
    (-1.52, "talk about credentials"),
    (-0.58, "talk about credentials around"),
    (-1.25, "an error"),
    (-2.12, "an error around"),
    (-2.03, "the credential is elsewhere"),
    (-1.78, "an example"),
    (0.44, "handed over"),
    (-2.80, "a code for once"),
    (-1.33, "a line of a log"),
    (-1.38, "code"),
    (-0.61, "a text in code"),
    (0.99, "behind a well-known user"),
    (0.66, "a user stands before"),
];

impl Feature {
    /// How much it adds to the logarithm of the odds.
    pub fn weight(self) -> f64 {
        WEIGHTS.get(self as usize).map_or(0.0, |(weight, _)| *weight)
    }

    /// How an explanation names it.
    pub fn text(self) -> &'static str {
        WEIGHTS.get(self as usize).map_or("", |(_, text)| *text)
    }
}

/// What has been noted of one candidate.
#[derive(Debug, Clone)]
pub struct Evidence {
    score: f64,
    most: (f64, Feature),
    least: (f64, Feature),
    #[cfg(test)]
    pub trace: Vec<(Feature, f64)>,
}

impl Evidence {
    /// Nothing but a credential word.
    pub fn new() -> Self {
        Self {
            score: Feature::Bias.weight(),
            most: (0.0, Feature::Bias),
            least: (0.0, Feature::Bias),
            #[cfg(test)]
            trace: Vec::new(),
        }
    }

    /// Adds a feature that has an amount.
    pub fn scaled(&mut self, feature: Feature, amount: f64) {
        let part = feature.weight() * amount;
        self.score += part;
        if part > self.most.0 {
            self.most = (part, feature);
        }
        if part < self.least.0 {
            self.least = (part, feature);
        }
        #[cfg(test)]
        if amount != 0.0 {
            self.trace.push((feature, amount));
        }
    }

    /// Adds a feature.
    pub fn add(&mut self, feature: Feature) {
        self.scaled(feature, 1.0);
    }

    /// Adds a feature where it holds.
    pub fn when(&mut self, feature: Feature, holds: bool) {
        if holds {
            self.add(feature);
        }
    }

    /// What the features can add to a score, at most.
    pub fn most(features: &[Feature]) -> f64 {
        features.iter().map(|feature| feature.weight().max(0.0)).sum()
    }

    /// Whether the candidate may pass if so much more speaks for it. Sums in another order may differ a little.
    pub fn could_reach(&self, more: f64) -> bool {
        const ROUNDING: f64 = 1e-6;
        self.score + more >= -ROUNDING
    }

    /// Whether more speaks for it than against it.
    pub fn passes(&self) -> bool {
        self.score >= 0.0
    }

    /// How sure the candidate is, in (0, 1), in hundredths. Words alone prove nothing: no such candidate is surer than 0.99.
    pub fn confidence(&self) -> f64 {
        const MOST: f64 = 0.99;
        let odds = 1.0 / (1.0 + (-self.score).exp());
        ((odds * 100.0).round() / 100.0).min(MOST)
    }

    /// What speaks most for it.
    pub fn for_it(&self) -> &'static str {
        self.most.1.text()
    }

    /// What speaks most against it.
    pub fn against_it(&self) -> &'static str {
        self.least.1.text()
    }
}
