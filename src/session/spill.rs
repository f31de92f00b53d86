//! A folder for what queries spill: each process has one of its own in it, and what processes that are gone left is cleared.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// The file that a process holds locked in its folder as long as it lives.
const LOCK: &str = "in-use";

/// This process's folders by the folder they lie in, with the locks that are held.
static OWN: Mutex<BTreeMap<PathBuf, (PathBuf, File)>> = Mutex::new(BTreeMap::new());

/// This process's own folder below `root`; made at first use, for its owner alone.
pub fn own_folder(root: &Path) -> Result<PathBuf> {
    let refused = |e: std::io::Error| Error::usage(format!("cannot spill to `{}`", root.display())).caused_by(e);
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((folder, _)) = own.get(root) {
        return Ok(folder.clone());
    }
    let folder = root.join(format!("bittern-{}", uuid::Uuid::new_v4()));
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(refused)?;
    let lock = File::create(folder.join(LOCK)).map_err(refused)?;
    lock.lock().map_err(refused)?;
    own.insert(root.to_owned(), (folder.clone(), lock));
    Ok(folder)
}

/// Deletes the folders of processes that are gone; how many.
pub fn clear(root: &Path) -> Result<usize> {
    let mut cleared = 0;
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let folder = entry.path();
        let ours = entry.file_name().to_string_lossy().starts_with("bittern-");
        // One that has no lock yet is being made.
        let Some(lock) = File::open(folder.join(LOCK)).ok().filter(|_| ours) else { continue };
        if lock.try_lock().is_ok() {
            std::fs::remove_dir_all(&folder).map_err(|e| Error::from(e).context(format!("cannot clear `{}`", folder.display())))?;
            cleared += 1;
        }
    }
    Ok(cleared)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_that_is_gone_left_is_cleared_and_a_living_ones_stays() {
        let root = tempfile::tempdir().unwrap();
        let own = own_folder(root.path()).unwrap();
        assert_eq!(own, own_folder(root.path()).unwrap());
        let gone = root.path().join("bittern-gone");
        std::fs::create_dir(&gone).unwrap();
        std::fs::write(gone.join(LOCK), "").unwrap();
        std::fs::write(gone.join("spilled"), "rows").unwrap();
        std::fs::create_dir(root.path().join("another")).unwrap();
        assert_eq!(clear(root.path()).unwrap(), 1);
        assert!(own.exists() && !gone.exists() && root.path().join("another").exists());
    }
}
