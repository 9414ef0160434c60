//! The command `stator`: configuration, wiring, exit codes. Nothing is decided here that another program could not decide otherwise.
//!
//! `stator serve` runs the server, `stator check` looks through a data directory that no server has open, `stator keys` makes and changes
//! the keys that one is encrypted with.

mod access;
mod check;
mod config;
mod keys;
mod listening;
mod log;
mod pages;
mod serve;

use clap::Parser;
use config::{Arguments, Command};
use std::process::ExitCode;

/// Small allocations of one thread cost a few instructions, and what a request frees is reused by the next.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pages::start_small();
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Serve(flags) => config::resolve(*flags).and_then(|settings| serve::run(&settings)),
        Command::Check(flags) => check::run(&flags),
        Command::Keys(command) => keys::run(&command),
    };
    result.unwrap_or_else(|problem| {
        log::complain(&problem);
        ExitCode::FAILURE
    })
}
