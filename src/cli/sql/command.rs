//! Commands of the shell: lines that begin with a backslash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::output;
use super::answer::Question;
use super::console::{Console, Next};
use super::names::{Names, Saved};
use crate::error::{Error, Result};
use crate::pipeline::hunts::Hunt;

/// A command, as `\?` shows it.
pub struct Command {
    /// With its backslash.
    pub name: &'static str,
    arguments: &'static str,
    does: &'static str,
}

const fn command(name: &'static str, arguments: &'static str, does: &'static str) -> Command {
    Command { name, arguments, does }
}

/// Every command.
pub const COMMANDS: [Command; 17] = [
    command("\\?", "", "this page"),
    command("\\d", "[NAME]", "tables and views; the columns of one"),
    command("\\df", "[WORD]", "functions, or those whose name or description has the word"),
    command("\\dt", "[WORD]", "tables"),
    command("\\dv", "[WORD]", "views"),
    command("\\e", "", "edit the last statement in $EDITOR, and run it"),
    command("\\format", "[FORMAT]", "how rows are printed: table, json, csv, markdown, parquet (into a file)"),
    command("\\history", "", "what was asked before"),
    command("\\hunt", "NAME [PARAM=VALUE ...]", "answer a saved question"),
    command("\\hunts", "[WORD]", "saved questions"),
    command("\\i", "FILE", "run the statements and commands of a file"),
    command("\\o", "[FILE]", "rows go into the file; without one, to the terminal again"),
    command("\\pager", "[on|off]", "long answers go through $PAGER"),
    command("\\q", "", "leave; so does Ctrl-D"),
    command("\\refresh", "", "look for new rows: until then every answer is from one state"),
    command("\\timing", "[on|off]", "say how long a query took"),
    command("\\x", "[on|off]", "one column below the other"),
];

impl Console {
    /// Runs a command.
    ///
    /// # Errors
    /// `Usage` for one that is none, or lacks what it needs.
    pub async fn command(&mut self, line: &str, depth: usize) -> Result<Next> {
        let words = words(line)?;
        let (name, arguments) = words.split_first().ok_or_else(|| unknown(line))?;
        let argument = arguments.first().map(String::as_str);
        // Scripts mostly do without them: they are gathered when one asks.
        if self.names.functions.is_empty() && matches!(name.as_str(), "\\d" | "\\dt" | "\\dv" | "\\df" | "\\hunts") {
            self.gather_names().await?;
        }
        match name.as_str() {
            "\\q" => return Ok(Next::Leave),
            "\\?" | "\\h" | "\\help" => self.show(&help())?,
            "\\d" => match argument {
                Some(table) => self.show(&self.described(table)?)?,
                None => self.show(&listed(&self.names, None, ""))?,
            },
            "\\dt" => self.show(&listed(&self.names, Some(false), argument.unwrap_or_default()))?,
            "\\dv" => self.show(&listed(&self.names, Some(true), argument.unwrap_or_default()))?,
            "\\df" => self.show(&functions(&self.names, argument.unwrap_or_default()))?,
            "\\x" => {
                self.show.expanded = switched(name, argument, self.show.expanded)?;
                self.tell(&format!("one column below the other: {}", on(self.show.expanded)));
            }
            "\\timing" => {
                self.show.timing = switched(name, argument, self.show.timing)?;
                self.tell(&format!("timing: {}", on(self.show.timing)));
            }
            "\\pager" => {
                self.show.pager = switched(name, argument, self.show.pager)?;
                self.tell(&format!("pager: {}", on(self.show.pager)));
            }
            "\\format" => {
                if let Some(format) = argument {
                    self.show.format = super::format_named(format)?;
                }
                self.tell(&format!("format: {}", super::format_name(self.show.format)));
            }
            "\\o" => self.send_to(argument.map(PathBuf::from)),
            "\\i" => {
                let file = argument.ok_or_else(|| Error::usage("\\i wants a file"))?;
                return Box::pin(self.file(Path::new(file), depth + 1)).await;
            }
            "\\e" => return Box::pin(self.edit(depth)).await,
            "\\history" => return Ok(Next::History),
            "\\hunts" => self.show(&saved(&self.names, argument.unwrap_or_default()))?,
            "\\hunt" => {
                let (hunt, params) = arguments.split_first().ok_or_else(|| Error::usage("\\hunt wants a name: \\hunts lists them"))?;
                self.hunt(hunt, params).await?;
            }
            "\\refresh" => self.refresh().await?,
            _ => return Err(unknown(name)),
        }
        Ok(Next::Go)
    }

    /// The columns of a table.
    fn described(&self, name: &str) -> Result<String> {
        let table = self.names.tables.get(name).ok_or_else(|| {
            let near: Vec<&str> = self.names.tables.keys().map(String::as_str).filter(|known| known.contains(name)).collect();
            let near = if near.is_empty() { "\\d lists them".to_owned() } else { format!("there are {}", near.join(", ")) };
            Error::usage(format!("there is no table or view `{name}`; {near}"))
        })?;
        let row = |(column, kind, nullable): &(String, String, bool)| {
            vec![column.clone(), kind.clone(), if *nullable { String::new() } else { "never NULL".to_owned() }]
        };
        let rows: Vec<Vec<String>> = table.columns.iter().map(row).collect();
        let about = self.about(name).map_or_else(String::new, |about| format!("{}\n", output::safe(&about)));
        let kind = if table.view { "view" } else { "table" };
        Ok(format!("{kind} {}\n{about}{}", output::safe(name), output::table(&["column", "type", ""], &rows)))
    }

