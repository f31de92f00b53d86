//! Checksums that issuers put into their tokens and keys.

use sha2::{Digest, Sha256};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// CRC-32 as in zip and PNG, bit by bit: tokens are short.
pub fn crc32(bytes: &[u8]) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0xEDB8_8320;
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { REVERSED_POLYNOMIAL } else { 0 })
    })
}

/// A number in `digits`, the most significant first, filled up with the zero digit.
fn in_base<const LENGTH: usize>(mut number: u32, digits: &[u8]) -> [u8; LENGTH] {
    let base = u32::try_from(digits.len()).unwrap_or(u32::MAX);
    let mut text = [b'0'; LENGTH];
    for digit in text.iter_mut().rev() {
        *digit = digits.get((number % base) as usize).copied().unwrap_or(b'0');
        number /= base;
    }
    text
}

/// The checksum of a token's random part as GitHub and npm write it: six digits in base 62.
pub fn crc32_base62(random: &[u8]) -> [u8; 6] {
    in_base(crc32(random), BASE62)
}

/// The checksum of all that stands before it as GitLab's routable tokens carry it: seven digits in base 36, the small letters first.
pub fn crc32_base36(ahead: &[u8]) -> [u8; 7] {
    in_base(crc32(ahead), b"0123456789abcdefghijklmnopqrstuvwxyz")
}

/// Whether a Grafana service account token's last eight digits are the CRC-32 of what stands before them, the low byte first.
pub fn is_grafana(token: &[u8]) -> bool {
    let Some((ahead, sum)) = token.split_last_chunk::<8>() else { return false };
    let Some(ahead) = ahead.strip_suffix(b"_") else { return false };
    let wanted = hex::encode(crc32(ahead).to_le_bytes());
    sum.eq_ignore_ascii_case(wanted.as_bytes())
}

/// Whether the Bech32 checksum holds (BIP 173; age keys, Nostr keys).
pub fn is_bech32(text: &[u8]) -> bool {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    const LENGTH_MAX: usize = 128;
    let text = text.to_ascii_lowercase();
    let Some(divider) = text.iter().rposition(|&b| b == b'1').filter(|_| text.len() <= LENGTH_MAX) else { return false };
    let (prefix, data) = (text.get(..divider).unwrap_or_default(), text.get(divider + 1..).unwrap_or_default());
    let digits: Option<Vec<u32>> =
        data.iter().map(|b| BECH32.iter().position(|digit| digit == b).and_then(|d| u32::try_from(d).ok())).collect();
    let Some(digits) = digits else { return false };
    let high = prefix.iter().map(|b| u32::from(b >> 5));
    let low = prefix.iter().map(|b| u32::from(b & 31));
    let sum = high.chain([0]).chain(low).chain(digits).fold(1u32, |sum, value| {
        let top = sum >> 25;
        let shifted = ((sum & 0x01ff_ffff) << 5) ^ value;
        GENERATOR.iter().enumerate().fold(shifted, |sum, (bit, generator)| if (top >> bit) & 1 == 1 { sum ^ generator } else { sum })
    });
    sum == 1
}

/// What a Base58Check text holds, if its checksum holds (Bitcoin keys).
pub fn base58check(text: &[u8]) -> Option<Vec<u8>> {
    const LENGTH_MAX: usize = 128;
    if text.len() > LENGTH_MAX {
        return None;
    }
    let mut bytes: Vec<u8> = Vec::new();
    for digit in text {
        let mut carry = u32::try_from(BASE58.iter().position(|d| d == digit)?).ok()?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    bytes.extend(text.iter().take_while(|&&b| b == b'1').map(|_| 0));
    bytes.reverse();
    let (payload, sum) = bytes.split_last_chunk::<4>()?;
    Sha256::digest(Sha256::digest(payload)).starts_with(sum).then(|| payload.to_vec())
}

/// Whether the Luhn digit of the digits in the text holds (ISO/IEC 7812).
pub fn is_luhn(text: &[u8]) -> bool {
    let digits = text.iter().rev().filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0'));
    let sum = digits.enumerate().fold(0u32, |sum, (place, digit)| {
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum.wrapping_add(if doubled > 9 { doubled - 9 } else { doubled })
    });
    sum.is_multiple_of(10)
}

/// Whether each group of six digits is a multiple of eleven below 2^16 * 11, as in BitLocker's recovery keys.
pub fn is_bitlocker(key: &[u8]) -> bool {
    let group = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|d| d.parse::<u32>().ok());
    key.split(|&b| b == b'-').all(|digits| group(digits).is_some_and(|number| number.is_multiple_of(11) && number < 720_896))
}

#[cfg(test)]
mod tests {
    use super::{base58check, crc32, crc32_base36, crc32_base62, is_bech32, is_bitlocker, is_grafana, is_luhn};

    #[test]
    fn the_checksum_is_the_one_of_zip_files() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        // 0xCBF43926 = 3,421,780,262
        assert_eq!(&crc32_base36(b"123456789"), b"1kl8mjq");
        assert_eq!(crc32_base62(b"").as_slice(), b"000000");
    }

    #[test]
    fn a_grafana_token_carries_the_checksum_of_its_beginning() {
        let ahead = format!("{}{}", "gl", "sa_q8Zk3Vb7Lm2Xc9Np4Ty6Wd1Rf5Hj0SaB");
        let sum = hex::encode(crc32(ahead.as_bytes()).to_le_bytes());
        assert!(is_grafana(format!("{ahead}_{sum}").as_bytes()));
        assert!(!is_grafana(format!("{ahead}_00000000").as_bytes()));
        assert!(!is_grafana(b"glsa"));
    }

    #[test]
    fn bech32_holds_for_the_standards_own_texts() {
        // BIP 173, valid and invalid.
        assert!(is_bech32(b"A12UEL5L"));
        assert!(is_bech32(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"));
        assert!(!is_bech32(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxv"));
        assert!(!is_bech32(b"A1G7SGD8"));
        assert!(!is_bech32(b"no divider"));
    }

    #[test]
    fn base58check_holds_for_an_address_everybody_knows() {
        // The first address of all.
        let payload = base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa").expect("holds");
        assert_eq!(payload.len(), 21);
        assert_eq!(base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), None);
        assert_eq!(base58check(b"0OIl"), None);
    }

    #[test]
    fn digits_that_check_themselves() {
        assert!(is_luhn(b"79927398713"));
        assert!(!is_luhn(b"79927398710"));
        assert!(is_bitlocker(b"000011-720885"));
        assert!(!is_bitlocker(b"000012-000011"));
        assert!(!is_bitlocker(b"999999-000011"));
    }
}
