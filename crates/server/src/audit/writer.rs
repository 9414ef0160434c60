//! The thread that appends events to the file of the audit log.
//!
//! What must hold: the file consists of whole lines; a line that was cut by a failure is finished by the next attempt, or written anew
//! where the file was exchanged meanwhile. A failure is repeated until it passes, as what waits behind it must not be lost.

use super::Counters;
use runtime::{Clock, Moment};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long to wait before a failed attempt is repeated.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How often at most failures are logged.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// Lines that are ready are written together, up to this much.
const BATCH_BYTES: usize = 256 * 1024;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Append this, which ends with a line end.
    Line(Vec<u8>),
    /// Open the file anew.
    Reopen,
    /// Take nothing more, put everything before on the disk, and end.
    Close(oneshot::Sender<()>),
}

/// The file, and how to come by it again.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    clock: Clock,
    counters: Arc<Counters>,
    /// When a failure was logged last.
    logged: Option<Moment>,
}

impl Writer {
    pub(super) fn open(path: PathBuf, clock: Clock, counters: Arc<Counters>) -> io::Result<Writer> {
        let file = open(&path)?;
        Ok(Writer { path, file, clock, counters, logged: None })
    }

    /// Writes what comes until it is told to end, or nobody is left to tell it.
    pub(super) fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut closing = Vec::new();
        while let Some(message) = messages.blocking_recv() {
            let mut batch = Batch::default();
            let mut next = Some(message);
            while let Some(Message::Line(line)) = next {
                batch.push(line);
                next = if batch.bytes.len() < BATCH_BYTES { messages.try_recv().ok() } else { None };
            }
            self.write(&mut batch);
            match next {
                Some(Message::Reopen) => self.reopen_until_it_works(),
                Some(Message::Close(done)) => {
                    // Who sends after this is told so; what was sent before still comes.
                    messages.close();
                    closing.push(done);
                }
                Some(Message::Line(_)) | None => (),
            }
        }
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "the end of the audit log may not be on the disk");
        }
        for done in closing {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }

    /// Writes the batch, however often it takes.
    fn write(&mut self, batch: &mut Batch) {
        while !batch.is_written() {
            match self.try_write(batch) {
                Ok(()) => (),
                Err(problem) => self.note_failure(&problem),
            }
        }
        self.counters.written.fetch_add(batch.lines, Ordering::Relaxed);
    }

    fn try_write(&mut self, batch: &mut Batch) -> io::Result<()> {
        if self.was_exchanged() {
            self.file = open(&self.path)?;
            batch.begin_line_anew();
        }
        match self.file.write(batch.rest()) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                batch.written += written;
                Ok(())
            }
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(problem) => Err(problem),
        }
    }

    /// Whether the path no longer leads to the file that is open: it was moved or removed.
    fn was_exchanged(&self) -> bool {
        match (fs::metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(open)) => (there.dev(), there.ino()) != (open.dev(), open.ino()),
            _ => true,
        }
    }

    fn reopen_until_it_works(&mut self) {
        loop {
            match open(&self.path) {
                Ok(file) => {
                    self.file = file;
                    return;
                }
                Err(problem) => self.note_failure(&problem),
            }
        }
    }

    /// Counts and logs a failure, and lets some time pass.
    fn note_failure(&mut self, problem: &io::Error) {
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.moment();
        if self.logged.is_none_or(|before| now.since(before) >= LOG_PAUSE) {
            self.logged = Some(now);
            let path = self.path.display();
            tracing::error!(error = %problem, %path, "cannot write the audit log; calls that belong there wait");
        }
        self.clock.sleep_blocking(RETRY_PAUSE);
    }
}

/// Who reads the audit log learns who may do what, so only its owner does.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Lines on their way into the file.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: u64,
    /// How much of it is in the file.
    written: usize,
}

impl Batch {
    fn push(&mut self, line: Vec<u8>) {
        self.lines += 1;
        if self.bytes.is_empty() {
            self.bytes = line;
        } else {
            self.bytes.extend_from_slice(&line);
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    fn is_written(&self) -> bool {
        self.rest().is_empty()
    }

    /// The beginning of a line that was cut is in another file.
    fn begin_line_anew(&mut self) {
        self.written = self.bytes[..self.written].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_begins_anew_in_another_file() {
        let mut batch = Batch::default();
        batch.push(b"one\n".to_vec());
        batch.push(b"two\n".to_vec());
        for (written, from) in [(0, 0), (2, 0), (4, 4), (6, 4), (8, 8)] {
            batch.written = written;
            batch.begin_line_anew();
            assert_eq!(batch.written, from);
        }
        assert!(batch.is_written());
    }
}
