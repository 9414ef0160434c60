//! Counters of the network face: what was called, how it ended, how long it took. The only list of its metric names.
//!
//! Counting is three relaxed additions to cells that are found by index; text is made when somebody asks for it.

use crate::admission::Admission;
use crate::operation::Operation;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a call ended, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Success,
    /// Its condition did not hold.
    ConditionFailed,
    /// The request was wrong.
    ClientError,
    /// The caller exceeded its throughput.
    Throttled,
    /// The server could not.
    ServerError,
    /// The server has a bug.
    Panic,
}

const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::Success, "success"),
    (Outcome::ConditionFailed, "condition_failed"),
    (Outcome::ClientError, "client_error"),
    (Outcome::Throttled, "throttled"),
    (Outcome::ServerError, "server_error"),
    (Outcome::Panic, "panic"),
];

/// Upper bounds of the latency buckets in microseconds: a point read takes tens, a write with a sync some hundreds to
/// thousands, a large scan up to seconds.
const BUCKETS_US: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// The label of calls whose operation is not known.
const UNKNOWN_OPERATION: &str = "Unknown";

/// The label of connections to the endpoint that has no id.
const PUBLIC_ENDPOINT: &str = "public";

/// The counters of one operation.
#[derive(Debug, Default)]
struct Cells {
    outcomes: [AtomicU64; OUTCOMES.len()],
    /// The last bucket has no upper bound.
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    /// All durations together.
    sum_us: AtomicU64,
}

/// All counters of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// By operation; the last cells are those of calls whose operation is not known.
    cells: Box<[Cells]>,
    /// By endpoint: connections that were closed because of where they came from.
    refused_connections: Mutex<Vec<(String, Arc<AtomicU64>)>>,
    /// Connections that ended before both sides agreed on TLS.
    failed_handshakes: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            cells: std::iter::repeat_with(Cells::default).take(Operation::ALL.len() + 1).collect(),
            refused_connections: Mutex::default(),
            failed_handshakes: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts a call that ended.
    pub(crate) fn count(&self, operation: Option<Operation>, outcome: Outcome, took: Duration) {
        let index = operation.map_or(Operation::ALL.len(), |operation| operation as usize);
        let Some(cells) = self.cells.get(index) else { return };
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US.partition_point(|bound| *bound < took_us);
        cells.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        cells.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        cells.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// The counter of the connections to this endpoint that are refused for where they come from.
    pub(crate) fn refused_connections(&self, endpoint: Option<&str>) -> Arc<AtomicU64> {
        let mut all = self.refused_connections.lock().unwrap_or_else(PoisonError::into_inner);
        let name = endpoint.unwrap_or(PUBLIC_ENDPOINT);
        if let Some((_, counter)) = all.iter().find(|(other, _)| other == name) {
            return counter.clone();
        }
        let counter = Arc::default();
        all.push((name.to_owned(), Arc::clone(&counter)));
        counter
    }

    /// Counts a connection that ended before both sides agreed on TLS.
    pub(crate) fn count_failed_handshake(&self) {
        self.failed_handshakes.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything in Prometheus's text format. Operations that were never called are left out.
    pub(crate) fn to_text(&self, open_connections: usize) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut text, open_connections);
        text
    }

    fn write(&self, text: &mut String, open_connections: usize) -> std::fmt::Result {
        header(text, "stator_build_info", "gauge", "The version that runs; its value is always 1.")?;
        writeln!(text, "stator_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        header(text, "stator_open_connections", "gauge", "Client connections that are open.")?;
        writeln!(text, "stator_open_connections {open_connections}")?;
        header(text, "stator_refused_connections_total", "counter", "Connections from networks that are not allowed.")?;
        for (endpoint, counter) in &*self.refused_connections.lock().unwrap_or_else(PoisonError::into_inner) {
            let count = counter.load(Ordering::Relaxed);
            writeln!(text, "stator_refused_connections_total{{endpoint=\"{endpoint}\"}} {count}")?;
        }
        header(
            text,
            "stator_tls_handshakes_failed_total",
            "counter",
            "Connections that ended before TLS was agreed on.",
        )?;
        writeln!(text, "stator_tls_handshakes_failed_total {}", self.failed_handshakes.load(Ordering::Relaxed))?;
        header(text, "stator_requests_total", "counter", "Calls that were answered, by operation and outcome.")?;
        for (name, cells) in self.called() {
            cells.write_outcomes(text, name)?;
        }
        header(text, "stator_request_duration_seconds", "histogram", "From a request's head to its answer.")?;
        for (name, cells) in self.called() {
            cells.write_durations(text, name)?;
        }
        Ok(())
    }

    fn called(&self) -> impl Iterator<Item = (&'static str, &Cells)> {
        let names = Operation::ALL.iter().map(|operation| operation.name()).chain([UNKNOWN_OPERATION]);
        names.zip(&self.cells).filter(|(_, cells)| cells.outcomes.iter().any(|cell| cell.load(Ordering::Relaxed) > 0))
    }
}

