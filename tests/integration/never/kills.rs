//! Processes that are killed: at each call that changes a file, in turn, and at random moments. The next plain command repairs it.
//!
//! The process is this test's own program, started anew for one command on the tiny lake. `killer.c` counts its calls and kills it; it is compiled
//! by `cc`, which Rust needs to link (where there is none, or no LD_PRELOAD, random moments are what is left).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::tiny::{Tiny, WAY};

/// What asks the program to be one command: the folder, and the place of the command in `WAY`.
const ASKED: &str = "BITTERN_TINY";

type Content = BTreeMap<String, Vec<String>>;

/// The lake before each command and after the last, in folders, with what it holds.
pub struct Saved {
    pub tiny: Tiny,
    pub contents: Vec<Content>,
    /// The library that kills, if it can be had, and how many calls of each command it counted.
    killer: Option<(PathBuf, Vec<usize>)>,
}

impl Saved {
    /// Goes the whole way, each command in a process of its own.
    pub async fn new(folder: &Path) -> Self {
        let tiny = Tiny::new(folder);
        let mut contents = Vec::new();
        let library = killer(folder);
        let mut calls = Vec::new();
        let (root, count) = (folder.display().to_string(), folder.join("count").display().to_string());
        for (step, command) in WAY.iter().enumerate() {
            keep(&tiny, step);
            let preload = library.as_ref().map(|library| library.display().to_string());
            let counting: Vec<(&str, &str)> = preload
                .iter()
                .flat_map(|library| [("LD_PRELOAD", library.as_str()), ("KILLER_ROOT", &root), ("KILLER_COUNT", &count)])
                .collect();
            let ended = process(&tiny, step, &counting).status().unwrap();
            assert!(ended.success(), "{command:?}");
            calls.push(std::fs::read_to_string(&count).ok().and_then(|text| text.trim().parse().ok()).unwrap_or_default());
            contents.push(content(&tiny).await);
        }
        // A system that does not take LD_PRELOAD counts nothing.
        let killer = library.filter(|_| calls.iter().all(|calls| *calls > 0)).map(|library| (library, calls));
        Self { tiny, contents, killer }
    }

    /// Puts the lake back to where it was before a command.
    pub fn back(&self, step: usize) {
        for name in ["lake", "told"] {
            let there = self.tiny.folder.join(name);
            let _ = std::fs::remove_dir_all(&there);
            let kept = self.tiny.folder.join(format!("kept/{step}/{name}"));
            if kept.exists() {
                copy(&kept, &there);
            }
        }
    }

    /// What is wrong after a command, if anything is.
    pub async fn wrong(&self, step: usize) -> Option<String> {
        crate::difference(&self.contents[step], &content(&self.tiny).await)
    }
}

fn keep(tiny: &Tiny, step: usize) {
    for name in ["lake", "told"] {
        let there = tiny.folder.join(name);
        if there.exists() {
            copy(&there, &tiny.folder.join(format!("kept/{step}/{name}")));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            // With its time: files that no commit names go by their age.
            std::fs::copy(&path, &to).unwrap();
            let time = entry.metadata().unwrap().modified().unwrap();
            std::fs::File::options().write(true).open(&to).unwrap().set_modified(time).unwrap();
        }
    }
}

/// What the tables hold, and the changes that stand whole in the sink's files.
async fn content(tiny: &Tiny) -> Content {
    let mut found = tiny.content(tiny.place()).await;
    let files = std::fs::read_dir(tiny.folder.join("told")).into_iter().flatten().map(|entry| entry.unwrap().path());
    let lines = files.flat_map(|path| std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>());
    let whole = lines.filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok());
    let mut ids: Vec<String> = whole.map(|told| told["finding_info"]["uid"].to_string() + &told["activity_id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    found.insert("file".into(), ids);
    found
}

/// One command in a process of its own.
pub fn process(tiny: &Tiny, step: usize, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "never::kills::processes_that_are_killed_are_repaired_by_the_next", "--nocapture"]);
    command.env(ASKED, format!("{step} {}", tiny.folder.display())).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[cfg(unix)]
fn was_killed(ended: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    ended.signal() == Some(9)
}

#[cfg(not(unix))]
fn was_killed(ended: ExitStatus) -> bool {
    !ended.success()
}

