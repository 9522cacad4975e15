//! `iamsim decide`: cases in, one line a case out, streaming.
//!
//! Cases are read, answered and written in batches of lines, so that a million of them need no more memory
//! than one batch, and the order of the answers is the order of the cases whatever the number of threads. A
//! batch ends where reading on might wait: whoever writes one case and waits for its answer gets it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::Args;
use iamsim_policy::{Source, json};

/// How many lines are in memory at once, for each thread.
const BATCH: usize = 256;

/// How many bytes of lines are in memory at once, for each thread, and one line more.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How much is read at once.
const READ_BYTES: usize = 256 * 1024;

/// The longest line that is read, in bytes: more than any case needs, and little enough to hold.
const MAX_LINE_BYTES: usize = iamsim_policy::MAX_SOURCE_BYTES;

#[derive(Args)]
#[command(after_help = "\
Examples:
  iamsim decide cases.jsonl
  iamsim decide --explain < cases.jsonl | jq .explanation.reason
  iamsim decide --jobs 4 testdata/corpus/*.jsonl

Each line is one case (JSON), each answer one line with `id` and `decision`: Allowed, ExplicitlyDenied,
ImplicitlyDenied, Undetermined or InvalidInput. A line that can't be read is answered InvalidInput with the
findings under `error`, and the run goes on. An empty line is skipped. A file may also hold one JSON array of
cases, of 16 MiB at most; lines may be as long, and as many as you like. A case that is written and waited for
is answered at once.

Exit status: 0 when every line was answered, InvalidInput included; 2 when a file can't be read.")]
pub(crate) struct Decide {
    /// Files with cases; standard input when there are none, or for `-`.
    files: Vec<PathBuf>,
    /// Add the whole explanation to every answer.
    #[arg(long)]
    explain: bool,
    /// How many threads answer.
    #[arg(long, default_value = "1")]
    jobs: NonZeroUsize,
}

impl Decide {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut out = BufWriter::new(io::stdout().lock());
        let mut code = ExitCode::SUCCESS;
        let standard_input = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &standard_input[..] } else { &self.files };
        for file in files {
            let name = file.display().to_string();
            let read = match name.as_str() {
                "-" => self.stream("standard input", io::stdin().lock(), &mut out)?,
                name => match File::open(file) {
                    Ok(opened) => self.stream(name, opened, &mut out)?,
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = read {
                // The other files are still answered.
                out.flush()?;
                crate::report(&anyhow::Error::from(error).context(format!("can't read `{name}`")));
                code = ExitCode::from(2);
            }
        }
        out.flush()?;
        Ok(code)
    }

    /// Answers what is read. The outer error is of writing, and ends everything; the inner one of reading.
    fn stream(&self, name: &str, input: impl Read, out: &mut impl Write) -> anyhow::Result<io::Result<()>> {
        let mut input = BufReader::with_capacity(READ_BYTES, input);
        let mut number = 0_u32;
        match read_array(name, &mut input) {
            Ok(None) => {}
            Ok(Some(array)) => {
                for answer in iamsim_case::answer_array(name, array.bytes, self.explain) {
                    writeln!(out, "{answer}")?;
                }
                number = array.lines;
            }
            Err(error) => return Ok(Err(error)),
        }
        loop {
            let mut batch = Vec::new();
            let mut bytes = 0;
            let mut ended = None;
            while batch.len() < BATCH * self.jobs.get() && bytes < BATCH_BYTES * self.jobs.get() {
                let line = match read_line(&mut input) {
                    Ok(Some(line)) => line,
                    Ok(None) => {
                        ended = Some(Ok(()));
                        break;
                    }
                    Err(error) => {
                        ended = Some(Err(error));
                        break;
                    }
                };
                number = number.saturating_add(1);
                if !line.iter().all(u8::is_ascii_whitespace) {
                    bytes += line.len();
                    batch.push((number, line));
                }
                if !input.buffer().contains(&b'\n') {
                    break;
                }
            }
            for answer in self.answers(name, &batch)? {
                writeln!(out, "{answer}")?;
            }
            if let Some(end) = ended {
                return Ok(end);
            }
            if !input.buffer().contains(&b'\n') {
                out.flush()?;
            }
        }
    }

    /// The answers of a batch, in the order of its lines.
    fn answers(&self, name: &str, batch: &[(u32, Vec<u8>)]) -> anyhow::Result<Vec<String>> {
        let explained = self.explain;
        let one = |(number, line): &(u32, Vec<u8>)| {
            iamsim_case::answer_bytes(name, *number, line.clone(), explained).to_string()
        };
        if self.jobs.get() == 1 || batch.len() == 1 {
            return Ok(batch.iter().map(one).collect());
        }
        thread::scope(|scope| {
            let shares: Vec<_> = batch
                .chunks(batch.len().div_ceil(self.jobs.get()).max(1))
                .map(|share| scope.spawn(move || share.iter().map(one).collect::<Vec<_>>()))
                .collect();
            let mut answers = Vec::with_capacity(batch.len());
            for share in shares {
                let share = share.join().map_err(|_| anyhow::anyhow!("a thread of `decide` failed"))?;
                answers.extend(share);
            }
            Ok(answers)
        })
    }
}

/// An array of cases at the beginning of a file.
struct Array {
    bytes: Vec<u8>,
    /// How many lines were read.
    lines: u32,
}

/// A file that is one JSON array of cases is read whole. If its first line is an array already, that line is
/// read alone: what follows are lines.
fn read_array(name: &str, input: &mut impl BufRead) -> io::Result<Option<Array>> {
    if !starts_an_array(input)? {
        return Ok(None);
    }
    let mut array = Array { bytes: Vec::new(), lines: 0 };
    while array.bytes.iter().all(u8::is_ascii_whitespace) {
        let Some(line) = read_line(input)? else { break };
        array.bytes.extend(line);
        array.bytes.push(b'\n');
        array.lines = array.lines.saturating_add(1);
    }
    let first = Source::from_bytes(name, array.bytes.clone());
    if !first.is_ok_and(|source| json::parse(&source).is_ok()) {
        input.take(MAX_LINE_BYTES as u64 + 1).read_to_end(&mut array.bytes)?;
        // What is longer is answered as too large, once.
        io::copy(input, &mut io::sink())?;
    }
    Ok(Some(array))
}

/// Whether the first character that is no white space opens an array.
fn starts_an_array(input: &mut impl BufRead) -> io::Result<bool> {
    // Nothing is consumed, so that lines stay countable; blanks that fill a buffer begin no array.
    let first = input.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(first == Some(&b'['))
}

/// The next line without its line break; none at the end. A line longer than can be a case is cut: it is
/// answered as too large, and the rest of it is skipped.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = input.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    } else if line.len() > MAX_LINE_BYTES {
        skip_line(input)?;
    }
    Ok(Some(line))
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        input.consume(used);
        if ended {
            return Ok(());
        }
    }
}
