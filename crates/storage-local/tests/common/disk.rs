//! A disk that remembers what was done to it and fails when it is told to, and the images that power loss would leave of it.
//!
//! What it models: every byte that RocksDB writes and every sync of a file or of the directory, in the order in which they ended. An image
//! is the directory as it would be found if power was lost at one moment: what a finished sync covers is there; of the rest,
//! depending on [`Left`], nothing, or everything, or something: of the names that were changed in the directory and not synced a
//! beginning, of each file an arbitrary beginning of what was not synced, any byte of it the last, with pages that were not written and
//! read as zeros. So files lose independently of each other, and later pages can be there without earlier ones. What was being
//! synced when a sync failed is lost for good, as if the operating system had dropped it and forgotten.
//!
//! What it does not model: sectors of synced data that a write beside them destroys, disks that acknowledge a sync and lie (but
//! see [`Disk::lie`]), and what the store writes past RocksDB: the lock, which is empty, the key file, which is copied as it is, and the
//! first sync of a new directory.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::ThreadId;

use parking_lot::Mutex;
use storage::Version;
use storage::conformance::generator::Generator;
use storage_local::{Disk as Below, LocalSettings, Observer, Operation, OperationKind, Verdict};

/// How large the pieces are that an operating system writes out.
const PAGE_BYTES: usize = 4096;

/// What happened, in the order in which it ended.
#[derive(Clone, Debug)]
pub enum Event {
    Created {
        file: usize,
        name: PathBuf,
    },
    Written {
        file: usize,
        offset: usize,
        data: Vec<u8>,
    },
    Truncated {
        file: usize,
        length: usize,
    },
    /// What had been written before the event of this index is on the disk.
    Synced {
        file: usize,
        began: usize,
    },
    SyncFailed {
        file: usize,
    },
    DirectorySynced {
        began: usize,
    },
    Renamed {
        from: PathBuf,
        to: PathBuf,
    },
    Deleted {
        name: PathBuf,
    },
    Linked {
        from: PathBuf,
        to: PathBuf,
    },
    /// The store has said that everything up to this version is durable.
    Promised(Version),
}

/// Which operations fail, and how.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// `None`: all of them.
    pub kind: Option<OperationKind>,
    /// What the name of the file must contain.
    pub name: &'static str,
    /// The operating system's number of the error.
    pub error: i32,
    /// How often, until the disk is mended anyway.
    pub times: usize,
}

/// The disk.
#[derive(Default)]
pub struct Disk {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    /// The number of the file that has this name now.
    names: BTreeMap<PathBuf, usize>,
    files: usize,
    /// When the sync that a thread is in began.
    began: HashMap<ThreadId, usize>,
    fault: Option<Fault>,
    /// How many operations have failed.
    failures: usize,
    /// Syncs of files whose name contains this are claimed and not done.
    lie: Option<&'static str>,
}

impl Disk {
    /// The settings of a store on this disk, with little memory, so that much is written.
    pub fn settings(self: &Arc<Self>, dir: &Path) -> LocalSettings {
        LocalSettings { memory_bytes: 1, disk: Below::observed(self.clone()), ..LocalSettings::new(dir) }
    }

    pub fn fail(&self, fault: Fault) {
        let mut state = self.state.lock();
        state.fault = Some(fault);
        state.failures = 0;
    }

    pub fn mend(&self) {
        self.state.lock().fault = None;
    }

    pub fn has_failed(&self) -> bool {
        0 < self.state.lock().failures
    }

    /// From now on syncs of such files are claimed and not done.
    pub fn lie(&self, name: &'static str) {
        self.state.lock().lie = Some(name);
    }

    pub fn promised(&self, version: Version) {
        self.state.lock().events.push(Event::Promised(version));
    }

    /// Everything that has happened so far.
    pub fn events(&self) -> Vec<Event> {
        self.state.lock().events.clone()
    }
}

