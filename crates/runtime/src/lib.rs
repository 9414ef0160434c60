//! What a program takes from its surroundings without asking: time, randomness, concurrency.
//!
//! Everything above receives a [`Clock`] and a [`Random`] and starts tasks with [`spawn`], so that a test can hand in a
//! clock that it moves by hand and a generator with a seed, and a failure can be repeated. A [`Simulation`] goes further: a seed
//! decides the order of everything.
//!
//! What must hold: no other crate reads a clock, draws randomness or sleeps. clippy.toml bans the calls by name; the few
//! `allow`s in this crate are the only ones in the workspace.

mod calendar;
mod clock;
mod random;
mod simulation;
mod spawn;
mod workers;

pub use clock::{Clock, ManualClock, Moment, TimedOut, Timestamp};
pub use random::Random;
pub use simulation::{Group, Simulation, Stuck};
pub use spawn::{Lost, Task, Turn, TurnTaken, give_way, join, spawn};
pub use workers::Workers;
