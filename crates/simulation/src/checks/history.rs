//! Whether what clients saw of lists is strictly serializable: as if their operations had been carried out one after another, each at some
//! moment between its invocation and its completion.
//!
//! The method is that of Elle (Kingsbury and Alvaro, VLDB 2020), as in `tests/histories`: a list shows in which order it was appended to, so
//! it is known which operation must stand before which, and a cycle cannot be explained. What is seen of single lists is a part of that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many operations of a cycle are told.
const SHOWN_MAX: usize = 12;

/// What became of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// Nobody can tell; it was if something of it is seen.
    Unknown,
}

/// What one client did, and saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// When it was sent.
    pub invoked: u64,
    /// When it was answered.
    pub completed: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Lists, as they were before it.
    pub reads: Vec<(usize, Vec<u64>)>,
    /// How long lists were before it, as its conditions demanded.
    pub lengths: Vec<(usize, usize)>,
    /// What it appended to lists.
    pub appends: Vec<(usize, u64)>,
}

impl Operation {
    /// One that has not been sent.
    pub fn planned() -> Self {
        let (reads, lengths, appends) = (Vec::new(), Vec::new(), Vec::new());
        Self { invoked: 0, completed: 0, outcome: Outcome::Done, reads, lengths, appends }
    }
}

/// What all clients did. Clones are the same one.
#[derive(Clone, Default)]
pub struct History(Arc<Mutex<Vec<Operation>>>);

impl History {
    /// Adds an operation.
    pub fn add(&self, operation: Operation) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
    }

    /// All operations so far.
    pub fn take(&self) -> Vec<Operation> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What cannot be explained.
pub fn check(history: &[Operation]) -> Vec<String> {
    let mut faults = Vec::new();
    let lists = longest(history, &mut faults);
    let happened = happened(history, &lists, &mut faults);
    let mut graph = Graph::new(history.len());
    for (item, list) in &lists {
        let writers = writers(history, *item, list, &mut faults);
        for pair in writers.windows(2) {
            graph.add(pair[0], pair[1]);
        }
        for (at, operation) in history.iter().enumerate().filter(|(at, _)| happened[*at]) {
            for length in seen_lengths(operation, *item) {
                if let Some(before) = length.checked_sub(1) {
                    graph.add(writers.get(before).copied().flatten(), Some(at));
                }
                graph.add(Some(at), writers.get(length).copied().flatten());
            }
        }
    }
    graph.add_times(history, &happened);
    let cycle = graph.cycle();
    if !cycle.is_empty() {
        let shown = cycle.iter().filter_map(|at| history.get(*at)).take(SHOWN_MAX);
        let shown: Vec<String> = shown.map(|operation| format!("  {operation:?}")).collect();
        faults.push(format!("a cycle among {} operations:\n{}", cycle.len(), shown.join("\n")));
    }
    faults
}

/// Each list as the longest read of it shows it; all other reads must be beginnings of it.
fn longest(history: &[Operation], faults: &mut Vec<String>) -> BTreeMap<usize, Vec<u64>> {
    let mut lists: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    let reads = || history.iter().flat_map(|operation| &operation.reads);
    for (item, list) in reads() {
        let longest = lists.entry(*item).or_default();
        if longest.len() < list.len() {
            longest.clone_from(list);
        }
    }
    for (item, list) in reads() {
        if !lists[item].starts_with(list) {
            faults.push(format!("list {item} was {list:?} and {:?}", lists[item]));
        }
    }
    lists
}

/// Which operations were carried out. Of one that was everything is there, and of one that was not nothing.
fn happened(history: &[Operation], lists: &BTreeMap<usize, Vec<u64>>, faults: &mut Vec<String>) -> Vec<bool> {
    let is_there = |(item, element): &(usize, u64)| lists.get(item).is_some_and(|list| list.contains(element));
    let mut happened = Vec::with_capacity(history.len());
    for operation in history {
        let there = operation.appends.iter().filter(|append| is_there(append)).count();
        let is_done = operation.outcome == Outcome::Done;
        if there < operation.appends.len() && (is_done || there > 0) {
            faults.push(format!("{there} of its elements are there: {operation:?}"));
        }
        happened.push(is_done || there > 0);
    }
    happened
}

/// Who appended each element of a list.
fn writers(history: &[Operation], item: usize, list: &[u64], faults: &mut Vec<String>) -> Vec<Option<usize>> {
    let mut owners = BTreeMap::new();
    for (at, operation) in history.iter().enumerate() {
        owners.extend(operation.appends.iter().filter(|append| append.0 == item).map(|append| (append.1, at)));
    }
    let mut seen = std::collections::BTreeSet::new();
    for element in list {
        if !seen.insert(element) {
            faults.push(format!("{element} is in list {item} twice"));
        }
    }
    list.iter().map(|element| owners.get(element).copied()).collect()
}

fn seen_lengths(operation: &Operation, item: usize) -> Vec<usize> {
    let reads = operation.reads.iter().filter(|read| read.0 == item).map(|read| read.1.len());
    reads.chain(operation.lengths.iter().filter(|length| length.0 == item).map(|length| length.1)).collect()
}

/// Who stands before whom.
struct Graph {
    next: Vec<Vec<usize>>,
}

impl Graph {
    fn new(nodes: usize) -> Self {
        Self { next: vec![Vec::new(); nodes] }
    }

    fn add(&mut self, from: Option<usize>, to: Option<usize>) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            self.next[from].push(to);
        }
    }

    /// Whoever was completed before another was invoked stands before it: not an edge for each such pair, but a chain of all completions.
    fn add_times(&mut self, history: &[Operation], happened: &[bool]) {
        let mut completed: Vec<_> = (0..history.len()).filter(|at| happened[*at]).collect();
        completed.sort_by_key(|at| history[*at].completed);
        let first = self.next.len();
        self.next.resize(first + completed.len(), Vec::new());
        for (place, at) in completed.iter().enumerate() {
            self.add(Some(*at), Some(first + place));
            if place > 0 {
                self.add(Some(first + place - 1), Some(first + place));
            }
        }
        for at in &completed {
            let before = completed.partition_point(|other| history[*other].completed < history[*at].invoked);
            if before > 0 {
                self.add(Some(first + before - 1), Some(*at));
            }
        }
    }

    /// The nodes that are on cycles or between them; none where there is no cycle.
    fn cycle(&self) -> Vec<usize> {
        let mut left: Vec<bool> = vec![true; self.next.len()];
        let mut previous = vec![Vec::new(); self.next.len()];
        for (from, next) in self.next.iter().enumerate() {
            next.iter().for_each(|to| previous[*to].push(from));
        }
        // Whoever has nobody before it, or nobody behind it, is on no cycle.
        for (edges, back) in [(&self.next, &previous), (&previous, &self.next)] {
            let mut count: Vec<usize> =
                back.iter().map(|nodes| nodes.iter().filter(|node| left[**node]).count()).collect();
            let mut free: Vec<usize> = (0..left.len()).filter(|node| left[*node] && count[*node] == 0).collect();
            while let Some(node) = free.pop() {
                left[node] = false;
                for to in edges[node].iter().filter(|to| left[**to]) {
                    count[*to] -= 1;
                    if count[*to] == 0 {
                        free.push(*to);
                    }
                }
            }
        }
        (0..left.len()).filter(|node| left[*node]).collect()
    }
}

#[cfg(test)]
mod tests;