impl State {
    fn fails(&mut self, operation: &Operation<'_>) -> Option<i32> {
        let name = operation.path.to_string_lossy();
        let fault = self.fault.as_mut()?;
        if fault.times == 0 || fault.kind.is_some_and(|kind| kind != operation.kind) || !name.contains(fault.name) {
            return None;
        }
        fault.times -= 1;
        self.failures += 1;
        Some(fault.error)
    }

    fn file(&self, operation: &Operation<'_>) -> Option<usize> {
        self.names.get(&name(operation.path)).copied()
    }
}

/// Within the directory: a store has one.
fn name(path: &Path) -> PathBuf {
    path.file_name().map(PathBuf::from).unwrap_or_default()
}

impl Observer for Disk {
    fn before(&self, operation: &Operation<'_>) -> Verdict {
        let mut state = self.state.lock();
        let is_sync = operation.kind == OperationKind::Sync;
        if let Some(error) = state.fails(operation) {
            if let Some(file) = state.file(operation).filter(|_| is_sync) {
                state.events.push(Event::SyncFailed { file });
            }
            return Verdict::Fail(error);
        }
        if is_sync && state.lie.is_some_and(|lie| operation.path.to_string_lossy().contains(lie)) {
            return Verdict::Swallow;
        }
        let began = state.events.len();
        state.began.insert(std::thread::current().id(), began);
        Verdict::Proceed
    }

    fn after(&self, operation: &Operation<'_>) {
        let mut state = self.state.lock();
        let began = state.began[&std::thread::current().id()];
        let (from, to) = (name(operation.path), name(operation.other));
        let length = usize::try_from(operation.offset).unwrap();
        let event = match (operation.kind, state.file(operation)) {
            (OperationKind::Create, _) => {
                state.files += 1;
                let file = state.files;
                state.names.insert(from.clone(), file);
                Event::Created { file, name: from }
            }
            (OperationKind::Append, Some(file)) => {
                Event::Written { file, offset: length, data: operation.data.to_vec() }
            }
            (OperationKind::Truncate, Some(file)) => Event::Truncated { file, length },
            (OperationKind::Sync, Some(file)) => Event::Synced { file, began },
            (OperationKind::SyncDirectory, _) => Event::DirectorySynced { began },
            (OperationKind::Rename, Some(file)) => {
                state.names.remove(&from);
                state.names.insert(to.clone(), file);
                Event::Renamed { from, to }
            }
            (OperationKind::Link, Some(file)) => {
                state.names.insert(to.clone(), file);
                Event::Linked { from, to }
            }
            (OperationKind::Delete, Some(_)) => {
                state.names.remove(&from);
                Event::Deleted { name: from }
            }
            // Files that this disk does not watch: RocksDB's own log.
            (_, _) => return,
        };
        state.events.push(event);
    }
}

/// What is left of what was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// Everything, as when only the process ends.
    Everything,
    /// Something, drawn with this seed.
    Something(u64),
}

/// One file, as far as the events have come.
#[derive(Default)]
struct Content {
    data: Vec<u8>,
    /// How much of it is on the disk.
    synced: usize,
    /// Where a failed sync has lost what was written.
    lost: Vec<(usize, usize)>,
    /// The index of each event that wrote, and the length after it.
    lengths: Vec<(usize, usize)>,
}

impl Content {
    fn written(&mut self, index: usize, offset: usize, data: &[u8]) {
        self.data.truncate(offset);
        self.data.resize(offset, 0);
        self.data.extend_from_slice(data);
        self.lengths.push((index, self.data.len()));
    }

    fn synced(&mut self, began: usize) {
        let covered = self.lengths.iter().rev().find(|(index, _)| *index < began).map_or(0, |(_, length)| *length);
        self.synced = self.synced.max(covered);
    }

    /// What would be found of it.
    fn left(&self, left: Left, generator: &mut Generator) -> Vec<u8> {
        let unsynced = self.data.len() - self.synced;
        let kept = match left {
            Left::Nothing => 0,
            Left::Everything => unsynced,
            Left::Something(_) => generator.below(unsynced + 1),
        };
        let mut found = self.data[..self.synced + kept].to_vec();
        if matches!(left, Left::Something(_)) {
            let first_page = self.synced.next_multiple_of(PAGE_BYTES);
            for page in (first_page..found.len()).step_by(PAGE_BYTES).filter(|_| generator.one_in(4)) {
                let end = found.len().min(page + PAGE_BYTES);
                found[page..end].fill(0);
            }
        }
        for (from, to) in &self.lost {
            let length = found.len();
            found[*from.min(&length)..*to.min(&length)].fill(0);
        }
        found
    }
}

