//! Many scenarios: one after another or several at a time, told in their order, never all in memory.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use iamsim::Explanation;

use crate::files::{Files, loader, source};
use crate::finding::Finding;
use crate::outcome::Outcome;
use crate::read::{self, FileKind};
use crate::run;

/// Sees the explanation of every question: the file, and the explanation.
type Observer<'o> = dyn Fn(&str, &Explanation) + Sync + 'o;

/// How many scenarios are run, and which.
///
/// ```
/// use iamsim_scenario::Options;
///
/// let options = Options::new().jobs(4).filter("bucket").tag("nightly");
/// # let _ = options;
/// ```
#[derive(Clone, Default)]
pub struct Options<'o> {
    filter: Option<String>,
    tags: Vec<String>,
    jobs: usize,
    observer: Option<&'o Observer<'o>>,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { filter, tags, jobs, observer } = self;
        f.debug_struct("Options")
            .field("filter", filter)
            .field("tags", tags)
            .field("jobs", jobs)
            .field("observer", &observer.is_some())
            .finish()
    }
}

impl<'o> Options<'o> {
    /// Everything, one at a time.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells only of scenarios and steps that speak of a text. All steps are taken all the same.
    #[must_use]
    pub fn filter(mut self, text: impl Into<String>) -> Self {
        self.filter = Some(text.into());
        self
    }

    /// Tells only of scenarios with this tag, and of steps with this label. Called again, either will do.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Runs so many at a time.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// Sees the explanation of every question that is asked, whatever is told of it in the end; from several
    /// threads, if there are several jobs.
    #[must_use]
    pub fn observer(mut self, observer: &'o Observer<'o>) -> Self {
        self.observer = Some(observer);
        self
    }
}

/// What came of one file.
#[derive(Clone, Debug)]
pub struct FileOutcome {
    file: String,
    result: Result<Outcome, Vec<Finding>>,
    warnings: Vec<Finding>,
}

impl FileOutcome {
    /// The file, as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What came, or what is wrong with the file.
    pub fn result(&self) -> Result<&Outcome, &[Finding]> {
        self.result.as_ref().map_err(Vec::as_slice)
    }

    /// The outcome itself, or what is wrong with the file.
    pub fn into_result(self) -> Result<Outcome, Vec<Finding>> {
        self.result
    }

    /// Findings that leave the file usable.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

/// Runs scenario files, and tells of each in their order, until told to stop.
///
/// World files among them are read, and told of only where something is wrong with them. When one scenario
/// says `only`, the others are told of as skipped. However many files there are, only a few outcomes are held
/// at a time.
///
/// ```
/// use std::ops::ControlFlow;
/// use iamsim_scenario::{MemoryFiles, Options, Totals, find, run_files};
///
/// let story = r#"{ "scenario": "Nobody may", "accounts": { "111122223333": { "users": { "dev": {} } } },
///   "steps": [{ "as": "dev", "do": "iam:ListUsers", "expect": "deny" }] }"#;
/// let files = MemoryFiles::new([("a.json", story), ("b.json", story)]);
/// let paths = find(&files, &[".".to_owned()]).files;
/// let mut totals = Totals::default();
/// run_files(&files, &paths, &Options::new().jobs(2), &mut |outcome| {
///     totals += outcome.result().unwrap().totals();
///     ControlFlow::Continue(())
/// });
/// assert_eq!(totals.passed, 2);
/// ```
pub fn run_files(
    files: &dyn Files,
    paths: &[String],
    options: &Options<'_>,
    tell: &mut dyn FnMut(FileOutcome) -> ControlFlow<()>,
) {
    let suite = Suite { files, paths, options, is_focused: is_focused(files, paths) };
    let jobs = options.jobs.clamp(1, paths.len().max(1));
    if jobs == 1 {
        for path in paths {
            if suite.run(path).is_some_and(|outcome| tell(outcome).is_break()) {
                return;
            }
        }
        return;
    }
    suite.in_parallel(jobs, tell);
}

struct Suite<'s> {
    files: &'s dyn Files,
    paths: &'s [String],
    options: &'s Options<'s>,
    /// Whether a scenario says `only`.
    is_focused: bool,
}