    async fn hunt(&mut self, name: &str, params: &[String]) -> Result<()> {
        let given = params.iter().map(|text| super::super::named(text)).collect::<Result<Vec<_>>>()?;
        let bittern = self.bittern.as_ref().ok_or_else(|| Error::usage("hunts want a lake"))?;
        let hunt: Hunt = bittern.hunt_named(name, &given)?;
        self.note(&format!("hunt {name} {}", params.join(" "))).await?;
        // Hunts show people by pseudonym over the tables as they are: what they look for may be a name.
        let frame = bittern.hunt_on(&bittern.context, &hunt).await?;
        let named = bittern.shows_names() || self.unmasking.is_some();
        let names = if named { bittern.people_names().await? } else { BTreeMap::new() };
        let to_terminal = self.out.is_none();
        self.ask(Question::Frame(Box::new(frame), names)).await?;
        if to_terminal && self.interactive {
            self.tell(&output::safe(&hunt.title));
            for (column, meaning) in &hunt.columns {
                self.tell(&format!("  {}: {}", output::safe(column), output::safe(meaning)));
            }
        }
        Ok(())
    }
}

fn help() -> String {
    let rows: Vec<Vec<String>> =
        COMMANDS.iter().map(|known| vec![format!("{} {}", known.name, known.arguments), known.does.to_owned()]).collect();
    let more = "A statement ends with a semicolon. Tab completes, Ctrl-R searches what was asked before, Ctrl-C gives up a query or what is typed.\n";
    format!("{}{more}", output::table(&["command", "does"], &rows))
}

fn listed(names: &Names, views: Option<bool>, word: &str) -> String {
    let rows: Vec<Vec<String>> = names
        .tables
        .iter()
        .filter(|(name, table)| views.is_none_or(|views| views == table.view) && name.contains(word))
        .map(|(name, table)| {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.0.as_str()).collect();
            vec![name.clone(), (if table.view { "view" } else { "table" }).to_owned(), shortened(&columns.join(", "), 90)]
        })
        .collect();
    output::table(&["name", "kind", "columns"], &rows)
}

/// Ours first: they are why somebody asks here.
fn functions(names: &Names, word: &str) -> String {
    let word = word.trim_end_matches('*').to_lowercase();
    let found = |own: bool| {
        names
            .functions
            .iter()
            .filter(move |(_, function)| function.own == own)
            .filter(|(name, function)| name.contains(&word) || function.description.to_lowercase().contains(&word))
            .map(|(_, function)| vec![function.syntax.clone(), function.kind.to_owned(), shortened(&function.description, 160)])
    };
    let rows: Vec<Vec<String>> = found(true).chain(found(false)).collect();
    output::table(&["function", "kind", "gives"], &rows)
}

fn saved(names: &Names, word: &str) -> String {
    let row = |(name, (title, params)): (&String, &Saved)| {
        let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        vec![name.clone(), title.clone(), params.join(" ")]
    };
    let has = |name: &str, title: &str| name.contains(word) || title.to_lowercase().contains(&word.to_lowercase());
    let rows: Vec<Vec<String>> = names.hunts.iter().filter(|(name, (title, _))| has(name, title)).map(row).collect();
    output::table(&["hunt", "answers", "parameters"], &rows)
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { format!("{}…", text.chars().take(most).collect::<String>()) }
}

fn on(switch: bool) -> &'static str {
    if switch { "on" } else { "off" }
}

fn switched(name: &str, argument: Option<&str>, now: bool) -> Result<bool> {
    match argument {
        None => Ok(!now),
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(Error::usage(format!("{name} is on or off, not `{other}`"))),
    }
}

fn unknown(name: &str) -> Error {
    Error::usage(format!("there is no command `{name}`; \\? lists them"))
}

/// Words at blanks; `'…'` and `"…"` hold one together.
fn words(line: &str) -> Result<Vec<String>> {
    let (mut found, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    // psql's users end a command with a semicolon, too.
    for c in line.trim().trim_end_matches(';').chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
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
    if quote.is_some() {
        return Err(Error::usage("a quotation mark is not closed"));
    }
    if begun {
        found.push(word);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words() {
        assert_eq!(words("\\hunt a 'k=b c' d=\"\"").ok(), Some(vec!["\\hunt".into(), "a".into(), "k=b c".into(), "d=".into()]));
        assert_eq!(words(" \\dt; ").ok(), Some(vec!["\\dt".into()]));
        assert!(words("\\i 'x").is_err());
        assert_eq!(switched("\\x", None, false).ok(), Some(true));
        assert!(switched("\\x", Some("maybe"), false).is_err());
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
    }
}
