use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::rules::builtin;
use super::super::ruleset::{Candidate, RuleSet};
use super::{CONFIDENCE_MIN, resolved};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::compile(&builtin().expect("parses")).expect("compiles"));

/// What people write when they hand over a credential; the secret between the two bars.
const GIVEN: &[&str] = &[
    "the password is |Tern-91-gravel!| for now",
    "pw: |hunter2b|",
    "if the alarm goes when you open up it's |4471| then the green button",
    "<p>it asks the memorable question again (first pet), she set it up so the answer is <b>|Mr Tibbles Esq|</b>.</p>",
    "use |Tern-91-gravel!| as the password until monday",
    "creds -> deploy / |Tern-91-Gravel|",
    "login admin / |Tern!91gravel|",
    "Das Passwort lautet |Kiesel#91turm|, bitte nicht weitergeben",
    "Kennwort: |Kiesel-91-Turm|",
    "le mot de passe est |Galet.91.tour|",
    "mdp : |galet91tour|",
    "la contraseña es |Grava#91torre|",
    "clave: |grava91torre|",
    "a senha é |Cascalho#91|",
    "la password è |Ghiaia.91.torre|",
    "het wachtwoord is |Grind-91-toren|",
    "hasło to |Zwir#91wieza|",
    "şifre: |Cakil91kule|",
    "пароль теперь |Galka-91-Bashnya|",
    "パスワードは |Jari91tou!| です",
    "密码是 |Shizi91ta!|",
    "비밀번호는 |Jagal91tap!| 입니다",
    "door code is |4821#|",
    "<p>Password:&nbsp;<b>|Tern&amp;91gravel|</b></p>",
    "{\"user\": \"app\", \"password\": \"|Tern-91-gravel|\"}",
    "DB_PASSWORD=|Tern-91-gravel|",
    "api key: |q8Zk3Vb7Lm2Xc9Np4Ty6|",
    "postgres://app:|Tern-91-gravel|@db.example.com/main",
    "the archive opens with |Gravel!Tern91|",
    "you can unzip it with |Gravel.Tern-91|, same as always",
    "Entpacken geht mit |Kiesel-91_Turm|",
    "en el sitio se entra con |Grava#91torre|",
    "sign in as kim_1 with |Gravel.Tern91|",
    "the back door is |4821| now, then hash",
    "punch in |4821| on the alarm panel, then the green key",
    "el portón se abre con |4821|",
    "garage: |48213|",
    "set the key safe to |4 8 2 1|",
    "the wifi passphrase is |gravel terns by night|",
    "the passphrase for the backup disk is |gravel terns sing softly|, all small",
    "the password is |gravel-by-moonlight|",
    "the password is |rainBeforeMoonrise|",
    "kim_1@example.com & |Gravel.Tern91|",
    "o acesso continua com |Benfica91x| como palavra-passe",
    "everyone got |Welcome123!| on the new laptops",
    "Server=db.example.com;User Id=app;Password=|Tern$Gravel61|;Encrypt=True;",
    "it forced me to change it, sorry. |Nordkai!5520| until we get SSO on that thing",
    "done, you can try |Rainy-Tern-58| at the second prompt",
    "the press account: press@example.com, |Gravel-Tern-58|. One at a time",
    "kim@example.com / |travertine-and-patience| as before",
    "the key of the new network is |otters hold hands asleep| (all lower case, with the spaces)",
    "the kiosk is just |potatosalad|, all lower case",
    "all lower case: |yellowforkliftgravel|",
    "when they ask you: first pet = |Admiral Whiskers|, say it like you mean it",
    "for the mother's maiden name answer |Przybylska| (that's what Renata put in)",
    "customer    login    pw\nNorth       uat_n    |Gravel-Uhr-01|",
    "<p>the second part of the password is <b>|gravelterns|</b></p>",
];

