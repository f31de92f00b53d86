//! Commands that documents show: every one is a command, and each block of them is run and its output compared with what is shown.
//!
//! A block of commands runs as a script of its own, in a copy of the demo's folder; one that says where its lake is, or begins with
//! `init`, in an empty folder beside `sample_data`. Output stands below its command in a `console` block, or in a `text` block behind the
//! commands. `UPDATE_DOCS=1 cargo test documents flow` shows anew what is no longer so.

mod blocks;
mod shown;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::repository;
use blocks::{Block, all, commands};

/// Blocks that cannot run in a test: the page, how the block begins, and why.
const NOT_RUN: [(&str, &str, &str); 19] = [
    ("README.md", "cargo run -- demo", "the lake that the others use: `first_command`"),
    ("README.md", "bittern --lake ./lake --policy ./policy ingest s3://", "a bucket"),
    ("docs/contributing.md", "cargo fmt --check", "the gate, which runs these tests"),
    ("docs/detections.md", "bittern generate --people 5000", "hours"),
    ("docs/operations.md", "* * * * * bittern", "cron"),
    ("docs/operations.md", "from datetime import", "Airflow"),
    ("docs/operations.md", "# /etc/systemd/system", "systemd"),
    ("docs/operations.md", "apiVersion", "Kubernetes"),
    ("docs/performance.md", "cargo build --release", "a build, and millions of events"),
    ("docs/performance.md", "bittern sql --table downloads=DIR", "millions of rows of one's own"),
    ("docs/performance.md", "bittern sql --table m=messages.parquet", "a million messages of one's own"),
    ("docs/scale.md", "bittern worker --lake s3://", "a bucket, and processes without end; tests/integration/worker.rs"),
    ("docs/scale.md", "bittern sql --workers ...", "workers; tests/integration/worker.rs"),
    ("docs/scale.md", "cargo build --release", "a build, and millions of rows"),
    ("docs/scale.md", "apiVersion", "Kubernetes"),
    ("docs/scale.md", "# /etc/systemd/system", "systemd"),
    ("docs/scale.md", "docker run", "Docker"),
    ("docs/serve.md", "bittern user add", "a password at a terminal, and a server without end; .ci/serve"),
    ("docs/serve.md", "bittern serve", "a server without end; .ci/serve"),
];

/// The case that README asks for: its id is another under each key.
const CASE: &str = "3f9c20";

/// The sink that docs/deliver.md tells of.
const SINK: &str = "\n[[sinks]]\nname = \"siem\"\nkind = \"ocsf_file\"\nfolder = \"siem\"\n";

/// Pages are written by one test at a time.
static WRITES: Mutex<()> = Mutex::new(());

/// What a script prints, what it says beside that, and its exit code.
type Answer = (String, String, Option<i32>);

/// Runs README's first command in a folder: the lake of the demo lies in `bittern-demo` below it.
pub fn first_command(folder: &Path) {
    let block = all().into_iter().find(|block| block.page == "README.md" && block.text.starts_with("cargo run -- demo")).unwrap();
    // Pseudonyms order rows: under another key, other rows come first.
    std::fs::create_dir(folder.join("bittern-demo")).unwrap();
    std::fs::write(folder.join("bittern-demo/fingerprint.key"), "the key of the documents: the same on every machine").unwrap();
    assert_eq!(wrong(&block, |script| run(script, folder)), None);
}

/// Runs the blocks that ask the demo's lake.
pub fn are_true_of(demo: &Path) {
    let case = run("bittern alerts list --format json", demo).0;
    let case = case.split("\"case\":\"").nth(1).and_then(|rest| rest.get(..10)).unwrap().to_owned();
    let hunts = hunts(demo);
    let prepared = |folder: &Path| {
        copy(demo, folder);
        let settings = folder.join("bittern.toml");
        std::fs::write(&settings, std::fs::read_to_string(&settings).unwrap() + SINK).unwrap();
    };
    are_true(
        |block| !block.begins_with_nothing(),
        prepared,
        |script, folder| hunts.get(script).cloned().unwrap_or_else(|| run(&script.replace(CASE, &case), folder)),
    );
}

#[test]
fn documents_that_begin_with_nothing_are_true() {
    are_true(Block::begins_with_nothing, |_| {}, run);
}

