use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::RuleSet;
use crate::credentials::fingerprint::fingerprint;
use crate::credentials::rules::builtin;

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::compile(&builtin().expect("parses")).expect("compiles"));

fn found(text: &str) -> Vec<(String, String)> {
    let candidates = RULES.find(text.as_bytes());
    candidates.iter().map(|c| (RULES.name(c).to_owned(), text[c.range.clone()].to_owned())).collect()
}

/// The tests that decided about candidates in the text, accepted ones first.
fn tests(text: &str) -> Vec<String> {
    let mut candidates = RULES.explain(text.as_bytes());
    candidates.sort_by_key(|c| !c.accepted());
    candidates.iter().map(|c| RULES.explanation(c, text.as_bytes())).collect()
}

/// In pieces, so that no scanner takes the source for a leak.
fn token() -> String {
    ["ghp", "_01RQOILGosoxv8bi", "NPcxy2ILh4pekD4GWuC8"].concat()
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[test]
fn a_token_inside_base64_is_found_as_the_whole_run() {
    for user in ["c", "ci", "ops"] {
        let blob = STANDARD.encode(format!("{{\"user\":\"{user}\",\"value\":\"{}\"}}", token()));
        let text = format!("config is {blob} thanks");
        assert_eq!(tests(&text)[0], "found in decoded base64");
        assert_eq!(found(&text), [("github-pat-classic".to_owned(), blob)]);
    }
}

#[test]
fn a_secret_has_one_fingerprint_however_it_is_written_and_a_mask_shows_nothing_of_what_is_encoded() {
    let token = token();
    let plain = fingerprint(b"key", token.as_bytes());
    let twice = STANDARD.encode(format!("cGFzc3dvcmQ= then {}", STANDARD.encode(format!("the token is {token}"))));
    let (head, tail) = token.split_at(20);
    let ahead = "git clone with the token that I just made for you: ";
    let cases = [
        (format!("use {token} now"), "ghp_****"),
        (format!("config is {} thanks", STANDARD.encode(format!("{{\"value\":\"{token}\"}}"))), "****"),
        (format!("see {twice}"), "****"),
        (format!("https://sso.example.com/?to={}", percent(&format!("https://a.example.com/?token={token}"))), "****"),
        (format!("{ahead}{head}\n{tail}\nbye"), "ghp_****"),
    ];
    for (text, mask) in cases {
        let found = RULES.find(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(fingerprint(b"key", found[0].secret(text.as_bytes())), plain, "{text}");
        assert_eq!(RULES.masked(&found[0], text.as_bytes()), mask, "{text}");
        assert!(!format!("{found:?}").contains(&token[6..]), "{text}");
    }
}

#[test]
fn two_levels_are_decoded_and_no_more() {
    let inner = format!("password={}", "Tern-91-gravel");
    let once = STANDARD.encode(&inner);
    let twice = STANDARD.encode(format!("cGFzc3dvcmQ= then {once}"));
    let thrice = STANDARD.encode(format!("cGFzc3dvcmQ= then {twice}"));
    assert_eq!(found(&format!("see {once}")).len(), 1);
    assert_eq!(found(&format!("see {twice}")).len(), 1);
    assert_eq!(found(&format!("see {thrice}")), []);
    let link = format!("https://login.example.com/?next={}", percent(&format!("https://a.example.com/?blob={once}")));
    assert_eq!(found(&link).len(), 1);
}

#[test]
fn a_password_in_an_encoded_link_is_found_where_it_stands() {
    let text = format!("open https://sso.example.com/?to={} please", percent("ftp://ops:Tern91gravel@files.example.com/x"));
    assert_eq!(found(&text), [("url-password".to_owned(), "Tern91gravel".to_owned())]);
}

#[test]
fn code_that_went_through_html_is_read() {
    let text = "&lt;password&gt;Tern-91-gravel&lt;/password&gt;";
    assert_eq!(found(text).len(), 1, "{:?}", tests(text));
    let text = "config: {&quot;db_password&quot;: &quot;Tern-91-gravel&quot;}";
    assert_eq!(found(text).iter().map(|(_, secret)| secret.as_str()).collect::<Vec<_>>(), ["Tern-91-gravel"]);
}

#[test]
fn a_token_over_two_lines_is_found_with_its_line_end() {
    let token = token();
    let (head, tail) = token.split_at(20);
    let ahead = "git clone with the token that I just made for you: ";
    let text = format!("{ahead}{head}\n{tail}\nbye");
    assert_eq!(found(&text), [("github-pat-classic".to_owned(), format!("{head}\n{tail}"))]);
    assert!(tests(&text).iter().any(|test| test == "pattern and value, joined over line ends"));
    // A line that a person ended is not joined.
    assert_eq!(found(&format!("{head}\n{tail}")), []);
}

#[test]
fn what_a_vendors_rule_knows_as_an_example_is_no_password_either() {
    let text = format!("api_key = \"{}{}\"", "gsk", "_aBcDeFgHiJkLmNoPqRsT1234567890abcdefghijklmnopqrstuv");
    assert_eq!(found(&text), []);
    assert!(tests(&text).iter().all(|test| test == "a run of neighbouring characters"), "{:?}", tests(&text));
}

#[test]
fn an_explanation_shows_what_can_be_read_from_the_secret() {
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let jwt = format!("{}.{}.{}", part(r#"{"alg":"HS256"}"#), part(r#"{"sub":"ops","exp":1767225600}"#), part("not a real signature"));
    let wanted = "the JWT's header and claims are JSON; signed with HS256, expires 2026-01-01T00:00:00Z";
    assert!(tests(&format!("jwt {jwt}")).iter().any(|test| test == wanted), "{:?}", tests(&jwt));
    let key = ["ASIA", "QNZGKIQY56JQ7WML"].concat();
    assert_eq!(tests(&key), ["base 32 as in AWS key ids; of the account 029608264753"]);
}

#[test]
fn the_documented_example_of_a_jwt_falls_and_says_why() {
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = part(r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#);
    let jwt = format!("{}.{claims}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part("some other signature"));
    assert_eq!(found(&format!("token: {jwt}")), []);
    assert!(tests(&jwt).iter().any(|test| test.starts_with("the claims of a documented example")));
}

#[test]
fn many_triggers_and_many_broken_lines_take_linear_time() {
    let blobs = "cGFzc3dvcmQ ".repeat(4_000);
    let run = "cGFzc3dvcmQ".repeat(4_000);
    let links = "token%3D%3A%2F%2F".repeat(2_000);
    let lines = format!("{}\n", "ghp_".repeat(200)).repeat(100);
    for text in [blobs, run, links, lines] {
        let start = std::time::Instant::now();
        let _ = RULES.find(text.as_bytes());
        assert!(start.elapsed().as_secs() < 10, "{} bytes took {:?}", text.len(), start.elapsed());
    }
}
