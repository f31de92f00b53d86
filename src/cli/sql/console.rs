//! What runs statements and commands, whoever they come from: a terminal, a file, the command line.

use std::path::{Path, PathBuf};

use bittern_udfs::setup::Setup;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use super::super::rows::Shape;
use super::super::{Format, output, pager};
use super::answer::{Done, Outcome, Question, Target, answer};
use super::names::Names;
use super::statement::{Open, Piece, pieces};
use crate::error::{Error, Result};
use crate::pipeline::Bittern;
use crate::pipeline::unmask::Unmasking;

/// Rows that a terminal shows of one answer.
const ROWS_SHOWN: usize = 10_000;

/// Files that files may run, one in the other.
const DEPTH_MAX: usize = 16;

/// How answers are shown.
#[derive(Debug, Clone)]
pub struct Show {
    /// How rows are printed.
    pub format: Format,
    /// One column below the other.
    pub expanded: bool,
    /// Whether to say how long a query took.
    pub timing: bool,
    /// Whether long answers go through the pager.
    pub pager: bool,
}

/// Where rows go instead of stdout.
#[derive(Debug, Clone)]
pub struct Out {
    path: PathBuf,
    answers: usize,
}

/// What comes after a statement or command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next one.
    Go,
    /// Nothing.
    Leave,
    /// A look at what was asked before, which only a shell knows.
    History,
}

/// A session with somebody, or with a file.
pub struct Console {
    /// Where queries are planned.
    pub context: SessionContext,
    /// The installation, unless there is no lake.
    pub bittern: Option<Bittern>,
    /// The rules by which credentials are masked in errors, and statements kept.
    pub setup: Setup,
    /// What there is to ask for.
    pub names: Names,
    /// Values for `$name`.
    pub params: Vec<(String, ScalarValue)>,
    /// How answers are shown.
    pub show: Show,
    /// Where rows go, if not to stdout.
    pub out: Option<Out>,
    /// Whether somebody sits at the other end.
    pub interactive: bool,
    /// Why names are shown, if that is to be written down of every statement.
    pub unmasking: Option<Unmasking>,
    /// The last statement, for the editor.
    pub last: String,
}

impl Console {
    /// Sends rows into a file from now on.
    pub fn send_to(&mut self, path: Option<PathBuf>) {
        self.out = path.map(|path| Out { path, answers: 0 });
    }