fn are_true(chosen: impl Fn(&Block) -> bool, prepared: impl Fn(&Path) + Sync, run: impl Fn(&str, &Path) -> Answer + Sync) {
    let blocks = all();
    let answered = consoles(&blocks);
    let asked: Vec<&Block> = blocks.iter().filter(|block| block.is_run() && not_run(block).is_none() && chosen(block)).collect();
    // What stands elsewhere with its answer is run there.
    let elsewhere = |line: &&str| answered.iter().any(|script| script == line.split("  #").next().unwrap_or(line).trim());
    let rest = |script: &str| script.lines().filter(|line| !elsewhere(line)).map(|line| format!("{line}\n")).collect::<String>();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(block) = asked.get(next.fetch_add(1, Ordering::Relaxed)) {
            let folder = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink(repository().join("sample_data"), folder.path().join("sample_data")).unwrap();
            prepared(folder.path());
            let run =
                |script: &str| if block.language == "console" { run(script, folder.path()) } else { run(&rest(script), folder.path()) };
            if let Some(wrong) = wrong(block, run) {
                found.lock().unwrap().push(wrong);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{}\n\nUPDATE_DOCS=1 cargo test documents flow", found.join("\n\n"));
}

fn consoles(blocks: &[Block]) -> Vec<String> {
    let consoles = blocks.iter().filter(|block| block.language == "console");
    consoles.flat_map(|block| block.scripts()).map(|(script, _)| script).collect()
}

/// Answers of all hunts that documents show, from one shell: opening a lake takes seconds without optimisation, a hunt far less.
fn hunts(demo: &Path) -> BTreeMap<String, Answer> {
    let asked: Vec<String> = consoles(&all()).into_iter().filter(|script| script.starts_with("bittern hunt ")).collect();
    let commands = asked.iter().map(|script| script.replace("bittern hunt ", "\\hunt ").replace("--param ", ""));
    let script: String = commands.map(|command| format!("SELECT 1 AS next_hunt;\n{command}\n")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let (text, errors, code) = run(&format!("bittern sql -f {}", file.path().display()), demo);
    assert_eq!(code, Some(0), "{errors}");
    let rule = "+-----------+\n";
    let answers: Vec<Answer> = text
        .split(&format!("{rule}| next_hunt |\n{rule}| 1         |\n{rule}"))
        .skip(1)
        .map(|answer| (answer.to_owned(), String::new(), code))
        .collect();
    assert_eq!(answers.len(), asked.len(), "{text}");
    asked.into_iter().zip(answers).collect()
}

fn not_run(block: &Block) -> Option<&'static str> {
    NOT_RUN.iter().find(|(page, begin, _)| block.page == *page && block.text.starts_with(begin)).map(|(_, _, why)| *why)
}

/// What is not so of a block.
fn wrong(block: &Block, run: impl Fn(&str) -> Answer) -> Option<String> {
    // What stands behind several commands is the last one's.
    let open = if block.language == "console" || block.is_prompt() { "" } else { "...\n" };
    for (script, shown) in block.scripts() {
        let place = format!("{}:{}: {script}", block.page, block.line);
        let refused = shown.starts_with("error: ");
        let (answer, errors, code) = run(&script);
        if code != Some(if refused { 2 } else { 0 }) {
            return Some(format!("{place}\nends with {code:?}: {errors}"));
        }
        let answer = if refused { errors } else { answer };
        let Some(difference) = (if shown.is_empty() { None } else { shown::difference(&format!("{open}{shown}"), &answer) }) else {
            continue;
        };
        let anew = shown::anew(&shown, &answer).filter(|_| std::env::var_os("UPDATE_DOCS").is_some());
        let Some(anew) = anew else {
            let begin: Vec<&str> = answer.lines().take(30).collect();
            return Some(format!("{place}\n{difference}\nof\n{}", begin.join("\n")));
        };
        let _one = WRITES.lock().unwrap();
        let path = repository().join(&block.page);
        let page = std::fs::read_to_string(&path).unwrap();
        assert!(page.contains(&shown), "{place}");
        std::fs::write(path, page.replacen(&shown, &anew, 1)).unwrap();
    }
    None
}

/// Runs a script as a shell does.
fn run(script: &str, folder: &Path) -> Answer {
    let program = Path::new(env!("CARGO_BIN_EXE_bittern"));
    let mut path = vec![program.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let output = Command::new("sh")
        .args(["-ec", &script.replace("cargo run -- ", "bittern ")])
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("USER", "ana")
        .env("XDG_CONFIG_HOME", folder.join(".config"))
        .env_remove("BITTERN_LAKE")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// A folder as it is.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[test]
fn blocks_that_are_not_run_are_there_and_all_others_are_scripts() {
    let blocks = all();
    let gone: Vec<_> = NOT_RUN
        .iter()
        .filter(|(page, begin, _)| !blocks.iter().any(|block| block.page == *page && block.text.starts_with(begin)))
        .collect();
    assert!(gone.is_empty(), "these blocks are not there any more: {gone:?}");
    let unknown: Vec<String> = blocks
        .iter()
        .filter(|block| !block.is_run() && not_run(block).is_none() && block.text.lines().any(|line| !commands(line).is_empty()))
        .map(|block| format!("{}:{}", block.page, block.line))
        .collect();
    assert!(unknown.is_empty(), "say in NOT_RUN why these blocks are not run: {unknown:?}");
}

#[test]
fn every_command_that_documents_show_is_one() {
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for block in all() {
        for line in block.text.replace("\\\n", " ").lines() {
            for words in commands(line) {
                // A line that says what varies is no command to try.
                if words.iter().any(|word| word == "..." || word.contains('…')) {
                    continue;
                }
                tried += 1;
                if let Err(error) = bittern::cli::accepts(&words) {
                    wrong.push(format!("{}:{}: {line}\n  {error}", block.page, block.line));
                }
            }
        }
    }
    assert!(tried > 90, "{tried} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
