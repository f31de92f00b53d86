//! What was asked before: in a file of the user's data folder, for nobody else to read, and without a statement that holds a credential.

use std::path::PathBuf;

use bittern_udfs::setup::Setup;

/// Statements that are kept.
pub const STATEMENTS_MAX: usize = 2_000;

/// Bytes of a statement that is kept: what is longer was pasted.
const BYTES_MAX: usize = 16 * 1024;

/// From this confidence on a finding keeps a statement out: lower than for any alert, as nothing is lost by forgetting one.
const CONFIDENCE_MIN: f64 = 0.3;

/// The file: `bittern/history` in the folder that the XDG Base Directory Specification names for a user's data.
pub fn file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("bittern").join("history"))
}

/// Whether a statement may be remembered. As in other shells, one that begins with a space is not.
pub fn is_kept(setup: &Setup, statement: &str) -> bool {
    !statement.trim().is_empty()
        && !statement.starts_with(' ')
        && statement.len() <= BYTES_MAX
        && !setup.rules().find(statement.as_bytes()).iter().any(|found| found.confidence >= CONFIDENCE_MIN)
}

/// Makes the file and its folder, readable by their owner alone.
pub fn make(file: &std::path::Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(file)?;
    #[cfg(unix)]
    opened.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(opened);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_with_a_credential_is_not_kept() {
        let setup = Setup::builtin(&[7; 32]);
        let key = ["ghp_", "R4q9Tz1LmX0pVb7KcY2sHd8WfJ6nAe3uGi5o"].concat();
        let words = ["the pass", "word is Tern-Kestrel-91!x"].concat();
        for (statement, kept) in [
            ("SELECT 1".to_owned(), true),
            ("SELECT count(*) FROM alerts WHERE summary LIKE '%password%'".to_owned(), true),
            (format!("SELECT * FROM events WHERE text LIKE '%{key}%'"), false),
            (format!("SELECT credential_find('{words}')"), false),
            (format!("\\hunt file_history file={key}"), false),
            (" SELECT 1".to_owned(), false),
            ("x".repeat(BYTES_MAX + 1), false),
        ] {
            assert_eq!(is_kept(&setup, &statement), kept, "{statement:.60}");
        }
    }
}
