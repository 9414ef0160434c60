//! A certificate for development, made when the server starts: an authority that signs this one certificate and is then forgotten.
//!
//! Clients are given the authority to trust. Its key is never written, so it can never vouch for anything else, and whoever steals the
//! server's key cannot make certificates for other names.

use crate::tls::{TlsError, TlsSettings};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use runtime::Timestamp;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a certificate is good: no client accepts more than 825 days of a certificate's life.
const LIFE_DAYS: u32 = 730;

/// A certificate that ends sooner is replaced at the next start.
const LEFT_DAYS: u32 = 60;

const AUTHORITY: &str = "authority.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// What the certificate was made for and until when it is good, so that it need not be read to know.
const MADE_FOR: &str = "made-for";

/// A certificate for development.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfSigned {
    /// The authority's certificate, which clients are to trust.
    pub authority: PathBuf,
    /// What the server shows.
    pub settings: TlsSettings,
}

/// The certificate for these names and addresses that is kept in `folder`, made if there is none or it is too old or for others.
///
/// # Errors
/// When the folder cannot be read or written, or a name is none.
pub fn make_self_signed(folder: &Path, names: &[String], now: Timestamp) -> Result<SelfSigned, TlsError> {
    let [authority, certificate, key] = [AUTHORITY, CERTIFICATE, KEY].map(|name| folder.join(name));
    let files = SelfSigned {
        authority: authority.clone(),
        settings: TlsSettings { certificate: certificate.clone(), key: key.clone(), clients: None },
    };
    if [authority, certificate, key].iter().all(|path| path.exists()) && is_still_good(folder, names, now) {
        return Ok(files);
    }
    let made = issue(names, now).map_err(|problem| TlsError::of_file(folder, problem))?;
    write_all(folder, &made, &made_for(names, now)).map_err(|problem| TlsError::of_file(folder, problem))?;
    Ok(files)
}

fn is_still_good(folder: &Path, names: &[String], now: Timestamp) -> bool {
    let Ok(kept) = fs::read_to_string(folder.join(MADE_FOR)) else { return false };
    let Some((until, kept_names)) = kept.split_once('\n') else { return false };
    let needed = now.plus(DAY * LEFT_DAYS).as_seconds();
    until.parse().is_ok_and(|until: u64| until >= needed) && kept_names.lines().eq(names)
}

/// The last second of the certificate's life, and the names, a line each.
fn made_for(names: &[String], now: Timestamp) -> String {
    format!("{}\n{}\n", now.plus(DAY * (LIFE_DAYS - 1)).as_seconds(), names.join("\n"))
}

/// The files as text.
struct Made {
    authority: String,
    certificate: String,
    key: String,
}

fn issue(names: &[String], now: Timestamp) -> Result<Made, rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = parameters(&[], now)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "Stator's authority for one development certificate");
    let authority_certificate = authority.self_signed(&authority_key)?;
    let key = KeyPair::generate()?;
    let mut server = parameters(names, now)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    server.distinguished_name.push(DnType::CommonName, "Stator's development certificate");
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(Made { authority: authority_certificate.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
}

fn parameters(names: &[String], now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    // From yesterday on: the clocks of clients differ.
    let (year, month, day) = Timestamp::from_millis(now.as_millis().saturating_sub(86_400_000)).date();
    parameters.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = now.plus(DAY * LIFE_DAYS).date();
    parameters.not_after = date_time_ymd(year, month, day);
    Ok(parameters)
}

fn write_all(folder: &Path, made: &Made, made_for: &str) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    // What it was made for comes last: a set that is not complete is made again.
    for (name, text, mode) in [
        (KEY, made.key.as_str(), 0o600),
        (CERTIFICATE, &made.certificate, 0o644),
        (AUTHORITY, &made.authority, 0o644),
        (MADE_FOR, made_for, 0o644),
    ] {
        let path = folder.join(name);
        // A file that is there keeps its mode, so it must not be there.
        match fs::remove_file(&path) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
            _ => (),
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Tls;
    use runtime::Clock;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_certificate_is_kept_while_it_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("tls");
        let made = make_self_signed(&dir, &names(&["localhost", "127.0.0.1"]), NOW).unwrap();
        Tls::open(made.settings.clone(), Clock::system()).unwrap();
        let first = fs::read(&made.authority).unwrap();
        let again = |names: &[String], now| {
            make_self_signed(&dir, names, now).unwrap();
            fs::read(&made.authority).unwrap() == first
        };
        assert!(again(&names(&["localhost", "127.0.0.1"]), NOW.plus(DAY * 600)));
        assert!(!again(&names(&["localhost", "127.0.0.1"]), NOW.plus(DAY * 700)), "it ends soon");
    }

    #[test]
    fn a_certificate_for_others_is_made_anew_and_nobody_else_reads_its_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let made = make_self_signed(folder.path(), &names(&["localhost"]), NOW).unwrap();
        let first = fs::read(&made.authority).unwrap();
        fs::set_permissions(&made.settings.key, fs::Permissions::from_mode(0o644)).unwrap();
        make_self_signed(folder.path(), &names(&["localhost", "10.0.0.1"]), NOW).unwrap();
        assert_ne!(fs::read(&made.authority).unwrap(), first);
        assert_eq!(fs::metadata(&made.settings.key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