/// Appends what is in progress, held and refused.
pub(crate) fn write_admission(text: &mut String, admission: &Admission, ended: u64) {
    // Writing to a string cannot fail.
    let _ = admission_figures(text, admission, ended);
}

fn admission_figures(text: &mut String, admission: &Admission, ended: u64) -> std::fmt::Result {
    header(text, "stator_requests_in_progress", "gauge", "Calls that are being answered.")?;
    writeln!(text, "stator_requests_in_progress {}", admission.in_progress())?;
    header(
        text,
        "stator_held_bytes",
        "gauge",
        "Large bodies that are coming or in use, and answers that are not sent yet.",
    )?;
    writeln!(text, "stator_held_bytes {}", admission.held.held())?;
    header(text, "stator_requests_refused_total", "counter", "Calls that were refused unseen, by what was short.")?;
    for (reason, count) in admission.refused() {
        writeln!(text, "stator_requests_refused_total{{short_of=\"{reason}\"}} {count}")?;
    }
    let help = "Connections that were ended because too much was held for clients that did not go on.";
    header(text, "stator_connections_ended_for_memory_total", "counter", help)?;
    writeln!(text, "stator_connections_ended_for_memory_total {ended}")
}

/// Appends what a store counts.
pub(crate) fn write_store_figure(text: &mut String, (name, help): (&str, &str), count: u64) {
    let name = format!("stator_store_{name}_total");
    // Writing to a string cannot fail.
    let _ = header(text, &name, "counter", help).and_then(|()| writeln!(text, "{name} {count}"));
}

fn header(text: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

impl Cells {
    fn write_outcomes(&self, text: &mut String, operation: &str) -> std::fmt::Result {
        for ((_, outcome), cell) in OUTCOMES.iter().zip(&self.outcomes) {
            let count = cell.load(Ordering::Relaxed);
            if count > 0 {
                writeln!(text, "stator_requests_total{{operation=\"{operation}\",outcome=\"{outcome}\"}} {count}")?;
            }
        }
        Ok(())
    }

    fn write_durations(&self, text: &mut String, operation: &str) -> std::fmt::Result {
        const NAME: &str = "stator_request_duration_seconds";
        let mut cumulative = 0;
        for (index, cell) in self.buckets.iter().enumerate() {
            cumulative += cell.load(Ordering::Relaxed);
            let bound = BUCKETS_US.get(index).map_or("+Inf".to_owned(), |us| (*us as f64 / 1e6).to_string());
            writeln!(text, "{NAME}_bucket{{operation=\"{operation}\",le=\"{bound}\"}} {cumulative}")?;
        }
        let sum = self.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        writeln!(text, "{NAME}_sum{{operation=\"{operation}\"}} {sum}")?;
        writeln!(text, "{NAME}_count{{operation=\"{operation}\"}} {cumulative}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_place_in_the_list() {
        for (index, (outcome, _)) in OUTCOMES.iter().enumerate() {
            assert_eq!(*outcome as usize, index);
        }
        for (index, operation) in Operation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, index);
        }
    }

    #[test]
    fn text_has_counters_and_cumulative_buckets() {
        let metrics = Metrics::default();
        metrics.count(Some(Operation::GetItem), Outcome::Success, Duration::from_micros(60));
        metrics.count(Some(Operation::GetItem), Outcome::Success, Duration::from_secs(60));
        metrics.count(None, Outcome::ClientError, Duration::from_micros(50));
        let text = metrics.to_text(3);
        for line in [
            "stator_open_connections 3",
            "stator_requests_total{operation=\"GetItem\",outcome=\"success\"} 2",
            "stator_requests_total{operation=\"Unknown\",outcome=\"client_error\"} 1",
            "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"0.00005\"} 0",
            "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"0.0001\"} 1",
            "stator_request_duration_seconds_bucket{operation=\"GetItem\",le=\"+Inf\"} 2",
            "stator_request_duration_seconds_bucket{operation=\"Unknown\",le=\"0.00005\"} 1",
            "stator_request_duration_seconds_sum{operation=\"GetItem\"} 60.00006",
            "stator_request_duration_seconds_count{operation=\"GetItem\"} 2",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("PutItem"));
        let mut text = String::new();
        write_store_figure(&mut text, ("round_trips", "What it counts."), 7);
        let lines = ["# HELP", "# TYPE"].map(|word| format!("{word} stator_store_round_trips_total"));
        assert_eq!(
            text,
            format!("{} What it counts.\n{} counter\nstator_store_round_trips_total 7\n", lines[0], lines[1])
        );
    }
}