/// What people write about credentials.
const TALK: &[&str] = &[
    "the password is wrong",
    "my password is expired, can somebody reset it?",
    "the password is in the vault",
    "password: required",
    "<p>Password: &#9679;&#9679;&#9679;&#9679;<br>it hangs</p>",
    "<pre>- uses: docker/login-action@v3\n  with:\n    username: ${{ vars.REG_USER }}</pre>",
    "the door is 1200 wide, then the button is left of it",
    "password: <your password>",
    "password = ${DB_PASSWORD}",
    "password: ********",
    "PGPASSWORD=$(cat /run/secrets/pg) psql",
    "what is the password for the projector?",
    "passwords must have at least 14 characters",
    "Das Passwort steht im Tresor",
    "le mot de passe vous parviendra par SMS",
    "contraseña: te la paso por teléfono en 5 min",
    "user.password = config.get(\"password\")",
    "{\"type\": \"string\", \"format\": \"password\", \"minLength\": 14}",
    "the build token expires on 2026-12-01 at 10:42",
    "login failed for user svc_scan from 192.0.2.7",
    "see https://docs.example.com/password-reset?step=2",
    "secret santa is on friday",
    "pin this message please",
    "press F12 for the setup, then type 2026 in the field for the year",
    "enter the order number 48213 at the gate and wait",
    "the gate is 1200 mm wide, the door 900",
    "the workshop opens with slide 4821",
    "it opens with a long song about the sea",
    "your password reset is INC0048213, somebody will call",
    "please reset my password. my employee code is 20731",
    "the article code is 40718, the alarm on aisle 3 is off",
    "your username will be k.tern42, the rest comes by mail",
    "type sudo apt-get install tern2 and enter your password",
    "somebody asked whether 'Password1' is 'strong enough for payroll'",
    "db_password: ENC[AES256_GCM,data:zk0kDG8K9LPx,iv:VGslMSisMaqc=,tag:a6Tc2QeWNp==,type:str]",
    "the passphrase that you were told to keep in a safe place",
    "kickoff for Project_Falcon_2026 is on thursday",
    "the right file is Q3_Forecast-v7, please do not touch the old one",
    "we moved to Oak#2-East, the projector in Maple#1 is dead again",
    "we're in Conference-North-5F today",
    "add me on the forge, I am pixel.tern_93 there",
    "what was your first pet called? Mine was Admiral Whiskers",
    "Subject: security questionnaire, part 2. Time: Oct 8",
    "Downloads with capital D",
    "charge ch_3QZuzvNn98mpuLtxyM07YE is for cus_T7HGezG81fqrmO",
    "the username is kim.tern, all lower case",
];

#[test]
fn handed_over_credentials_are_found_where_they_stand() {
    let mut missed = Vec::new();
    for marked in GIVEN {
        let parts: Vec<&str> = marked.split('|').collect();
        let text = parts.concat();
        let (start, end) = (parts[0].len(), parts[0].len() + parts[1].len());
        if !RULES.find(text.as_bytes()).iter().any(|found| found.range.start <= start && found.range.end >= end) {
            missed.push(marked);
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn talk_about_credentials_stays_quiet() {
    let loud: Vec<_> = TALK.iter().filter(|text| RULES.matches(text.as_bytes())).collect();
    assert!(loud.is_empty(), "{loud:#?}");
}

#[test]
fn an_explanation_names_the_test_that_a_candidate_fell_by() {
    let test = |text: &str| RULES.explain(text.as_bytes()).first().map(|candidate| candidate.test);
    assert_eq!(test("password: ********"), Some("a mask, not a value"));
    assert_eq!(test("password: <your password>"), Some("a placeholder in brackets"));
    assert_eq!(test("password = ${DB_PASSWORD}"), Some("a template variable"));
    assert_eq!(test(concat!("AKIA", "IOSFODNN7EXAMPLE")), Some("a documented example key"));
    assert!(RULES.explain(b"nothing at all").is_empty());
}

#[test]
fn a_long_text_full_of_literals_is_read_in_linear_time_and_the_next_row_still_matched() {
    let hostile =
        "pw: password is ghp_ user / token AKIA ://a: Tern-9 x9!yB2 login kim@b.example, all lower case (with spaces) ".repeat(4000);
    let values = format!("{hostile}pw: Tern-91-gravel!");
    let offsets = [0, hostile.len(), values.len()];
    let mut rows = Vec::new();
    RULES.matching(values.as_bytes(), 2, |row| offsets[row], |row| rows.push(row));
    assert_eq!(rows.last(), Some(&1));
}

#[test]
fn a_credential_does_not_reach_over_the_end_of_a_row() {
    let values = "the password is hunter2b";
    let offsets = [0, 16, values.len()];
    let mut rows = Vec::new();
    RULES.matching(values.as_bytes(), 2, |row| offsets[row], |row| rows.push(row));
    assert!(rows.is_empty());
}

fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let word = "(pw|password|mot de passe|пароль|密码|login|api key|token|is|: |= |\"|`|<b>|&amp;|\n| |\
                Tern-91-gravel!|hunter2|admin / |://a:|@b.example|eyJhbGciOiJIUzI1NiJ9|ghp_|\\*\\*\\*\\*|[a-zA-Z0-9!é_.-]{0,12}){0,14}";
    let broken = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(prop_oneof![4 => word.prop_map(String::into_bytes), 1 => broken], 0..8)
}

/// Pieces that may be passwords by their shape, cut and put together at the ends of texts.
fn shapes() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let pieces = prop::sample::select(vec![
        "Nordkai!5520",
        "Tern.Gravel.58",
        "Tern-",
        "Gravel",
        "-58",
        "9",
        "x",
        "!",
        "B",
        " ",
        "5Tern",
        "kim@b.example, ",
        "type ",
        "login ",
        "tern-and-gravel-58",
        "é",
        "密",
        "&amp;",
        "`",
        "\n",
    ]);
    let text = prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
    prop::collection::vec(text, 0..8)
}

/// What is found where everything is weighed that a glance could pass over.
fn found_slowly(text: &[u8]) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = RULES.explain(text).into_iter().filter(|c| c.confidence >= CONFIDENCE_MIN).collect();
    resolved(&mut all)
}

