//! Fenced blocks of documents, and the commands in them.

use std::path::PathBuf;

use crate::repository;

/// A fenced block.
#[derive(Debug, Clone)]
pub struct Block {
    /// The page, from the repository's root.
    pub page: String,
    /// The line behind the fence.
    pub line: usize,
    /// What stands behind the fence's first marks.
    pub language: String,
    /// What stands in it.
    pub text: String,
    /// The `text` block that comes next.
    behind: String,
}

/// Every block of README and docs.
pub fn all() -> Vec<Block> {
    let mut pages = vec![PathBuf::from("README.md")];
    for folder in ["docs", "docs/sources", "docs/detections", "docs/decisions"] {
        let files =
            std::fs::read_dir(repository().join(folder)).unwrap().map(|entry| PathBuf::from(folder).join(entry.unwrap().file_name()));
        pages.extend(files.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    }
    pages.sort();
    pages.iter().flat_map(|page| of_page(&page.display().to_string())).collect()
}

fn of_page(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(repository().join(page)).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => {
                if let Some(before) = blocks.last_mut().filter(|_| block.language == "text") {
                    before.behind.clone_from(&block.text);
                }
                blocks.push(block);
            }
            (Some(language), None) => {
                let language = language.to_owned();
                open = Some(Block { page: page.to_owned(), line: number + 2, language, text: String::new(), behind: String::new() });
            }
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block has no end");
    blocks
}

impl Block {
    /// Whether it is a script, or somebody's at the prompt of `bittern sql`.
    pub fn is_run(&self) -> bool {
        let has_commands = self.text.lines().any(|line| !commands(line).is_empty());
        self.is_prompt() || (has_commands && matches!(self.language.as_str(), "" | "sh" | "console"))
    }

    /// Whether it needs no lake: it makes its own.
    pub fn begins_with_nothing(&self) -> bool {
        self.text.starts_with("bittern init") || self.text.contains("--lake ")
    }

    /// Whether it is typed at the prompt of `bittern sql`.
    pub fn is_prompt(&self) -> bool {
        self.text.starts_with("bittern=> ")
    }

    /// What is run, and what is shown of its output.
    pub fn scripts(&self) -> Vec<(String, String)> {
        if self.is_prompt() {
            let (asked, shown): (Vec<&str>, Vec<&str>) = self.text.lines().partition(|line| line.starts_with("bittern"));
            let sql: Vec<&str> = asked.iter().filter_map(|line| line.split_once("> ")).map(|(_, sql)| sql).collect();
            // How long it took is told at a terminal alone.
            let shown: Vec<&str> = shown.into_iter().filter(|line| !line.starts_with('(')).collect();
            return vec![(format!("bittern sql -c \"{}\"", sql.join("\n")), format!("{}\n", shown.join("\n")))];
        }
        if self.language != "console" {
            return vec![(self.text.clone(), self.behind.clone())];
        }
        let mut scripts: Vec<(String, String)> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), scripts.last_mut()) {
                (Some(command), _) => scripts.push((command.to_owned(), String::new())),
                (None, Some((_, shown))) => {
                    shown.push_str(line);
                    shown.push('\n');
                }
                (None, None) => assert!(line.is_empty(), "{}:{}: a console begins with `$ `", self.page, self.line),
            }
        }
        scripts
    }
}

/// The commands of ours in a line of a script, a unit, a workflow or a manifest, in words.
pub fn commands(line: &str) -> Vec<Vec<String>> {
    if let Some(arguments) = line.trim().strip_prefix("args: [").and_then(|rest| rest.strip_suffix(']')) {
        return vec![words(&format!("bittern {}", arguments.replace(',', " ")))];
    }
    let line = line.replace("cargo run -- ", "bittern ");
    let mut found = Vec::new();
    for (at, _) in line.match_indices("bittern ") {
        let before = line[..at].chars().next_back();
        if !before.is_none_or(|c| matches!(c, ' ' | '/' | '=' | '"' | '\'')) {
            continue;
        }
        let rest = match before {
            Some(quote @ ('"' | '\'')) => line[at..].split(quote).next().unwrap_or_default(),
            _ => &line[at..],
        };
        // What comes behind a pipe or a comment is the shell's.
        let ends = |word: &str| matches!(word, "|" | "||" | "#" | "&&" | ">" | ">>" | "<" | "&" | "→");
        let words: Vec<String> = words(rest).into_iter().take_while(|word| !ends(word)).collect();
        // A path may end with the name, too.
        let flags = before != Some('/');
        if words.get(1).is_some_and(|word| if word.starts_with("--") { flags } else { is_command(word) }) {
            found.push(words);
        }
    }
    found
}

fn is_command(word: &str) -> bool {
    let help = bittern::cli::accepts(&["bittern".to_owned(), word.to_owned(), "--help".to_owned()]);
    help.is_err_and(|help| help.to_string().contains(&format!("Usage: bittern {word}")))
}

/// Words as a shell parts them: quotes hold together, a `#` behind a blank begins a comment.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    let mut characters = line.chars();
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
