//! Asks one server the same kind of request in a closed loop, and says what it cost: `load HOST:PORT OPERATION [NAME=VALUE ...]`.
//!
//! Operations: `create` and `fill` make a table; `get`, `put`, `update`, `increment`, `query`, `query-last`, `batch-get` and
//! `transact` ask it. Settings: `table=load prefix=item items=100000 partition=10 bytes=400 connections=64 seconds=3 ahead=20000
//! access-key=local secret= region=us-east-1 process=`. With `partition=0` the table has no sort key. With a `secret` requests are
//! signed. With the number of the server's `process` its processor time is read from the kernel's accounts.
//!
//! Requests are made `ahead` of being sent, in rounds: while one is under way, making and signing requests takes nothing of the
//! machine. What the server does between two rounds counts into its cost, but not into the time in which requests were answered.
//! `ahead=0` makes each when it is sent, without pauses. Prints one line of JSON.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is its result")]

mod connections;
mod histogram;
mod processor;
mod requests;

use connections::{Connections, Outcome};
use processor::Machine;
use requests::{Credentials, Items, Operation, Requests};
use runtime::Clock;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What went wrong, in words.
type Problem = Box<dyn std::error::Error>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(line) => println!("{line}"),
        Err(problem) => {
            eprintln!("load: {problem}");
            std::process::exit(1);
        }
    }
}

/// The settings that the command line gave.
struct Settings<'a>(HashMap<&'a str, &'a str>);

impl<'a> Settings<'a> {
    fn of(arguments: &'a [String]) -> Result<Settings<'a>, Problem> {
        let pairs = arguments.iter().map(|text| text.split_once('=').ok_or(format!("{text} is not NAME=VALUE")));
        Ok(Settings(pairs.collect::<Result<_, _>>()?))
    }

    fn text(&mut self, name: &str, default: &str) -> String {
        self.0.remove(name).unwrap_or(default).to_owned()
    }

    fn number(&mut self, name: &str, default: u64) -> Result<u64, Problem> {
        match self.0.remove(name) {
            Some(text) => text.parse().map_err(|_| format!("{name}={text} is not a number").into()),
            None => Ok(default),
        }
    }

    fn seconds(&mut self, name: &str, default: f64) -> Result<Duration, Problem> {
        let seconds = self.0.remove(name).map_or(Ok(default), str::parse)?;
        Ok(Duration::try_from_secs_f64(seconds)?)
    }
}

fn run(arguments: &[String]) -> Result<String, Problem> {
    let [address, name, rest @ ..] = arguments else { return Err("load HOST:PORT OPERATION [NAME=VALUE ...]".into()) };
    let operation = Operation::of(name).ok_or(format!("no operation is called {name}"))?;
    let mut settings = Settings::of(rest)?;
    let items = Items {
        table: settings.text("table", "load"),
        prefix: settings.text("prefix", "item"),
        count: settings.number("items", 100_000)?.max(1),
        partition: Some(settings.number("partition", 10)?).filter(|count| *count > 0),
        bytes: settings.number("bytes", 400)? as usize,
    };
    let credentials = Credentials {
        access_key_id: settings.text("access-key", "local"),
        secret: Some(settings.text("secret", "")).filter(|secret| !secret.is_empty()),
        region: settings.text("region", "us-east-1"),
    };
    let connections = settings.number("connections", 64)? as usize;
    let (seconds, ahead) = (settings.seconds("seconds", 3.0)?, settings.number("ahead", 20_000)? as usize);
    let server = settings.text("process", "");
    if let Some(unknown) = settings.0.keys().next() {
        return Err(format!("no setting is called {unknown}").into());
    }
    let host: SocketAddr = address.parse()?;
    let ends = matches!(operation, Operation::Create | Operation::Fill);
    let mut run = Run {
        connections: Connections::open(host, connections)?,
        requests: Requests::new(operation, items, address.clone(), credentials),
        clock: Clock::system(),
        server,
        outcome: Outcome::new(),
        spent: Spent::default(),
    };
    match (ends, ahead) {
        (true, _) => run.until_done()?,
        (false, 0) => run.without_pauses(seconds)?,
        (false, ahead) => run.in_rounds(ahead, seconds)?,
    }
    Ok(run.report(name))
}

/// What was spent while requests were under way.
#[derive(Default)]
struct Spent {
    time: Duration,
    server_ns: u64,
    own_ns: u64,
    machine: Machine,
    /// Of the server, with what it did between rounds.
    server_all_ns: u64,
}

struct Run {
    connections: Connections,
    requests: Requests,
    clock: Clock,
    server: String,
    outcome: Outcome,
    spent: Spent,
}

/// Not counted: connections are set up, caches warm.
const WARM_UP: usize = 4_000;

impl Run {
    fn until_done(&mut self) -> Result<(), Problem> {
        let before = self.server_ns();
        self.measured(|requests, out| requests.put_next(out))?;
        self.spent.server_all_ns = self.server_ns() - before;
        Ok(())
    }