/// The library that kills, compiled.
fn killer(folder: &Path) -> Option<PathBuf> {
    let source = crate::repository().join("tests/integration/never/killer.c");
    let library = folder.join("killer.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    let done = cfg!(target_os = "linux") && compiler.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    done.then_some(library)
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_are_repaired_by_the_next() {
    if let Ok(asked) = std::env::var(ASKED) {
        let (step, folder) = asked.split_once(' ').unwrap();
        let tiny = Tiny::at(Path::new(folder));
        if let Err(error) = tiny.step(tiny.place(), WAY[step.parse::<usize>().unwrap()]).await {
            let _ = std::fs::write(tiny.folder.join("error"), format!("{error:#}"));
            std::process::exit(1);
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let saved = Saved::new(folder.path()).await;
    let began = Instant::now();
    let mut wrong = Vec::new();
    let calls = match &saved.killer {
        Some((killer, calls)) => at_each_call(&saved, killer, calls, super::stride(300), &mut wrong).await,
        None => {
            println!("SKIPPED: no cc, or no LD_PRELOAD: not killed at each call");
            0
        }
    };
    println!("killed at {calls} calls, {:.0} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let moments = at_random_moments(&saved, 200 / super::stride(200).min(200), &mut wrong).await;
    println!("killed at {moments} random moments, {:.0} s", began.elapsed().as_secs_f64());
    assert!(calls + moments > 0);
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), calls + moments, wrong.join("\n"));
}

/// Kills each command at each call in so many, before it and (a write) in the middle of it; how many were killed.
async fn at_each_call(saved: &Saved, killer: &Path, calls: &[usize], stride: usize, wrong: &mut Vec<String>) -> usize {
    let root = saved.tiny.folder.display().to_string();
    let mut killed = 0;
    println!("calls that change files: {calls:?}");
    // Counted through all commands: a wide stride still comes to each kind of call.
    let mut at = 1 + stride / 2;
    for step in 0..WAY.len() {
        // With every call in turn, the command is over when it survives, whatever was counted before.
        while stride == 1 || at <= calls[step] {
            saved.back(step);
            let (library, number) = (killer.display().to_string(), at.to_string());
            let mut variables = vec![("LD_PRELOAD", library.as_str()), ("KILLER_ROOT", &root), ("KILLER_AT", &number)];
            if at.is_multiple_of(2) {
                variables.push(("KILLER_HALF", "1"));
            }
            let ended = process(&saved.tiny, step, &variables).status().unwrap();
            let dead = was_killed(ended);
            // What was killed is done once more; what survived has to be right by itself.
            repaired(saved, step, dead, &format!("{:?} at call {at}", WAY[step]), wrong).await;
            if !dead {
                println!("{:?}: survives {} calls ({ended})", WAY[step], at - 1);
                break;
            }
            killed += 1;
            at += stride;
        }
        at = at.saturating_sub(calls[step]).max(1);
    }
    killed
}

/// Kills commands at random moments; how many were killed.
async fn at_random_moments(saved: &Saved, rounds: usize, wrong: &mut Vec<String>) -> usize {
    let mut lengths = Vec::new();
    for step in 0..WAY.len().min(rounds) {
        saved.back(step);
        let began = Instant::now();
        if rounds > 1 {
            assert!(process(&saved.tiny, step, &[]).status().unwrap().success());
        }
        lengths.push(began.elapsed().max(Duration::from_millis(400)));
    }
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut killed = 0;
    for round in 0..rounds {
        let step = round % WAY.len();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = lengths[step].mul_f64((random >> 33) as f64 / f64::from(1_u32 << 31));
        saved.back(step);
        let mut child = process(&saved.tiny, step, &[]).spawn().unwrap();
        std::thread::sleep(moment);
        let _ = child.kill();
        let dead = was_killed(child.wait().unwrap());
        killed += usize::from(dead);
        repaired(saved, step, dead, &format!("{:?} after {moment:?}", WAY[step]), wrong).await;
    }
    killed
}

async fn repaired(saved: &Saved, step: usize, again: bool, what: &str, wrong: &mut Vec<String>) {
    let tiny = &saved.tiny;
    let outcome = if again { tiny.step(tiny.place(), WAY[step]).await } else { Ok(()) };
    let problem = match outcome {
        Err(error) => Some(format!("the next one failed: {error:#}")),
        Ok(()) => saved.wrong(step).await,
    };
    if let Some(problem) = problem {
        println!("WRONG {what}: {problem}");
        wrong.push(format!("{what}: {problem}"));
    }
}