/// Pieces around which the ways of being fast decide: keywords of every class, values strong and weak, signs that join, quote and end.
const PIECES: &[&str] = &[
    "password",
    "pw",
    " pass ",
    "login",
    "user",
    "username",
    "root",
    "admin",
    "it's",
    "is now",
    "API key",
    "token",
    "secret",
    "door code",
    "pin",
    "wifi",
    "ssid",
    "Passwort",
    "mdp",
    "clave",
    "hasło",
    "пароль",
    "密码",
    "パスワード",
    "비번",
    "ftp",
    "reset to",
    "change it to",
    "set it to",
    "recovery codes",
    "TOTP",
    "combination",
    "alarm",
    "auth=",
    "community",
    "Login",
    "usuario",
    "şifre",
    "spelled",
    "Tern-91-gravel!",
    "hunter2",
    "Odd-rationale",
    "kim:Tern91",
    "kim//Tern!9",
    "A1b2C3d4",
    "4821#",
    "4711",
    "Zürich91",
    "пароль9",
    "Ab-9",
    "x.y.z",
    "foo_bar_baz",
    "AAAA",
    "aB",
    "letmein",
    "password1",
    "qwerty",
    "halibut:qwerty/x.y.z",
    "abc!def",
    "Ab!",
    "!!!aaa###bbb",
    "a1b2c3d4e5f6a7b8c9d0e1f2",
    "https://a.example/b",
    "/etc/x1",
    "~/x",
    "Kiesel#91turm",
    "admin/admin1",
    "1-2-3-4",
    "seven-terns-by-the-pier",
    "rain-on-tuesday",
    "rainOnTuesdays",
    "gravel terns by night",
    "4 8 2 1",
    "Welcome123!",
    "P@ssw0rd2026",
    "tern42@b.example",
    "opens with",
    "to unlock",
    "unzip it with",
    "type",
    "punch in",
    "gate",
    "keypad",
    "hash",
    "passphrase",
    "парольная фраза",
    "se abre con",
    "with",
    "garage",
    " & ",
    " + ",
    "\"a b c d\"",
    "'Tern 91'",
    "{x}",
    "${Y}",
    "Tern&amp;91",
    "<pw>",
    "O'Brien9x",
    "Foo9,bar",
    "Foo9;bar8",
    "Ab1|Cd2",
    "é9é9é9é9",
    "dashboards-as-code",
    "pelican_harbour",
    "Gravel-Cabin-Nine-Terns",
    "Tr0lley!Pier",
    "Rainy-Tern-58",
    "tern-and-gravel-58",
    "Records1958",
    "all lower case",
    "with the spaces",
    "first pet",
    "kim_1@example.com, ",
    "then",
    "qK4mWz8h",
    "ung&uuml;ltig",
    "try",
    "which is",
    "set to",
    ", so",
    "uses",
    "key",
    "wifi",
    "wants '",
    "and then ",
    " with `",
    "as kim_b",
    "host: ",
    "accessor",
    "{{",
    "}}",
    "<blockquote>",
    "\n> ",
    "the",
    "for",
    "please",
    "now",
    "kim",
    "tern42",
    "is",
    "and",
    "as the",
    "what",
    "not",
    "?",
    "word",
    "\n",
    ": ",
    "=",
    " = ",
    " / ",
    "/",
    "\"",
    "'",
    "`",
    ", ",
    ". ",
    "? ",
    "<b>",
    "<br>",
    " | ",
    " - ",
    "&gt; ",
    " ← ",
    " (",
    ") ",
    ":",
    "...... ",
    "“",
    "”",
    " :) ",
];

