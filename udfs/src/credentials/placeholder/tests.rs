use super::{password, token};

#[test]
fn placeholders_fall_and_values_stand() {
    for value in [
        "********",
        "........",
        "<your password>",
        "${DB_PASS}",
        "$DB_PASS",
        "%PASSWORD%",
        "{{ smtp_password }}",
        "xxxx",
        "XXXX-XXXX",
        "changeme",
        "your-password-here",
        "password",
        "null",
        "[REDACTED]",
        "op://Eng/stripe/credential",
        "votre-mot-de-passe",
        "process.env.PASSWORD",
        "••••••••",
        "&lt;token&gt;",
        "#add-password",
        "somefakekey",
        "&#9679",
    ] {
        assert!(password(value.as_bytes()).is_some(), "{value}");
    }
    for value in ["Summer2026!", "hunter2", "m00nStone;97", "$tr0ng", "q9-Saffron-Kiln-02", "x9!Kx", "Passw0rd"] {
        assert!(password(value.as_bytes()).is_none(), "{value}: {:?}", password(value.as_bytes()));
    }
    assert!(token(b"abcd_EXAMPLEKEY12345").is_some());
    assert!(token(b"00000000000000000000").is_some());
    assert!(token(b"key-a1b2c3d4e5f6").is_some());
    assert!(token(b"q8Zk3Vb7Lm2Xc9Np4Ty6").is_none());
}
