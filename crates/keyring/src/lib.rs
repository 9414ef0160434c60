//! Keys that encrypt what is stored.