/// Some of the pieces, blanks between most of them.
fn spliced() -> impl Strategy<Value = String> {
    let piece = (0..PIECES.len(), 0..4usize);
    prop::collection::vec(piece, 1..18)
        .prop_map(|pieces| pieces.into_iter().map(|(at, blank)| format!("{}{}", PIECES[at], if blank > 0 { " " } else { "" })).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_glance_passes_over_would_not_have_been_found(text in spliced()) {
        prop_assert_eq!(RULES.find(text.as_bytes()), found_slowly(text.as_bytes()), "{}", text);
    }
}

#[test]
fn handed_over_or_talked_about_the_fast_way_finds_what_the_slow_way_finds() {
    for (ahead, text) in GIVEN.iter().chain(TALK).flat_map(|text| GIVEN.iter().map(move |ahead| (ahead, text))) {
        let text = format!("{ahead} {text}").replace('|', "");
        assert_eq!(RULES.find(text.as_bytes()), found_slowly(text.as_bytes()), "{text}");
    }
}

#[test]
fn who_is_spoken_to_a_part_of_a_path_and_a_query_hand_over_nothing() {
    let texts = [
        "is it the right password? tern4291x: yes it is",
        "forgot the root password. Gravel77tern, try a live disk",
        "see wiki.example.com/community/HowToTern91Gravel for that",
        "https://a.example.com/x?page=2&part=3 is about passwords, as is page?id=77&topic=Tern91#gravel",
    ];
    let loud: Vec<_> = texts.iter().filter(|text| RULES.matches(text.as_bytes())).collect();
    assert!(loud.is_empty(), "{loud:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn many_texts_in_one_buffer_are_answered_as_each_alone(texts in prop_oneof![texts(), shapes()]) {
        let values = texts.concat();
        let offset = |row: usize| texts[..row].iter().map(Vec::len).sum::<usize>();
        let mut matched = vec![false; texts.len()];
        RULES.matching(&values, texts.len(), offset, |row| matched[row] = true);
        let mut found = vec![Vec::new(); texts.len()];
        RULES.finding(&values, texts.len(), offset, |row, candidates| found[row] = candidates.to_vec());
        for (row, text) in texts.iter().enumerate() {
            prop_assert_eq!(matched[row], RULES.matches(text));
            prop_assert_eq!(&found[row], &RULES.find(text));
            prop_assert_eq!(matched[row], !found[row].is_empty());
            prop_assert!(found[row].windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
            prop_assert!(found[row].iter().all(|candidate| candidate.range.end <= text.len()));
        }
    }

    #[test]
    fn nothing_is_found_in_what_was_redacted(texts in prop_oneof![texts(), shapes()]) {
        for text in texts {
            match RULES.redact(&text) {
                Some(masked) => prop_assert!(!RULES.matches(&masked), "{}", String::from_utf8_lossy(&masked)),
                None => prop_assert!(!RULES.matches(&text)),
            }
        }
    }
}
