//! How a file is encrypted: AES-256 in counter mode, with a key that is derived from a data key and a nonce of the file's own.
//!
//! ```text
//! file   = prefix(4096) ciphertext
//! prefix = "STATOR\0\1" key:u32 nonce(16) check(16) zeros      check: the nonce, encrypted as one block with the key of checks
//! ```
//!
//! The byte at an offset of the file, the prefix counted, is encrypted with block offset / 16 of the key stream, whose counter of 128 bits
//! begins with the nonce. The check tells a damaged prefix, and a wrong key, from damaged data.
//!
//! What must hold: no two bytes are encrypted with the same place of a key stream. So a nonce is drawn for each new file, and RocksDB
//! writes each place of a file once: nothing here reuses logs or writes in the middle of files.

use std::ffi::CStr;
use std::sync::Arc;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper, StreamCipherSeek};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use keyring::{KeyError, Keyring};

/// How long the prefix of a file is: a page, so that offsets of what follows keep their alignment.
pub const PREFIX_BYTES: usize = 4096;

/// What an encrypted file begins with; the last byte is the version of this form.
pub const MAGIC: [u8; 8] = *b"STATOR\0\x01";

const NONCE_BYTES: usize = 16;
const KEY_AT: usize = MAGIC.len();
const NONCE_AT: usize = KEY_AT + 4;
const CHECK_AT: usize = NONCE_AT + NONCE_BYTES;
const USED_BYTES: usize = CHECK_AT + NONCE_BYTES;

/// How much of a prefix names its data key.
pub const NAMED_BYTES: usize = NONCE_AT;

/// The number of the data key of a file that begins so; `None` when it is not encrypted.
pub fn data_key(start: &[u8]) -> Option<u32> {
    let number = start.strip_prefix(&MAGIC)?.first_chunk()?;
    Some(u32::from_be_bytes(*number))
}

/// The data keys of a directory, expanded for the cipher.
pub struct Ciphers {
    /// By ascending number; the last one encrypts new files.
    keys: Vec<Key>,
}

struct Key {
    number: u32,
    /// Encrypts data. Every open file shares it: expanding a key costs as much as encrypting a kilobyte.
    data: Arc<Aes256>,
    /// Encrypts nonces.
    check: Aes256,
}

/// How one file is read and written.
pub struct FileCipher(Option<Stream>);

struct Stream {
    key: Arc<Aes256>,
    nonce: [u8; NONCE_BYTES],
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not encrypted, or its first bytes are damaged.
    NoPrefix,
    /// A newer version wrote it.
    Newer,
    /// Its data key is not in the key file.
    UnknownKey,
    /// Its nonce or the number of its key is damaged.
    DamagedPrefix,
}

impl Refusal {
    /// Words for the message of RocksDB, which names the file before them.
    pub fn words(self) -> &'static CStr {
        match self {
            Self::NoPrefix => c"is not encrypted, or its first bytes are damaged",
            Self::Newer => c"was encrypted by a newer version",
            Self::UnknownKey => {
                c"is encrypted with a data key that the key file does not hold: put back the newest key file"
            }
            Self::DamagedPrefix => c"begins with a damaged prefix, without which it cannot be decrypted",
        }
    }
}

impl Ciphers {
    /// Expands the data keys.
    pub fn new(keys: &Keyring) -> Self {
        let expand = |key: &keyring::DataKey, purpose: &str| Aes256::new(key.derive(purpose).bytes().into());
        let keys = keys.data_keys().iter().map(|key| Key {
            number: key.number,
            data: Arc::new(expand(key, "files")),
            check: expand(key, "file prefixes"),
        });
        Self { keys: keys.collect() }
    }

    /// Fills the prefix of a new file.
    pub fn write_prefix(&self, prefix: &mut [u8]) -> Result<(), KeyError> {
        let mut nonce = [0; NONCE_BYTES];
        keyring::fill_random(&mut nonce)?;
        prefix.fill(0);
        let (Some(key), Some(used)) = (self.keys.last(), prefix.first_chunk_mut::<USED_BYTES>()) else {
            return Err(KeyError::Randomness);
        };
        used[..KEY_AT].copy_from_slice(&MAGIC);
        used[KEY_AT..NONCE_AT].copy_from_slice(&key.number.to_be_bytes());
        used[NONCE_AT..CHECK_AT].copy_from_slice(&nonce);
        used[CHECK_AT..].copy_from_slice(&check(key, &nonce));
        Ok(())
    }

