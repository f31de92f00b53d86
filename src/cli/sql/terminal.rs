//! The shell: a prompt, what is typed, and what is remembered of it.

use std::process::ExitCode;

use bittern_udfs::setup::Setup;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};

use super::super::output;
use super::complete::Typing;
use super::console::{Console, Next};
use super::history;
use super::statement::{Open, pieces};
use crate::error::{Error, Result};

/// Talks until the user leaves.
pub async fn run(mut console: Console, setup: &Setup) -> Result<ExitCode> {
    let mut typed = Typed::new(&console, setup)?;
    console.tell(&greeting(&console));
    let mut waiting = String::new();
    loop {
        let line = match typed.line(&waiting) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                waiting.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(Error::usage("the terminal cannot be read").caused_by(error.to_string())),
        };
        if waiting.is_empty() && line.trim_start().starts_with('\\') {
            typed.remember(&line);
            match console.command(&line, 0).await {
                Ok(Next::Leave) => break,
                Ok(Next::History) => console.show(&typed.asked())?,
                Ok(Next::Go) => {}
                Err(error) => tell(&error),
            }
            typed.refresh(&console);
            continue;
        }
        waiting.push_str(&line);
        waiting.push('\n');
        let found = pieces(&waiting);
        if found.open == Open::Nothing || (!found.ended.is_empty() && line.contains(';')) {
            typed.remember(waiting.trim_end());
        }
        for piece in &found.ended {
            if let Err(error) = console.statement(piece, None).await {
                tell(&error);
                break;
            }
        }
        if found.open == Open::Nothing {
            waiting.clear();
        } else if !found.ended.is_empty() {
            waiting = found.rest.sql.trim_start().to_owned() + "\n";
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(error: &Error) {
    eprintln!("error: {}", output::safe(&format!("{error:#}")));
}

fn greeting(console: &Console) -> String {
    let views = console.names.tables.values().filter(|table| table.view).count();
    let tables = console.names.tables.len() - views;
    format!(
        "bittern {}: {tables} tables and {views} views; \\? helps, \\hunts lists saved questions, \\q leaves",
        env!("CARGO_PKG_VERSION")
    )
}

/// What is typed, and what was.
struct Typed<'s> {
    editor: Editor<Typing, DefaultHistory>,
    file: Option<std::path::PathBuf>,
    setup: &'s Setup,
}

impl<'s> Typed<'s> {
    fn new(console: &Console, setup: &'s Setup) -> Result<Self> {
        let refused = |e: ReadlineError| Error::usage("the terminal cannot be used").caused_by(e.to_string());
        let config = Config::builder()
            .max_history_size(history::STATEMENTS_MAX)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(refused)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_prompt_limit(200)
            .build();
        let mut editor = Editor::with_config(config).map_err(refused)?;
        // https://no-color.org
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        editor.set_helper(Some(Typing::new(console.names.clone(), colour)));
        let file = history::file().filter(|file| match history::make(file) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(file = %file.display(), "what is asked is not remembered: {error}");
                false
            }
        });
        if let Some(file) = &file {
            // An empty file is none yet.
            let _ = editor.load_history(file);
        }
        Ok(Self { editor, file, setup })
    }

    fn line(&mut self, waiting: &str) -> std::result::Result<String, ReadlineError> {
        let open = if waiting.is_empty() { Open::Nothing } else { pieces(waiting).open };
        if let Some(typing) = self.editor.helper_mut() {
            waiting.clone_into(&mut typing.before);
        }
        self.editor.readline(&format!("bittern{}> ", open.mark()))
    }

    /// Keeps what was asked, at once: a shell may be ended at any time.
    fn remember(&mut self, statement: &str) {
        if !history::is_kept(self.setup, statement) || !self.editor.add_history_entry(statement).unwrap_or(false) {
            return;
        }
        if let Some(file) = &self.file
            && let Err(error) = self.editor.append_history(file)
        {
            tracing::warn!(file = %file.display(), "what is asked is not remembered: {error}");
            self.file = None;
        }
    }

    fn asked(&self) -> String {
        self.editor.history().iter().map(|entry| output::safe(entry) + "\n").collect()
    }

    fn refresh(&mut self, console: &Console) {
        if let Some(typing) = self.editor.helper_mut() {
            typing.names = console.names.clone();
        }
    }
}
