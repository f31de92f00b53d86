//! Keys that vendors print in their own documentation: real in form, of no use to anyone.

use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 of each, sorted: the keys themselves would set off other people's scanners.
const DOCUMENTED: &[u64] = &[
    0x0011_CC25_EB43_2071,
    0x009D_EC74_1715_ADAA,
    0x00CF_4C78_1DC3_7003,
    0x02F7_CE3C_263F_85C0,
    0x03B9_70ED_8171_D73B,
    0x0B5D_D075_CCDD_03C4,
    0x0C84_8ABB_0330_7B06,
    0x0E9D_2206_16F0_8345,
    0x0FFF_9EE6_71B0_5EA2,
    0x1617_5223_C8DD_CE5A,
    0x1A5D_44A2_DCA1_9669,
    0x1BBB_9293_C38A_CC5E,
    0x1E3E_5865_6012_D861,
    0x2243_AE4C_7301_4469,
    0x2898_1D08_ECFF_66AA,
    0x2CAF_C097_0149_A84F,
    0x3002_888F_967A_7086,
    0x3543_C50B_0CB9_CEA8,
    0x3F94_6A39_38CD_FED3,
    0x4848_6E15_14E8_4234,
    0x4A32_59F9_ED7E_A852,
    0x53F5_DA0A_AA93_D64C,
    0x549C_9390_539E_FCFA,
    0x5895_B89C_8FB3_3402,
    0x5BAA_D7C9_2A58_15F3,
    0x5DB2_1F1A_D63D_9B33,
    0x60A0_9E43_5786_8C1E,
    0x60C2_276A_452D_BD12,
    0x688B_A670_6030_8F16,
    0x6C96_130F_130A_B0D6,
    0x6D7F_A4E6_4D4B_1F3E,
    0x731F_A294_D036_E54F,
    0x73F7_1AF0_93FD_F154,
    0x7831_4B11_BE2E_5815,
    0x797C_0CE4_1458_6CC8,
    0x7E49_8F91_828A_193C,
    0x7F75_367E_7881_2551,
    0x82E7_4299_544E_0073,
    0x841B_4F5B_0B34_E19A,
    0x8A11_35D9_E9E6_9FBA,
    0x8BE5_D113_C087_1CE1,
    0x9766_3138_E666_9921,
    0x9C84_6FDF_0FA8_955C,
    0x9F7C_1018_C1A4_64FF,
    0x9FEB_CE9F_2C53_C049,
    0xA35B_81A7_D792_7B70,
    0xA4B8_B245_AB28_BC4F,
    0xAA65_4743_9583_C3A2,
    0xAC92_65E5_6C79_B234,
    0xAD62_D48D_8B06_9026,
    0xAED5_5D1E_2F4C_B015,
    0xB147_1F54_4CEE_EA31,
    0xB390_E2E5_7C22_7C07,
    0xB8E1_4854_5B13_C78B,
    0xBC1A_5096_6C9E_6486,
    0xBC3A_E723_F57C_6B9E,
    0xC4BB_CB1F_BEC9_9D65,
    0xC557_EEC8_78DF_D852,
    0xC6EA_27C5_34F9_93D3,
    0xCA74_59E2_B267_76DE,
    0xCB20_D34A_7ADD_A2F5,
    0xCBE6_BEB2_6479_B568,
    0xCF4D_418E_D3DE_92D7,
    0xD387_3980_F248_DDEB,
    0xDA81_6F9F_2C16_E6C5,
    0xDF45_2EEF_23E8_CF2C,
    0xE21B_597B_A6B9_CAFA,
    0xE4DA_07AD_2000_89CE,
    0xE997_4C50_7D2A_8021,
    0xEA1C_A3E2_5B35_A51E,
    0xECB0_E7BA_498C_5920,
    0xF2D6_CA16_5150_33E5,
    0xF537_5A46_3650_89A8,
    0xF5E9_5C99_5463_5B65,
    0xF6CA_DFD4_E4C2_5FF3,
    0xF79C_D64F_9CEA_2378,
    0xFA14_6B83_DF55_0394,
    0xFA1C_CDEE_C817_5C63,
    0xFB8F_3512_9DF8_7662,
    0xFEB2_6C1F_DAFE_E077,
];

/// Whether vendors or standards print exactly this key as an example, or it is marked as one in AWS's manner.
///
/// AWS, the Azurite and Cosmos emulators, Stripe, GitHub, Slack, Telegram, Discord, Twitter, Google, Mailgun, MinIO's playground, Grafana,
/// Okta, WireGuard, Kubernetes, jwt.io; RFC 6238, 6749, 6750 and 7617; BIP 32 and 39, Hardhat's first account, the keys of the numbers zero and
/// one; the hashes of the empty password; PayU's and Redsys' sandboxes, Kafka's SASL examples, the password of a comic; reCAPTCHA's and Turnstile's test keys, the KMS client key.
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
