//! Every SQL file there is: those inside the program, and the user's own over them.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::error::{Error, Result};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sql");
static BUILT_IN_CASES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/detections");

/// A SQL file as text.
#[derive(Debug, Clone)]
pub struct Text {
    /// What errors call it.
    pub path: String,
    /// Its content.
    pub sql: String,
}

/// SQL files by folder and stem.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    folders: BTreeMap<String, BTreeMap<String, Text>>,
    /// Cases of detections, by detection.
    cases: BTreeMap<String, Text>,
}

impl Catalog {
    /// The built-in files, and over them those of a folder with the same layout (`detections/`, `views/`, ...).
    pub fn load(own: Option<&Path>) -> Result<Self> {
        let mut catalog = Self::default();
        for folder in BUILT_IN.dirs() {
            let name = folder.path().to_string_lossy().into_owned();
            for file in folder.files() {
                let sql = file.contents_utf8().ok_or_else(|| Error::internal("a built-in SQL file is not UTF-8"))?;
                catalog.add(&name, file.path(), format!("sql/{}", file.path().display()), sql.to_owned());
            }
        }
        for file in BUILT_IN_CASES.files() {
            let text = file.contents_utf8().ok_or_else(|| Error::internal("a built-in file of cases is not UTF-8"))?;
            catalog.add("detections", file.path(), format!("tests/detections/{}", file.path().display()), text.to_owned());
        }
        if let Some(own) = own {
            catalog.load_own(own)?;
        }
        Ok(catalog)
    }

    /// The files of a folder alone, without the built-in ones.
    ///
    /// # Errors
    /// `Usage` where the folder or one of its files cannot be read.
    pub fn alone(folder: &Path) -> Result<Self> {
        let mut catalog = Self::default();
        catalog.load_own(folder)?;
        Ok(catalog)
    }

    fn load_own(&mut self, own: &Path) -> Result<()> {
        let refused = |path: &Path, e: std::io::Error| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e);
        for folder in std::fs::read_dir(own).map_err(|e| refused(own, e))? {
            let folder = folder.map_err(|e| refused(own, e))?.path();
            if !folder.is_dir() {
                continue;
            }
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for file in std::fs::read_dir(&folder).map_err(|e| refused(&folder, e))? {
                let path = file.map_err(|e| refused(&folder, e))?.path();
                let sql = std::fs::read_to_string(&path).map_err(|e| refused(&path, e))?;
                self.add(&name, &path, path.display().to_string(), sql);
            }
        }
        Ok(())
    }

    fn add(&mut self, folder: &str, path: &Path, shown: String, sql: String) {
        let Some(stem) = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()) else { return };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("sql") => drop(self.folders.entry(folder.to_owned()).or_default().insert(stem, Text { path: shown, sql })),
            // Cases of one's own detections stand beside them.
            Some("slt") if folder == "detections" => drop(self.cases.insert(stem, Text { path: shown, sql })),
            _ => {}
        }
    }

    /// The files of a folder, by stem.
    pub fn folder(&self, name: &str) -> impl Iterator<Item = (&str, &Text)> {
        self.folders.get(name).into_iter().flatten().map(|(stem, text)| (stem.as_str(), text))
    }

    /// The cases of detections, by detection.
    pub fn cases(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.cases.iter().map(|(detection, text)| (detection.as_str(), text))
    }

    /// The views, by name.
    pub fn views(&self) -> BTreeMap<String, String> {
        self.folder("views").map(|(name, text)| (name.to_owned(), text.sql.clone())).collect()
    }
}
