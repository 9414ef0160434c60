//! Master keys that are given as text: in a file, in an environment variable.

use crate::secret::SECRET_BYTES;
use crate::{KeyError, Secret};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// Whether there is padding at the end is left to who wrote the key.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// More than any form of a key with blanks around it.
const FILE_BYTES_MAX: u64 = 4096;

/// What anybody but the owner of a file may do with it.
const OTHERS: u32 = 0o077;

/// Reads the master key of a file.
pub fn read_file(path: &Path) -> Result<Secret, KeyError> {
    let unusable = |reason: String| KeyError::MasterKey { name: format!("file:{}", path.display()), reason };
    let file = File::open(path).map_err(|problem| unusable(missing(&problem)))?;
    let metadata = file.metadata().map_err(|problem| unusable(problem.to_string()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|problem| unusable(problem.to_string()))?;
    parse(&text).ok_or_else(|| unusable(NOT_A_KEY.to_owned()))
}

/// Reads the master key of an environment variable.
pub fn read_variable(name: &str) -> Result<Secret, KeyError> {
    let unusable = |reason: &str| KeyError::MasterKey { name: format!("env:{name}"), reason: reason.to_owned() };
    let text = std::env::var(name).map_err(|_| unusable("the variable is not set"))?;
    parse(&Zeroizing::new(text)).ok_or_else(|| unusable(NOT_A_KEY))
}

const NOT_A_KEY: &str = "it does not hold 32 bytes in base64 or as hexadecimal digits";

fn missing(problem: &io::Error) -> String {
    match problem.kind() {
        io::ErrorKind::NotFound => "there is no such file; `stator keys make` makes one".to_owned(),
        _ => problem.to_string(),
    }
}

fn parse(text: &str) -> Option<Secret> {
    let text = text.trim();
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    if text.len() == 2 * SECRET_BYTES {
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        return Secret::of_bytes(bytes.as_slice());
    }
    let decoded = Zeroizing::new(BASE64.decode(text).ok()?);
    Secret::of_bytes(&decoded)
}

/// Makes a new master key in a new file that nobody else may read. It is on the disk when this returns.
///
/// # Errors
/// [`KeyError::Io`], also when the file exists.
pub fn make_key_file(path: &Path) -> Result<(), KeyError> {
    let failed = |doing: &'static str| move |source| KeyError::Io { path: path.to_owned(), doing, source };
    let secret = Secret::random()?;
    let text = Zeroizing::new(BASE64.encode(secret.bytes()) + "\n");
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed("making the master key's file"))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_parent(path))
        .map_err(failed("writing the master key's file"))
}

/// Makes the entry of a file in its directory survive power loss.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_key_are_read() {
        let bytes: Vec<u8> = (0..32).map(|number| number * 7 + 3).collect();
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let base64 = BASE64.encode(&bytes);
        for text in [&hexadecimal, &base64, &format!(" {base64}\n"), base64.trim_end_matches('=')] {
            assert_eq!(parse(text).unwrap().bytes().as_slice(), bytes, "{text}");
        }
        let half = BASE64.encode(&bytes[..16]);
        for wrong in ["", "secret", &half, &hexadecimal[1..], &hexadecimal.replace('A', "G"), &"+1".repeat(32)] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_file_is_made_once_and_read_only_when_it_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert!(read_file(&path).unwrap_err().to_string().contains("there is no such file"));
        make_key_file(&path).unwrap();
        let made = read_file(&path).unwrap();
        assert!(make_key_file(&path).is_err(), "a key is never overwritten");
        assert_eq!(read_file(&path).unwrap().bytes(), made.bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let exposed = read_file(&path).unwrap_err();
        assert!(matches!(exposed, KeyError::Exposed { mode: 0o640, .. }));
        assert!(exposed.to_string().contains("chmod 600"), "{exposed}");
    }
}
