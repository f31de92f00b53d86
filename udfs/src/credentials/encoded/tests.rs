use base64::Engine as _;

use super::triggers::stable;
use super::{Decoded, Encoding, decoded, triggers};

/// Decodes at the first trigger of `encoding` that is in the text.
fn first(text: &str, encoding: Encoding) -> Option<Decoded> {
    let lower = text.to_ascii_lowercase();
    triggers().iter().filter(|t| t.encoding == encoding).find_map(|trigger| {
        let literal = String::from_utf8(trigger.literal.to_ascii_lowercase()).expect("ASCII");
        let at = lower.find(&literal)?;
        decoded(trigger, text.as_bytes(), at..at + literal.len())
    })
}

#[test]
fn the_base64_of_a_word_is_known_at_each_of_its_three_places() {
    for ahead in ["", "a", "ab", "abc", "abcd"] {
        for behind in ["", "z", "zz"] {
            let plain = format!("{ahead}password: Tern-91-gravel{behind}");
            let text = format!("see {} there", super::LENIENT.encode(&plain));
            let found = first(&text, Encoding::Base64).expect("decodes");
            assert_eq!(String::from_utf8_lossy(&found.text), plain);
            let whole = found.whole();
            assert_eq!(&text[whole], super::LENIENT.encode(&plain));
        }
    }
    assert_eq!(stable("password", 0), (0, b"cGFzc3dvcm".to_vec()));
}

#[test]
fn base64_over_lines_and_in_both_alphabets_is_read_as_one() {
    let plain = format!("db_password={}", "Tern-91-gravel~~~???>>>".repeat(8));
    let wide = super::LENIENT.encode(&plain);
    let lines: Vec<&str> = (0..wide.len()).step_by(76).map(|at| &wide[at..wide.len().min(at + 76)]).collect();
    let text = format!("mail:\n\n{}\n\nend", lines.join("\n"));
    assert_eq!(first(&text, Encoding::Base64).expect("decodes").text, plain.as_bytes());
    let url = super::LENIENT_URL.encode(&plain);
    assert!(url.contains(['-', '_']));
    assert_eq!(first(&format!("x={url}&y"), Encoding::Base64).expect("decodes").text, plain.as_bytes());
}

#[test]
fn a_picture_is_not_decoded_and_a_powershell_command_is() {
    let picture = super::LENIENT.encode([0x89, b'P', b'N', b'G', 0, 1, 2, 3].repeat(20));
    assert_eq!(first(&format!("data:image/png;base64,{picture}"), Encoding::Base64), None);
    let command: Vec<u8> = "net use".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let text = format!("powershell -enc {}", super::LENIENT.encode(command));
    assert_eq!(first(&text, Encoding::Base64).expect("decodes").text, b"net use");
}

#[test]
fn percent_and_entities_map_back_to_their_places() {
    let text = "go to ?next=https%3A%2F%2Fa%3Ab%40h now";
    let found = first(text, Encoding::Percent).expect("decodes");
    assert_eq!(found.text, b"?next=https://a:b@h");
    let at = 16; // "b"
    assert_eq!(&text[found.source(&(at..at + 1))], "b");
    let text = "{&quot;password&quot;: &quot;x&#61;1&quot;}";
    let found = first(text, Encoding::Entities).expect("decodes");
    assert_eq!(found.text, br#"{"password": "x=1"}"#);
    let at = 14; // "x=1"
    assert_eq!(&text[found.source(&(at..at + 3))], "x&#61;1");
}

#[test]
fn what_only_looks_encoded_is_left_alone() {
    assert_eq!(first("100%3d 50%", Encoding::Percent).map(|d| d.text), None);
    assert_eq!(first("CGFZC3DVCM is no base64 of anything known", Encoding::Base64), None);
    assert_eq!(super::entity(b"&#99999;"), None);
    assert_eq!(super::entity(b"&unknown;"), None);
    assert_eq!(super::entity(b"&"), None);
}