    /// Runs statements and commands.
    ///
    /// # Errors
    /// The first that fails ends it.
    pub async fn script(&mut self, text: &str, file: Option<&str>, depth: usize) -> Result<Next> {
        let (mut waiting, mut lines_before) = (String::new(), 0);
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if waiting.trim().is_empty() {
                if line.trim_start().starts_with('\\') {
                    let next = self.command(line, depth).await.map_err(|e| placed(e, file, number + 1))?;
                    if next == Next::Leave {
                        return Ok(next);
                    }
                    continue;
                }
                (waiting, lines_before) = (String::new(), number);
            }
            waiting.push_str(line);
            if !line.contains(';') {
                continue;
            }
            let found = pieces(&waiting);
            if found.ended.is_empty() {
                continue;
            }
            for piece in found.ended {
                self.statement(&Piece { lines_before: piece.lines_before + lines_before, ..piece }, file).await?;
            }
            lines_before += found.rest.lines_before;
            waiting = if found.open == Open::Nothing { String::new() } else { found.rest.sql + "\n" };
        }
        let rest = pieces(&waiting).rest;
        if !rest.sql.trim().is_empty() {
            self.statement(&Piece { lines_before: rest.lines_before + lines_before, ..rest }, file).await?;
        }
        Ok(Next::Go)
    }

    /// Runs a file's.
    pub async fn file(&mut self, path: &Path, depth: usize) -> Result<Next> {
        if depth > DEPTH_MAX {
            return Err(Error::usage(format!("`{}` is run by a file that it runs", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(|e| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e))?;
        self.script(&text, Some(&path.display().to_string()), depth).await
    }

    /// Runs one statement.
    pub async fn statement(&mut self, piece: &Piece, file: Option<&str>) -> Result<()> {
        self.last = piece.sql.trim().to_owned();
        self.note(&self.last).await?;
        let params = self.params.clone();
        self.ask(Question::Statement(piece, file, &params)).await
    }

    /// Writes down what is asked by somebody who sees names.
    pub async fn note(&self, what: &str) -> Result<()> {
        match (&self.bittern, &self.unmasking) {
            (Some(bittern), Some(unmasking)) => bittern.note_unmasking(&Unmasking { what: what.to_owned(), ..unmasking.clone() }).await,
            _ => Ok(()),
        }
    }

    /// Asks, and shows the answer.
    pub async fn ask(&mut self, question: Question<'_>) -> Result<()> {
        let target = self.target()?;
        let answered = answer(&self.context, question, &target, self.interactive).await.map_err(|error| self.masked(error));
        match answered? {
            Outcome::Cancelled => self.tell("given up"),
            Outcome::Done(done) => {
                if let Some(out) = &mut self.out {
                    out.answers += 1;
                }
                self.shown(&target, &done)?;
            }
        }
        Ok(())
    }

    /// The error without credentials: it shows the statement's line, and who reads a script's errors is not who wrote it.
    fn masked(&self, error: Error) -> Error {
        let text = format!("{error:#}");
        match self.setup.rules().redact(text.as_bytes()) {
            Some(masked) => Error::new(error.kind(), String::from_utf8_lossy(&masked)),
            None => error,
        }
    }

    fn shown(&self, target: &Target, done: &Done) -> Result<()> {
        let mut text = done.text.clone();
        let took = if self.show.timing { format!(", {}", duration(done.seconds)) } else { String::new() };
        let rows = if done.rows == 1 { "1 row".to_owned() } else { format!("{} rows", done.rows) };
        let more = if done.more { ", and more: add LIMIT, or \\o FILE for all of them" } else { "" };
        match target {
            Target::Text(..) => {
                if self.interactive {
                    text.push_str(&format!("({rows}{more}{took})\n"));
                }
                if self.show.pager { pager::page(&text)? } else { output::print_text(&text)? }
            }
            Target::File(_, path, _) | Target::Parquet(path) if self.interactive => {
                self.tell(&format!("{rows} in {}{took}", path.display()));
            }
            _ => {}
        }
        if self.show.timing && !self.interactive {
            eprintln!("{rows}{took}");
        }
        Ok(())
    }

    fn target(&self) -> Result<Target> {
        let shape = match output::shape(self.show.format) {
            Shape::Table if self.show.expanded => Shape::Expanded,
            shape => shape,
        };
        let rows_max = if self.interactive { ROWS_SHOWN } else { usize::MAX };
        match (&self.out, self.show.format) {
            (None, Format::Parquet) => Err(Error::usage(if self.interactive {
                "Parquet goes into a file: \\o FILE"
            } else {
                "Parquet goes into a file: --out FILE"
            })),
            (Some(out), Format::Parquet) if out.answers > 0 => {
                Err(Error::usage(format!("`{}` has an answer already, and a Parquet file holds one", out.path.display())))
            }
            (Some(out), Format::Parquet) => Ok(Target::Parquet(out.path.clone())),
            (Some(out), _) => Ok(Target::File(shape, out.path.clone(), out.answers > 0)),
            (None, _) if self.interactive || self.show.pager => Ok(Target::Text(shape, rows_max)),
            (None, _) => Ok(Target::Stdout(shape)),
        }
    }

    /// Shows text.
    pub fn show(&self, text: &str) -> Result<()> {
        if self.interactive && self.show.pager { pager::page(text) } else { output::print_text(text) }
    }

    /// Says something that is no data.
    pub fn tell(&self, text: &str) {
        if self.interactive {
            eprintln!("{text}");
        }
    }

    /// The comment at the head of a view's file.
    pub fn about(&self, name: &str) -> Option<String> {
        let views = self.bittern.as_ref()?.catalog.views();
        let head = views.get(name)?.lines().map_while(|line| line.strip_prefix("--")).map(str::trim);
        Some(head.collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty())
    }

    /// Learns every name there is, for completion and the commands that list them.
    pub async fn gather_names(&mut self) -> Result<()> {
        self.names = Names::of(&self.context, self.bittern.as_ref().map(|bittern| &bittern.catalog)).await?;
        Ok(())
    }

    /// Looks for new rows.
    pub async fn refresh(&mut self) -> Result<()> {
        let Some(bittern) = &mut self.bittern else { return Ok(()) };
        let changed = bittern.renew().await?;
        if changed {
            if !bittern.shows_names() && self.unmasking.is_none() {
                bittern.mask_again(&self.context).await?;
            }
            self.gather_names().await?;
        }
        self.tell(if changed { "there is something new" } else { "nothing is new" });
        Ok(())
    }

    /// Lets the user edit the last statement, and runs what they leave.
    pub async fn edit(&mut self, depth: usize) -> Result<Next> {
        let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok()).filter(|editor| !editor.trim().is_empty());
        let editor = editor.unwrap_or_else(|| "vi".to_owned());
        let path = std::env::temp_dir().join(format!("bittern-{}.sql", uuid::Uuid::new_v4()));
        let edited = edited(&editor, &path, &self.last);
        let removed = std::fs::remove_file(&path);
        let text = edited?;
        removed?;
        if text.trim().is_empty() {
            return Ok(Next::Go);
        }
        self.tell(&output::safe(text.trim_end()));
        self.script(&text, None, depth + 1).await
    }
}

fn edited(editor: &str, path: &Path, text: &str) -> Result<String> {
    use std::io::Write;
    let refused = |e: std::io::Error| Error::usage(format!("cannot edit with `{editor}`: set EDITOR")).caused_by(e);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(refused)?;
    file.write_all(format!("{};\n", text.trim_end_matches(';')).as_bytes()).map_err(refused)?;
    drop(file);
    let ended = std::process::Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path).status().map_err(refused)?;
    if !ended.success() {
        return Err(Error::usage(format!("`{editor}` ended with {ended}; nothing was run")));
    }
    std::fs::read_to_string(path).map_err(refused)
}

/// An error of a command in a file, with its place.
fn placed(error: Error, file: Option<&str>, line: usize) -> Error {
    match file {
        Some(file) => error.context(format!("{file}:{line}")),
        None => error,
    }
}

/// A length of time as people read it.
fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1_000.0)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn a_length_of_time_has_the_unit_that_fits() {
        assert_eq!([duration(0.0123), duration(1.25), duration(61.0)], ["12 ms", "1.2 s", "1 min 1 s"]);
    }
}
