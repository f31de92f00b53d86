//! Commands that documents show: every one is a command, and those of the five questions answer what stands below them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::repository;

/// Runs the transcript of docs/questions.md over a lake of the sample data.
pub fn are_answered(folder: &Path) {
    let settings = format!(
        "lake = \"lake\"\nkey_file = \"key\"\nnames = true\npolicy = {:?}\n",
        repository().join("sample_data/policy").display().to_string()
    );
    std::fs::write(folder.join("bittern.toml"), settings).unwrap();
    let page = std::fs::read_to_string(repository().join("docs/questions.md")).unwrap();
    let mut asked = Vec::new();
    for block in page.split("```console\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block) {
        let (command, shown) = block.split_once('\n').unwrap();
        let words = words(command.strip_prefix("$ ").unwrap());
        let output = Command::new(env!("CARGO_BIN_EXE_bittern"))
            .args(&words[1..])
            .current_dir(folder)
            .stdin(Stdio::null())
            .env_remove("BITTERN_LAKE")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let answer = String::from_utf8(output.stdout).unwrap();
        let answered: Vec<String> = answer.lines().map(bare).collect();
        let mut rest = answered.as_slice();
        for line in shown.lines().filter(|line| *line != "...").map(bare).filter(|line| !line.is_empty()) {
            let at = rest.iter().position(|answered| *answered == line);
            assert!(at.is_some(), "{command}\nwants (in this order)\n{line}\nand got\n{answer}");
            rest = &rest[at.unwrap() + 1..];
        }
        asked.push(command.strip_prefix("$ ").unwrap().to_owned());
    }
    assert!(asked.len() >= 5, "{asked:?}");
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    for command in asked {
        assert!(readme.contains(&command), "README.md shows `{command}`");
    }
}

/// A line without what differs from key to key (pseudonyms, ids of cases, fingerprints) and from width to width.
fn bare(line: &str) -> String {
    let hex = |word: &str| word.chars().all(|c| c.is_ascii_hexdigit());
    let of = |word: &str| match word.strip_prefix("p_") {
        Some(rest) if rest.len() == 16 && hex(rest) => "p_*".to_owned(),
        _ if (word.len() == 10 || word.len() == 32) && hex(word) => "*".to_owned(),
        _ if word.chars().all(|c| matches!(c, '+' | '-' | '|')) => String::new(),
        _ => word.to_owned(),
    };
    line.split_whitespace().map(of).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_that_documents_show_is_one() {
    let mut pages: Vec<PathBuf> = vec![repository().join("README.md")];
    for folder in ["docs", "docs/sources", "docs/detections"] {
        pages.extend(std::fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for page in pages.iter().filter(|page| page.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        for (number, block) in text.split("```").enumerate().filter(|(number, _)| number % 2 == 1) {
            let _ = number;
            let joined = block.replace("\\\n", " ");
            for line in joined.lines().map(|line| line.trim().trim_start_matches("$ ")).filter(|line| line.starts_with("bittern ")) {
                // What comes behind a pipe or a comment is the shell's.
                let words: Vec<String> =
                    words(line).into_iter().take_while(|word| !matches!(word.as_str(), "|" | "#" | "&&" | ">" | "<" | "&" | "→")).collect();
                // A line that says what varies is no command to try.
                if words.iter().any(|word| word == "..." || word.contains('…')) {
                    continue;
                }
                tried += 1;
                if let Err(error) = bittern::cli::accepts(&words) {
                    wrong.push(format!("{}: {line}\n  {error}", page.display()));
                }
            }
        }
    }
    assert!(tried > 60, "{tried} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words as a shell parts them: quotes hold together, a `#` behind a blank begins a comment.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => word.extend(characters.next()),
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
            (None, '#') if !begun => break,
            (None, c) if c.is_whitespace() => {
                if begun {
                    found.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (_, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        found.push(word);
    }
    found
}
