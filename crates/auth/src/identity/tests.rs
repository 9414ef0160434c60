//! Identities: what is known, for how long, and how much of it.
