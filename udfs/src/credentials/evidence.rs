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
const WEIGHTS: [(f64, &str); 95] = [
    (-2.00, "a credential word"),
    (-0.58, "a word that says other things as often"),
    (-0.91, "several of them"),
    (-2.07, "near a login"),
    (-1.92, "what is done with a password"),
    (-1.45, "how a password is spelled"),
    (-2.25, "what something is"),
    (-0.85, "a user and a value"),
    (0.37, "near a word for a PIN"),
    (-0.04, "near a word for a code"),
    (-0.63, "near a word for a combination"),
    (0.31, "near a word for a key or token"),
    (1.72, "near a word for recovery codes"),
    (0.40, "near a word for a seed"),
    (2.24, "assigned to a credential word"),
    (3.12, "assigned at the end of a sentence about a credential"),
    (2.24, "a sentence gives it to a credential word"),
    (0.18, "a sentence nearly gives it to a credential word"),
    (2.14, "right behind a credential word"),
    (0.95, "behind a user name"),
    (1.52, "on a line of its own"),
    (1.56, "answers a question about a credential"),
    (0.43, "before a credential word"),
    (0.73, "named as the credential that the word behind it says"),
    (1.13, "right behind a user name"),
    (-2.28, "where the user stands"),
    (3.03, "in the column of a credential word"),
    (-0.28, "far from the credential word"),
    (-0.98, "lines below the credential word"),
    (-0.17, "behind a comma"),
    (-0.08, "given by a sentence far away"),
    (-0.08, "in another sentence"),
    (-1.86, "behind a preposition"),
    (-1.79, "behind a word for a user"),
    (-2.11, "behind a word for a thing"),
    (0.16, "behind another credential"),
    (0.22, "in quotes"),
    (-1.47, "in brackets"),
    (1.34, "ends its line"),
    (0.05, "ends its sentence"),
    (-2.33, "a question about the value"),
    (4.39, "shaped like a password"),
    (2.45, "shaped like a token"),
    (1.26, "three kinds of signs"),
    (1.49, "four kinds of signs"),
    (0.29, "a sign inside"),
    (0.05, "digits among letters"),
    (-0.48, "capitals inside"),
    (-0.60, "a word and a number"),
    (-0.88, "hex digits alone"),
    (-0.35, "a password that many people have"),
    (-2.64, "short"),
    (1.67, "long"),
    (-0.07, "very long"),
    (-1.24, "all capitals"),
    (-1.68, "no digit"),
    (-0.79, "parts joined"),
    (0.03, "short parts"),
    (-2.66, "named like a machine or a version"),
    (-1.03, "numbers joined"),
    (-2.96, "looks like something else"),
    (-0.54, "a word"),
    (-2.13, "a word in a sentence"),
    (-0.50, "a short word"),
    (0.85, "a phrase"),
    (-0.15, "a number"),
    (-0.12, "few digits"),
    (-1.00, "too short for a token"),
    (0.57, "as long as a token"),
    (-0.24, "hex digits"),
    (-0.89, "mixed like a token"),
    (-0.71, "no digit in a token"),
    (-0.55, "little chance in it"),
    (1.75, "four to six digits"),
    (0.57, "the signs of a keypad"),
    (0.38, "letters in a code"),
    (-1.66, "could be a year"),
    (2.16, "beside what it opens"),
    (-0.03, "in a question"),
    (0.13, "denied"),
    (-2.17, "denied before"),
    (-1.29, "denied before"),
    (-1.54, "talk about credentials"),
    (-0.42, "talk about credentials around"),
    (-0.50, "an error"),
    (-1.61, "an error around"),
    (-1.91, "the credential is elsewhere"),
    (-1.50, "an example"),
    (0.62, "handed over"),
    (-2.87, "a code for once"),
    (-1.27, "a line of a log"),
    (-0.91, "code"),
    (-0.70, "a text in code"),
    (1.03, "behind a well-known user"),
    (0.25, "a user stands before"),
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
