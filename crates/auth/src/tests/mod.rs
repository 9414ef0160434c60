//! The services and the directory, from outside: as clients see them, over a store in memory.

mod access;
mod check;
mod fixture;
mod hostile;
mod lifecycle;
mod listing;
mod named;
mod sessions;
mod several;
