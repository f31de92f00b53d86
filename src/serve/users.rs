//! The file of the users: who may log in, as what, and what proves that it is them. One line a user: `name role verifier`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::scram::{ITERATIONS, Verifier};
use crate::error::{Error, Result};

/// The shortest password that is taken.
const PASSWORD_CHARS_MIN: usize = 12;

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their name.
    pub name: String,
    /// The role that says what they see.
    pub role: String,
    /// What proves that it is them.
    pub verifier: Verifier,
}

/// The users of a file.
#[derive(Debug, Clone)]
pub struct Users {
    path: PathBuf,
    users: Vec<User>,
}

impl Users {
    /// Reads the file; none is no users.
    ///
    /// # Errors
    /// `Usage` for a line that is none, with its place, and for a file that others may read.
    pub fn read(path: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(Error::usage(format!("cannot read the users in `{}`", path.display())).caused_by(e)),
        };
        check_mode(path)?;
        let mut users: Vec<User> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: &str| Error::usage(format!("{}:{}: {what}", path.display(), number + 1));
            let mut words = line.split_whitespace();
            let (Some(name), Some(role), Some(verifier), None) = (words.next(), words.next(), words.next(), words.next()) else {
                return Err(wrong("a user is `name role verifier`"));
            };
            let verifier = Verifier::from_str(verifier).map_err(|_| wrong("this is no SCRAM-SHA-256 verifier"))?;
            if users.iter().any(|user| user.name == name) {
                return Err(wrong("this name stands there twice"));
            }
            users.push(User { name: name.to_owned(), role: role.to_owned(), verifier });
        }
        Ok(Self { path: path.to_owned(), users })
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> &[User] {
        &self.users
    }

    /// The one of that name.
    pub fn find(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// Adds a user, or gives one another password and role; whether the name was new.
    ///
    /// # Errors
    /// `Usage` for a name or password that is none.
    pub fn set(&mut self, name: &str, role: &str, password: &str) -> Result<bool> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        if name.is_empty() || name.len() > 63 || !name.chars().all(allowed) {
            return Err(Error::usage("a name has 1 to 63 letters, digits or any of _ - . @"));
        }
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(Error::usage(format!("a password has at least {PASSWORD_CHARS_MIN} characters")));
        }
        let verifier = Verifier::of(password, uuid::Uuid::new_v4().as_bytes(), ITERATIONS);
        let user = User { name: name.to_owned(), role: role.to_owned(), verifier };
        let known = self.users.iter().position(|user| user.name == name);
        match known {
            Some(at) => self.users[at] = user,
            None => self.users.push(user),
        }
        self.write()?;
        Ok(known.is_none())
    }

    /// Removes a user; whether there was one.
    pub fn remove(&mut self, name: &str) -> Result<bool> {
        let before = self.users.len();
        self.users.retain(|user| user.name != name);
        self.write()?;
        Ok(self.users.len() < before)
    }

    /// Writes the file anew beside the old one and puts it in its place, readable by its owner alone.
    fn write(&self) -> Result<()> {
        let refused = |e: std::io::Error| Error::usage(format!("cannot write the users to `{}`", self.path.display())).caused_by(e);
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(refused)?;
        }
        let mut text = String::from("# Users of `bittern serve`: name, role, SCRAM-SHA-256 verifier. Written by `bittern user`.\n");
        for User { name, role, verifier } in &self.users {
            text.push_str(&format!("{name} {role} {verifier}\n"));
        }
        let beside = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(refused)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(refused)?;
        std::fs::rename(&beside, &self.path).map_err(refused)
    }
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            Err(Error::usage(format!("others may read or change `{0}`: run `chmod 600 {0}`", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_added_changed_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/users");
        let mut users = Users::read(&path).expect("none yet");
        assert!(users.all().is_empty());
        assert!(users.set("ana", "analyst", "reed bed at dusk").expect("added"));
        assert!(!users.set("ana", "admin", "another reed bed").expect("changed"));
        assert!(users.set("ben@example.com", "analyst", "reed bed at dusk").expect("added"));
        let read = Users::read(&path).expect("read");
        assert_eq!(read.all(), users.all());
        assert_eq!(read.find("ana").map(|user| user.role.as_str()), Some("admin"));
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(!text.contains("reed bed") && text.lines().count() == 3, "{text}");
        assert!(users.remove("ana").expect("removed") && !users.remove("ana").expect("none"));
        assert!(Users::read(&path).expect("read").find("ana").is_none());
    }

    #[test]
    fn what_is_no_user_is_refused_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("users");
        let mut users = Users::read(&path).expect("none yet");
        for (name, password) in [("", "reed bed at dusk"), ("a b", "reed bed at dusk"), ("ana", "short")] {
            assert!(users.set(name, "analyst", password).is_err(), "{name}");
        }
        users.set("ana", "analyst", "reed bed at dusk").expect("added");
        let text = std::fs::read_to_string(&path).expect("text");
        std::fs::write(&path, format!("{text}ben analyst secret\n")).expect("written");
        let error = Users::read(&path).expect_err("no verifier");
        assert!(format!("{error:#}").contains("users:3: this is no SCRAM-SHA-256 verifier"), "{error:#}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
            assert!(Users::read(&path).expect_err("open to others").to_string().contains("chmod 600"));
        }
    }
}