    /// How the file with this prefix is read and written. A crash leaves files whose prefix was never synced: nothing behind it
    /// was either, so they are read as what such a file would be without encryption, empty or zeros.
    pub fn open(&self, prefix: &[u8]) -> Result<FileCipher, Refusal> {
        if prefix.len() < PREFIX_BYTES || prefix.iter().all(|byte| *byte == 0) {
            return Ok(FileCipher(None));
        }
        let used = prefix.first_chunk::<USED_BYTES>().ok_or(Refusal::NoPrefix)?;
        let (name, version) = (&used[..KEY_AT - 1], used[KEY_AT - 1]);
        if *name != MAGIC[..KEY_AT - 1] {
            return Err(Refusal::NoPrefix);
        }
        if MAGIC[KEY_AT - 1] < version {
            return Err(Refusal::Newer);
        }
        let (mut number, mut nonce) = ([0; 4], [0; NONCE_BYTES]);
        number.copy_from_slice(&used[KEY_AT..NONCE_AT]);
        nonce.copy_from_slice(&used[NONCE_AT..CHECK_AT]);
        let number = u32::from_be_bytes(number);
        let key = self.keys.iter().find(|key| key.number == number).ok_or(Refusal::UnknownKey)?;
        if used[CHECK_AT..] != check(key, &nonce) {
            return Err(Refusal::DamagedPrefix);
        }
        Ok(FileCipher(Some(Stream { key: key.data.clone(), nonce })))
    }
}

fn check(key: &Key, nonce: &[u8; NONCE_BYTES]) -> [u8; NONCE_BYTES] {
    let mut block = (*nonce).into();
    key.check.encrypt_block(&mut block);
    block.into()
}

impl FileCipher {
    /// Encrypts what stands at the offset. False when the file has no prefix to encrypt by.
    pub fn encrypt(&self, offset: u64, data: &mut [u8]) -> bool {
        self.0.as_ref().is_some_and(|stream| stream.apply(offset, data))
    }

    /// Decrypts what stands at the offset.
    pub fn decrypt(&self, offset: u64, data: &mut [u8]) {
        if !self.encrypt(offset, data) {
            data.fill(0);
        }
    }
}

impl Stream {
    /// Encrypts or decrypts, which is the same. False beyond the end of the key stream, where no file reaches.
    fn apply(&self, offset: u64, data: &mut [u8]) -> bool {
        let core = CtrCore::<&Aes256, Ctr128BE>::inner_iv_init(&self.key, &self.nonce.into());
        let mut stream = StreamCipherCoreWrapper::from_core(core);
        stream.try_seek(offset).and_then(|()| stream.try_apply_keystream(data)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ciphers(numbers: &[u32]) -> Ciphers {
        let key = |byte: u8| Aes256::new(&[byte; 32].into());
        let keys = numbers.iter().map(|&number| Key {
            number,
            data: Arc::new(key(number as u8)),
            check: key(0x80 | number as u8),
        });
        Ciphers { keys: keys.collect() }
    }

    fn prefix(ciphers: &Ciphers) -> Vec<u8> {
        let mut prefix = vec![0xff; PREFIX_BYTES];
        ciphers.write_prefix(&mut prefix).unwrap();
        prefix
    }

    #[test]
    fn the_key_stream_is_that_of_the_standard() {
        // NIST SP 800-38A, F.5.5: CTR-AES256.Encrypt.
        let key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        let nonce = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let stream =
            Stream { key: Arc::new(Aes256::new(key[..].try_into().unwrap())), nonce: nonce[..].try_into().unwrap() };
        let plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let expected = hex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
        let mut whole = plain.clone();
        assert!(stream.apply(0, &mut whole));
        assert_eq!(whole, expected);
        for from in 0..plain.len() {
            for to in from..=plain.len() {
                let mut part = plain[from..to].to_vec();
                assert!(stream.apply(from as u64, &mut part));
                assert_eq!(part, expected[from..to], "{from}..{to}");
            }
        }
    }

    fn hex(digits: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    #[test]
    fn each_file_has_a_key_stream_of_its_own_and_is_read_by_its_prefix() {
        let (old, new) = (ciphers(&[1]), ciphers(&[1, 2]));
        let written: Vec<_> = [&old, &old, &new].into_iter().map(prefix).collect();
        let mut streams = Vec::new();
        for prefix in &written {
            let mut data = vec![0; 64];
            assert!(new.open(prefix).unwrap().encrypt(PREFIX_BYTES as u64, &mut data));
            streams.push(data);
        }
        assert!(streams[0] != streams[1] && streams[1] != streams[2]);
        assert_eq!(old.open(&written[2]).err(), Some(Refusal::UnknownKey));
    }

    #[test]
    fn a_damaged_prefix_is_refused_and_one_that_was_never_written_is_empty() {
        let ciphers = ciphers(&[1]);
        let written = prefix(&ciphers);
        for at in 0..USED_BYTES {
            let mut damaged = written.clone();
            damaged[at] ^= 2;
            assert!(ciphers.open(&damaged).is_err(), "byte {at}");
        }
        for unwritten in [&[][..], &written[..USED_BYTES], &[0; PREFIX_BYTES]] {
            let cipher = ciphers.open(unwritten).unwrap();
            let mut data = *b"left over";
            assert!(!cipher.encrypt(5, &mut data));
            cipher.decrypt(5, &mut data);
            assert_eq!(data, [0; 9]);
        }
    }
}
