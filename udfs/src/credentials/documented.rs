//! Keys that vendors print in their own documentation: real in form, of no use to anyone.

use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 of each, sorted: the keys themselves would set off other people's scanners.
const DOCUMENTED: &[u64] = &[
    0x0011_CC25_EB43_2071,
    0x03B9_70ED_8171_D73B,
    0x0E9D_2206_16F0_8345,
    0x1A5D_44A2_DCA1_9669,
    0x2CAF_C097_0149_A84F,
    0x4848_6E15_14E8_4234,
    0x4A32_59F9_ED7E_A852,
    0x5895_B89C_8FB3_3402,
    0x5BAA_D7C9_2A58_15F3,
    0x73F7_1AF0_93FD_F154,
    0x7831_4B11_BE2E_5815,
    0x7F75_367E_7881_2551,
    0x8BE5_D113_C087_1CE1,
    0xAA65_4743_9583_C3A2,
    0xAC92_65E5_6C79_B234,
    0xAD62_D48D_8B06_9026,
    0xAED5_5D1E_2F4C_B015,
    0xB147_1F54_4CEE_EA31,
    0xB8E1_4854_5B13_C78B,
    0xC4BB_CB1F_BEC9_9D65,
    0xC6EA_27C5_34F9_93D3,
    0xCB20_D34A_7ADD_A2F5,
    0xCBE6_BEB2_6479_B568,
    0xCF4D_418E_D3DE_92D7,
    0xD387_3980_F248_DDEB,
    0xDA81_6F9F_2C16_E6C5,
    0xE21B_597B_A6B9_CAFA,
    0xE4DA_07AD_2000_89CE,
    0xF2D6_CA16_5150_33E5,
    0xF5E9_5C99_5463_5B65,
    0xF6CA_DFD4_E4C2_5FF3,
];

/// Whether vendors or standards print exactly this key as an example (AWS, the Azurite and Cosmos emulators, Stripe, jwt.io, RFC 7617,
/// reCAPTCHA's test keys, the KMS client key), or it is marked as one in AWS's manner.
pub fn is_documented(secret: &[u8]) -> bool {
    const LENGTH_MAX: usize = 512;
    if secret.len() > LENGTH_MAX {
        return false;
    }
    if secret.ends_with(b"EXAMPLE") || secret.ends_with(b"EXAMPLEKEY") {
        return true;
    }
    let digest = Sha256::digest(secret);
    let Some(first) = digest.first_chunk::<8>() else { return false };
    DOCUMENTED.binary_search(&u64::from_be_bytes(*first)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{DOCUMENTED, is_documented};

    #[test]
    fn documented_keys_are_known() {
        assert!(DOCUMENTED.is_sorted());
        assert!(is_documented(concat!("AKIA", "IOSFODNN7EXAMPLE").as_bytes()));
        assert!(is_documented(concat!("sk_te", "st_4eC39HqLyjWDarjtT1zdp7dc").as_bytes()));
        assert!(!is_documented(b"AKIAQ8Z3VB7LM2XC9NP4"));
    }
}