    fn without_pauses(&mut self, seconds: Duration) -> Result<(), Problem> {
        self.warm_up()?;
        let (before, clock) = (self.server_ns(), self.clock.clone());
        let began = clock.moment();
        self.measured(|requests, out| clock.moment().since(began) < seconds && requests.put_next(out))?;
        self.spent.server_all_ns = self.server_ns() - before;
        Ok(())
    }

    fn in_rounds(&mut self, ahead: usize, seconds: Duration) -> Result<(), Problem> {
        self.warm_up()?;
        let before = self.server_ns();
        let (mut prepared, mut ends) = (Vec::new(), Vec::new());
        while self.spent.time < seconds {
            prepared.clear();
            ends.clear();
            for _ in 0..ahead {
                self.requests.put_next(&mut prepared);
                ends.push(prepared.len());
            }
            let (clock, began, left) = (self.clock.clone(), self.clock.moment(), seconds - self.spent.time);
            let (mut at, mut start) = (0, 0);
            self.measured(|_, out| {
                let Some(end) = ends.get(at).copied().filter(|_| clock.moment().since(began) < left) else {
                    return false;
                };
                out.extend_from_slice(&prepared[start..end]);
                (at, start) = (at + 1, end);
                true
            })?;
        }
        self.spent.server_all_ns = self.server_ns() - before;
        Ok(())
    }

    fn warm_up(&mut self) -> Result<(), Problem> {
        let mut left = WARM_UP;
        let requests = &mut self.requests;
        let mut next = |out: &mut Vec<u8>| {
            let is_left = left > 0;
            left = left.saturating_sub(1);
            is_left && requests.put_next(out)
        };
        Ok(self.connections.run(&mut next, &mut Outcome::new())?)
    }

    /// Runs until there is no next request, and adds up what that took.
    fn measured(&mut self, mut next: impl FnMut(&mut Requests, &mut Vec<u8>) -> bool) -> Result<(), Problem> {
        let (began, machine) = (self.clock.moment(), Machine::now());
        let (server_ns, own_ns) = (self.server_ns(), processor::used_ns("self"));
        let requests = &mut self.requests;
        self.connections.run(&mut |out| next(requests, out), &mut self.outcome)?;
        self.spent.time += self.clock.moment().since(began);
        self.spent.server_ns += self.server_ns() - server_ns;
        self.spent.own_ns += processor::used_ns("self") - own_ns;
        self.spent.machine.add(machine, Machine::now());
        Ok(())
    }

    fn server_ns(&self) -> u64 {
        if self.server.is_empty() { 0 } else { processor::used_ns(&self.server) }
    }

    fn report(&self, operation: &str) -> String {
        let Self { outcome, spent, .. } = self;
        let answers = (outcome.answered + outcome.failed).max(1) as f64;
        let seconds = spent.time.as_secs_f64();
        let report = serde_json::json!({
            "operation": operation,
            "answered": outcome.answered,
            "failed": outcome.failed,
            "first_failure": outcome.first_failure,
            "seconds": seconds,
            "rate": answers / seconds,
            "p50_us": outcome.latency.quantile(0.5),
            "p99_us": outcome.latency.quantile(0.99),
            "p999_us": outcome.latency.quantile(0.999),
            "longest_us": outcome.latency.longest(),
            "server_us": spent.server_all_ns as f64 / 1000.0 / answers,
            "own_us": spent.own_ns as f64 / 1000.0 / answers,
            "server_processors": spent.server_ns as f64 / 1e9 / seconds,
            "own_processors": spent.own_ns as f64 / 1e9 / seconds,
            "machine_idle": spent.machine.idle_share(),
        });
        report.to_string()
    }
}
