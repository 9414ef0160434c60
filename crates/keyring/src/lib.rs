//! Keys that encrypt what is stored.
//!
//! ```text
//! master key    given by the operator: a file, a variable, a key of a KMS        master.rs, local.rs, kms.rs, http.rs
//!   wraps
//! wrapping key  one for each key file, made by the master key                    keyfile.rs
//!   wraps
//! data keys     numbered; the newest encrypts new files, all read old ones       keyring.rs
//!   derive
//! file keys, sealing keys                                                        secret.rs, sealer.rs
//! ```
//!
//! A data directory has its [`Keyring`] in a key file. A store without a directory has a [`SealingKey`], which is derived from the
//! master key or kept, wrapped, in the store itself. Both give a [`Sealer`] for small secrets.
//!
//! What must hold:
//! - A master key is never stored, and no key is stored unwrapped. What names a master key tells nothing of it.
//! - To change the master key, only the key file is written. To change the data key, nothing that exists is written.
//! - No data key is ever forgotten: a file that it encrypted may exist for as long as the store does.
//! - Keys are drawn from the operating system's generator (secret.rs), and are wiped from memory when they are dropped.

mod error;
mod http;
mod keyfile;
mod keyring;
mod kms;
mod local;
mod master;
mod sealer;
mod secret;

pub use error::{KeyError, KmsError};
pub use keyfile::{KEY_FILE, is_key_file};
pub use keyring::{DataKey, Description, Keyring};
pub use kms::{Credentials, KmsSettings};
pub use local::make_key_file;
pub use master::{MasterKey, MasterKeyId, MasterKeyKind, MasterKeyName};
pub use sealer::{Sealer, SealingKey};
pub use secret::{Secret, fill_random};
