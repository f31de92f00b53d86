//! The first steps of somebody new: `init`, completions and manual pages. (`documents` runs the commands of the README.)

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn bittern(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bittern"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).env_remove("BITTERN_LAKE");
    command.env("XDG_CONFIG_HOME", folder.ancestors().find(|above| above.join(".home").exists()).unwrap().join(".home")).output().unwrap()
}

fn done(folder: &Path, args: &[&str]) -> String {
    let output = bittern(folder, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of somebody who has nothing yet.
fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".home")).unwrap();
    folder
}

#[test]
fn init_makes_what_can_be_used_and_overwrites_nothing() {
    let folder = home();
    let told = done(folder.path(), &["init", "watch", "--names", "yes"]);
    assert!(told.contains("made  watch/bittern.toml") && told.contains("bittern run --config watch/bittern.toml"), "{told}");
    let watch = folder.path().join("watch");
    let key = std::fs::read(folder.path().join(".home/bittern/fingerprint.key")).unwrap();
    assert!(key.len() >= 32);
    assert!(std::fs::read_to_string(watch.join("bittern.toml")).unwrap().contains("\nnames = true\n"));
    assert_eq!(done(&watch, &["check"]), "everything is in order\n");

    std::fs::write(watch.join("policy/groups.csv"), "group,detection,monitored\nSales,*,yes\n").unwrap();
    let told = done(&watch, &["init", "--format", "json"]);
    let states: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(states.len() == 10 && states.iter().all(|file| file["state"] == "kept"), "{told}");
    assert!(std::fs::read_to_string(watch.join("policy/groups.csv")).unwrap().contains("Sales"));
    assert_eq!(std::fs::read(folder.path().join(".home/bittern/fingerprint.key")).unwrap(), key);

    std::fs::write(watch.join("bittern.toml"), "lake = \"lake\"\nkey_file = \"lake/key\"\n").unwrap();
    let output = bittern(&watch, &["init"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("would lie in the lake"), "{output:?}");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = home();
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef bittern"),
        ("fish", "complete -c bittern"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = done(folder.path(), &["completions", shell]);
        assert!(script.contains(mark) && script.contains("retry-dead") && script.contains("backtest"), "{shell}");
    }
    done(folder.path(), &["man", "pages"]);
    let page = std::fs::read_to_string(folder.path().join("pages/bittern-deliver.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("retry") && page.contains("what is due"), "{page}");
    assert!(folder.path().join("pages/bittern.1").exists() && folder.path().join("pages/bittern-alerts-close.1").exists());
}
