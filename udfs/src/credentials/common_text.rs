//! How common a few neighbouring bytes are in people's text, roughly: the literal pass watches the rarest bytes of each literal.
//! A wrong estimate costs time only.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Words of chat and office text, the more common the earlier.
const WORDS: &str = "the to i you a and it is of in that for on have be with not do this my are can if but me so just what use or how \
    your no like get was at as from there all an know will when then we by need he think now one want they has work up out don't any \
    about i'm would only try some yes here which did time ok which more good thanks see install does that's problem should where them \
    than make who using why also run had anyone file help other could into over new go it's really still two line because error sure \
    same first please way even open set well right something say look off sorry user back too those many before after test team today \
    tomorrow meeting send check let update week day last next page call issue code data server system change name link app list number \
    message group question project review customer service start stop support version working desktop network package http www com org \
    net html wiki config connect connection live free email default directory drive folder home installed keyboard machine mount screen \
    search terminal text type window windows access account process power program report release request response result results read \
    write save show close always never again every each much most very while through between under being been were their our his her she \
    him its down such these people great find long years state world must own take come man little used year part place made water \
    follow around however government development information important business possible different available public international \
    company end management production quality general local office market document application security computer software website \
    online contact address content internet command linux ubuntu sudo root apt boot card sound video driver kernel menu button \
    partition disk firewall wall wireless router repository upgrade update running installing getting trying copy paste log output \
    channel bot join line und der die das ist nicht ich es mit auf den ein eine für sie wir von auch aber noch habe \
    kann wird dass haben bei wie mal nur wenn schon war oder was dann zum heute immer de la que el en los un por con para una se del \
    las lo mi te como pero más hay muy este todo esta si ya le les des est pas je et vous dans pour une sur qui avec ce il mais tout \
    bien fait être sont plus nous comme ont aux cette deux même não um uma com os mais foi ao isso tem seu ele eu di che per non sono \
    della anche ma questo het een van niet dat op ik voor maar";

/// Shares of letters and signs in English text, in thousandths; whatever is not here is rarer.
const SHARES: &[(u8, f64)] = &[
    (b' ', 180.0),
    (b'e', 102.0),
    (b't', 75.0),
    (b'a', 65.0),
    (b'o', 62.0),
    (b'i', 57.0),
    (b'n', 57.0),
    (b's', 53.0),
    (b'h', 50.0),
    (b'r', 50.0),
    (b'd', 33.0),
    (b'l', 33.0),
    (b'u', 23.0),
    (b'c', 22.0),
    (b'm', 20.0),
    (b'f', 20.0),
    (b'w', 17.0),
    (b'g', 16.0),
    (b'p', 15.0),
    (b'y', 14.0),
    (b'b', 13.0),
    (b'.', 10.0),
    (b'v', 8.0),
    (b'k', 6.0),
    (b'/', 5.0),
    (b':', 5.0),
    (b',', 5.0),
    (b'-', 3.0),
    (b'x', 1.5),
];
const SHARE_MIN: f64 = 0.2;

/// How much the letters alone count beside the list of words.
const LETTERS_WEIGHT: f64 = 3.0;

/// The byte's share of a text, roughly; capitals are rare.
pub fn share(byte: u8) -> f64 {
    const CAPITALS: f64 = 0.04;
    const DIGITS: f64 = 5.0;
    let of = |byte: u8| SHARES.iter().find(|(letter, _)| *letter == byte).map_or(SHARE_MIN, |(_, share)| *share);
    let thousandths = match byte {
        b'A'..=b'Z' => of(byte.to_ascii_lowercase()) * CAPITALS,
        b'0'..=b'9' => DIGITS,
        _ => of(byte),
    };
    thousandths / 1000.0
}

/// Pieces of links and addresses, which no list of words holds, beside the words' own numbers.
const LINKS: &[([u8; 4], f64)] = &[
    (*b".com", 60.0),
    (*b"com/", 40.0),
    (*b".org", 30.0),
    (*b"org/", 20.0),
    (*b".net", 15.0),
    (*b"net/", 10.0),
    (*b"://w", 40.0),
    (*b"://p", 20.0),
    (*b"www.", 40.0),
];

/// The words as they stand in a text.
struct Text {
    /// How often four bytes stand inside a word and the blanks around it.
    fours: HashMap<[u8; 4], f64>,
    /// How often a word ends with some bytes, and begins with some.
    ends: HashMap<Vec<u8>, f64>,
    beginnings: HashMap<Vec<u8>, f64>,
    all: f64,
}

impl Text {
    fn new() -> Self {
        let mut text =
            Self { fours: HashMap::from_iter(LINKS.iter().copied()), ends: HashMap::new(), beginnings: HashMap::new(), all: 0.0 };
        for (rank, word) in WORDS.split_ascii_whitespace().enumerate() {
            // Zipf: the frequency falls with the rank.
            let weight = 1000.0 / (rank as f64 + 10.0);
            text.all += weight;
            for four in format!(" {word} ").as_bytes().windows(4) {
                if let Ok(four) = four.try_into() {
                    *text.fours.entry(four).or_insert(0.0) += weight;
                }
            }
            for length in 1..=word.len().min(2) {
                let (beginning, end) = (&word.as_bytes()[..length], &word.as_bytes()[word.len() - length..]);
                *text.beginnings.entry(beginning.to_vec()).or_insert(0.0) += weight;
                *text.ends.entry(end.to_vec()).or_insert(0.0) += weight;
            }
        }
        text
    }

    /// How often one word ends and the next begins so.
    fn across(&self, four: [u8; 4]) -> f64 {
        let across = |blank: usize| {
            let of =
                |known: &HashMap<Vec<u8>, f64>, part: Option<&[u8]>| part.and_then(|part| known.get(part)).copied().unwrap_or_default();
            let is_blank = four.get(blank) == Some(&b' ');
            if is_blank { of(&self.ends, four.get(..blank)) * of(&self.beginnings, four.get(blank + 1..)) / self.all } else { 0.0 }
        };
        across(1) + across(2)
    }
}

/// A number that grows with how often the four bytes stand side by side. ASCII case is ignored.
pub fn commonness(four: [u8; 4]) -> f64 {
    static TEXT: LazyLock<Text> = LazyLock::new(Text::new);
    let four = four.map(|byte| byte.to_ascii_lowercase());
    let known = TEXT.fours.get(&four).copied().unwrap_or_default() + TEXT.across(four);
    known + LETTERS_WEIGHT * four.map(|byte| share(byte) * 10.0).iter().product::<f64>()
}