/// Everything that an image is made of, as far as the events have come.
#[derive(Default)]
pub struct Directory {
    files: BTreeMap<usize, Content>,
    /// The names on the disk.
    synced: BTreeMap<PathBuf, usize>,
    /// What was done to names since, with the index of the event.
    pending: Vec<(usize, Event)>,
    index: usize,
    promised: Version,
}

impl Directory {
    /// What the store had promised by now.
    pub fn promised(&self) -> Version {
        self.promised
    }

    /// Goes one event further.
    pub fn apply(&mut self, event: &Event) {
        let index = self.index;
        self.index += 1;
        match event {
            Event::Created { file, .. } => {
                self.files.insert(*file, Content::default());
                self.pending.push((index, event.clone()));
            }
            Event::Renamed { .. } | Event::Deleted { .. } | Event::Linked { .. } => {
                self.pending.push((index, event.clone()));
            }
            Event::Written { file, offset, data } => self.file(*file).written(index, *offset, data),
            Event::Truncated { file, length } => {
                let content = self.file(*file);
                content.data.truncate(*length);
                content.synced = content.synced.min(*length);
                content.lengths.push((index, *length));
            }
            Event::Synced { file, began } => self.file(*file).synced(*began),
            Event::SyncFailed { file } => {
                let content = self.file(*file);
                let lost = (content.synced, content.data.len());
                content.lost.push(lost);
            }
            Event::DirectorySynced { began } => {
                let later = self.pending.iter().position(|(index, _)| began <= index).unwrap_or(self.pending.len());
                for (_, event) in self.pending.drain(..later) {
                    name_changed(&mut self.synced, &event);
                }
            }
            Event::Promised(version) => self.promised = self.promised.max(*version),
        }
    }

    fn file(&mut self, file: usize) -> &mut Content {
        self.files.entry(file).or_default()
    }

    /// Writes what power loss at this moment would leave into a new directory.
    pub fn write_image(&self, left: Left, to: &Path) {
        let seed = if let Left::Something(seed) = left { seed } else { 0 };
        let mut generator = Generator::new(seed);
        let changed = match left {
            Left::Nothing => 0,
            Left::Everything => self.pending.len(),
            Left::Something(_) => generator.below(self.pending.len() + 1),
        };
        let mut names = self.synced.clone();
        for (_, event) in &self.pending[..changed] {
            name_changed(&mut names, event);
        }
        fs::create_dir_all(to).unwrap();
        for (name, file) in names {
            fs::write(to.join(name), self.files[&file].left(left, &mut generator)).unwrap();
        }
    }
}

fn name_changed(names: &mut BTreeMap<PathBuf, usize>, event: &Event) {
    match event {
        Event::Created { file, name } => {
            names.insert(name.clone(), *file);
        }
        Event::Renamed { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Event::Linked { from, to } => {
            if let Some(file) = names.get(from).copied() {
                names.insert(to.clone(), file);
            }
        }
        Event::Deleted { name } => {
            names.remove(name);
        }
        Event::Written { .. }
        | Event::Truncated { .. }
        | Event::Synced { .. }
        | Event::SyncFailed { .. }
        | Event::DirectorySynced { .. }
        | Event::Promised(_) => (),
    }
}

/// Swallows syncs: an image is opened once and thrown away.
pub struct Hasty;

impl Observer for Hasty {
    fn before(&self, operation: &Operation<'_>) -> Verdict {
        match operation.kind {
            OperationKind::Sync | OperationKind::SyncDirectory => Verdict::Swallow,
            _ => Verdict::Proceed,
        }
    }

    fn after(&self, _operation: &Operation<'_>) {}
}
