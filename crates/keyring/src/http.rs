//! One request to a KMS over HTTP or HTTPS.
