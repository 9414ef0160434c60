//! Principals, credentials and sessions, and the IAM and STS services that manage them.