impl Suite<'_> {
    /// None for a file of which there is nothing to tell.
    fn run(&self, path: &str) -> Option<FileOutcome> {
        let mut warnings = Vec::new();
        let result = match self.outcome(path, &mut warnings) {
            Ok(None) => return None,
            Ok(Some(outcome)) => {
                let tagged = outcome.tagged(&self.options.tags);
                let filter = self.options.filter.as_deref();
                let told = match (tagged, filter) {
                    (Some(outcome), Some(text)) => outcome.filtered(text),
                    (tagged, _) => tagged,
                };
                Ok(told?)
            }
            Err(findings) => Err(findings),
        };
        Some(FileOutcome { file: path.to_owned(), result, warnings })
    }

    fn outcome(&self, path: &str, warnings: &mut Vec<Finding>) -> Result<Option<Outcome>, Vec<Finding>> {
        let source = source(self.files, path)?;
        let mut load = loader(self.files, path);
        let (kind, mut file) = read::read(&source, &mut load)?;
        if kind == FileKind::World {
            return Ok(None);
        }
        if self.is_focused && !file.only && file.skip.is_none() {
            file.skip = Some("another scenario says `only`".to_owned());
        }
        warnings.clone_from(&file.warnings);
        let outcome = match self.options.observer {
            Some(observer) => run::run(&file, &|explanation| observer(path, explanation)),
            None => run::run(&file, &|_| ()),
        };
        outcome.map(Some)
    }

    fn in_parallel(&self, jobs: usize, tell: &mut dyn FnMut(FileOutcome) -> ControlFlow<()>) {
        let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        // A bound on what waits to be told: whoever is far ahead of the slowest waits.
        let (send, receive) = mpsc::sync_channel(jobs * 2);
        let turn = Turn::default();
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                let (next, stopped, turn, send) = (&next, &stopped, &turn, send.clone());
                scope.spawn(move || {
                    // An observer may panic; nobody is to wait for the outcome that then never comes.
                    let _alarm = Alarm(End { stopped, turn });
                    while !stopped.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(path) = self.paths.get(index) else { return };
                        turn.wait_until_near(index, jobs * 8, stopped);
                        if send.send((index, self.run(path))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            // Whatever ends the telling, nobody is left waiting for it.
            let end = Ended(End { stopped: &stopped, turn: &turn });
            let mut waiting = BTreeMap::new();
            let mut due = 0;
            for (index, outcome) in receive {
                waiting.insert(index, outcome);
                while let Some(outcome) = waiting.remove(&due) {
                    due += 1;
                    turn.reached(due);
                    if outcome.is_some_and(|outcome| tell(outcome).is_break()) {
                        return;
                    }
                }
            }
            drop(end);
        });
    }
}

/// Lets go of everybody when it is dropped.
struct Ended<'e>(End<'e>);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

/// Lets go of everybody when its thread panics.
struct Alarm<'e>(End<'e>);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.let_go();
        }
    }
}

/// Lets go of everybody.
struct End<'e> {
    stopped: &'e AtomicBool,
    turn: &'e Turn,
}

impl End<'_> {
    fn let_go(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.turn.reached(usize::MAX);
    }
}

/// Which file is told of next: nobody runs far ahead of it, so that little waits in memory.
#[derive(Default)]
struct Turn {
    due: std::sync::Mutex<usize>,
    moved: std::sync::Condvar,
}

impl Turn {
    fn reached(&self, index: usize) {
        *self.due.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = index;
        self.moved.notify_all();
    }

    fn wait_until_near(&self, index: usize, window: usize, stopped: &AtomicBool) {
        let mut due = self.due.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while index > due.saturating_add(window) && !stopped.load(Ordering::Relaxed) {
            due = self.moved.wait(due).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}

/// Whether a scenario among the files says `only`. What is wrong with a file is told when it is run.
fn is_focused(files: &dyn Files, paths: &[String]) -> bool {
    paths.iter().any(|path| {
        let source = source(files, path).ok().filter(|source| source.text().contains("\"only\""));
        source.is_some_and(|source| read::says_only(&source))
    })
}
