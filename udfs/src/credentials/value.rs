//! What a value looks like by its own shape: how much like a password a person chose, and how much like a token of a machine.

use super::entropy::shannon;

/// Letters, digits and signs of a value, counted.
#[derive(Debug, Clone, Copy, Default)]
struct Classes {
    lower: usize,
    upper: usize,
    digit: usize,
    /// Signs that join words: `-`, `_`, `.` and the like.
    joint: usize,
    /// Signs that words do not contain: `!`, `#`, `$`, ...
    sign: usize,
    chars: usize,
}

impl Classes {
    fn of(value: &str) -> Self {
        let mut classes = Self::default();
        for c in value.chars() {
            classes.chars += 1;
            match c {
                '-' | '_' | '.' | '/' | ':' | ',' | '\'' | '’' | '@' | '\\' | ' ' => classes.joint += 1,
                c if c.is_numeric() => classes.digit += 1,
                c if c.is_uppercase() => classes.upper += 1,
                c if c.is_alphabetic() => classes.lower += 1,
                _ => classes.sign += 1,
            }
        }
        classes
    }

    fn letters(self) -> usize {
        self.lower + self.upper
    }
}

/// How much a value looks like a password that a person chose, in [0, 0.7].
pub fn password_strength(value: &str) -> f64 {
    let classes = Classes::of(value);
    let long = classes.chars >= 8;
    let mixed_case = classes.lower > 0 && classes.upper > 0;
    let (letters, digit, sign, joint) = (classes.letters() > 0, classes.digit > 0, classes.sign > 0, classes.joint > 0);
    // A sign only at the end may be the sentence's: it counts for less.
    let inner_sign =
        value.char_indices().rev().skip(1).any(|(_, c)| !c.is_alphanumeric() && Classes::of(c.encode_utf8(&mut [0; 4])).sign > 0);
    if classes.sign >= 3 && classes.letters() + classes.digit >= 4 && classes.chars >= 12 {
        return 0.7;
    }
    match (letters, digit) {
        (true, true) if sign && (mixed_case || inner_sign) && long => 0.7,
        (true, true) if mixed_case && joint && long => 0.6,
        (true, true) if sign && classes.chars >= 6 => 0.5,
        (true, true) if mixed_case && long => 0.5,
        (true, true) if mixed_case && classes.chars >= 6 => 0.4,
        (true, true) if joint && long => 0.38,
        (true, true) if classes.chars >= 6 => 0.35,
        (true, true) if classes.chars >= 5 => 0.2,
        (true, false) if inner_sign && mixed_case && long => 0.5,
        (true, false) if inner_sign && classes.chars >= 6 => 0.3,
        (true, false) if joint && classes.upper >= 2 && classes.lower >= 4 && classes.chars >= 9 => 0.3,
        (true, false) if joint && long => 0.12,
        (true, false) if mixed_case && camel(value) && long => 0.15,
        (true, false) => 0.05,
        (false, true) if sign && classes.chars >= 6 => 0.3,
        (false, true) if classes.chars >= 4 && !joint => 0.15,
        _ => 0.0,
    }
}

fn camel(value: &str) -> bool {
    value.chars().zip(value.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase())
}

/// How much a value looks like a machine's random token, in [0, 0.6].
pub fn token_strength(value: &str) -> f64 {
    let classes = Classes::of(value);
    let plain = value.bytes().all(|b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'~' | b':' | b'%' | b'$' | b'!' | b'*' | b'@' | b'&')
    });
    if !plain || classes.chars < 10 || classes.letters() == 0 {
        return 0.0;
    }
    let bits = shannon(value.as_bytes());
    let words =
        value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| w.len() >= 3 && w.bytes().all(|b| b.is_ascii_lowercase())).count();
    if classes.digit == 0 {
        // Without a digit only length and mixed case speak for chance.
        return if classes.chars >= 24 && classes.upper >= 4 && classes.lower >= 4 && bits >= 3.8 && words == 0 { 0.4 } else { 0.0 };
    }
    match classes.chars {
        _ if words >= 2 => 0.1,
        20.. if bits >= 3.0 && classes.digit >= 2 => 0.6,
        16.. if bits >= 2.9 && (classes.digit >= 2 || classes.upper >= 3 && classes.lower >= 3) => 0.5,
        12.. if bits >= 2.8 && classes.digit >= 2 => 0.35,
        _ => 0.2,
    }
}

#[cfg(test)]
mod tests {
    use super::{password_strength, token_strength};

    #[test]
    fn mixed_values_are_stronger_than_words() {
        let order = ["expired", "Friday", "case-sensitive", "hunter2", "MateAmargo21", "Velvet_Hammer_19", "Summer2026!"];
        for pair in order.windows(2) {
            assert!(password_strength(pair[0]) <= password_strength(pair[1]), "{pair:?}");
        }
        assert!(token_strength("the-quick-brown-fox-jumps-2") < 0.3);
        assert!(token_strength("q8Zk3Vb7Lm2Xc9Np4Ty6") > 0.5);
    }
}
