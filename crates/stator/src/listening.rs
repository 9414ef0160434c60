//! From what the operator chose to sockets that listen: certificates, policies of endpoints, the lines that say where.

use crate::config::{Certificate, ListenerChoice, Place, Settings, TlsChoice};
use crate::log;
use runtime::{Clock, Random};
use server::{Address, Endpoint, Listener, ListenerSettings, Tls, TlsSettings};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Sockets on which connections are queueing already, and what protects them.
pub struct Listening {
    /// All listeners, the first of them what the server is known by.
    pub listeners: Vec<Listener>,
    /// Their certificate.
    pub tls: Option<Arc<Tls>>,
    /// Held as long as a certificate that was made is shown.
    pub made: Option<Made>,
}

/// A certificate that was made.
pub struct Made {
    /// What clients are to trust.
    authority: PathBuf,
    /// The folder, when nothing is to be kept of it.
    temporary: Option<PathBuf>,
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary {
            // What stays is in a folder of temporary files.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Reads the certificate and the policies, and begins to listen everywhere.
///
/// # Errors
/// The first file that cannot be read and the first address that cannot be had.
pub fn open(settings: &Settings, clock: &Clock) -> Result<Listening, String> {
    let (tls, made) = match &settings.tls {
        Some(choice) => {
            let (files, made) = files(choice, settings, clock)?;
            (Some(Tls::open(files, clock.clone()).map_err(|problem| problem.to_string())?), made)
        }
        None => (None, None),
    };
    let listeners = settings.listeners.iter().map(|choice| listen(choice, tls.as_ref())).collect::<Result<_, _>>()?;
    Ok(Listening { listeners, tls, made })
}

fn listen(choice: &ListenerChoice, tls: Option<&Arc<Tls>>) -> Result<Listener, String> {
    let endpoint = endpoint(choice)?;
    let settings = ListenerSettings {
        address: choice.address.clone(),
        endpoint: Arc::new(endpoint),
        allowed: choice.allow.clone(),
        tls: if choice.tls { tls.cloned() } else { None },
    };
    Listener::bind(settings).map_err(|problem| format!("{}: {problem}", choice.address))
}

fn endpoint(choice: &ListenerChoice) -> Result<Endpoint, String> {
    let Some(path) = &choice.policy else { return Ok(Endpoint { id: choice.endpoint_id.clone(), policy: None }) };
    let wrong = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let text = fs::read_to_string(path).map_err(|problem| wrong(&problem))?;
    Endpoint::new(choice.endpoint_id.clone(), Some(&text)).map_err(|problem| wrong(&problem))
}

fn files(choice: &TlsChoice, settings: &Settings, clock: &Clock) -> Result<(TlsSettings, Option<Made>), String> {
    let clients = choice.clients.clone();
    match &choice.certificate {
        Certificate::Files { certificate, key } => {
            Ok((TlsSettings { certificate: certificate.clone(), key: key.clone(), clients }, None))
        }
        Certificate::SelfSigned => {
            let (folder, temporary) = folder(&settings.place)?;
            let names = names(&settings.listeners);
            let made = server::make_self_signed(&folder, &names, clock.now()).map_err(|problem| problem.to_string())?;
            let files = TlsSettings { clients, ..made.settings };
            Ok((files, Some(Made { authority: made.authority, temporary })))
        }
    }
}

/// Where a certificate that is made is kept: with the data, so that clients need not trust another after each start. Where nothing is
/// on this machine's disk, in a new folder of temporary files.
fn folder(place: &Place) -> Result<(PathBuf, Option<PathBuf>), String> {
    if let Place::Directory(dir) = place {
        return Ok((dir.join("tls"), None));
    }
    let folder = std::env::temp_dir().join(format!("stator-tls-{}", Random::system().uuid()));
    // One that is there already is somebody else's.
    let made = fs::DirBuilder::new().mode(0o755).create(&folder);
    made.map_err(|problem| format!("{}: {problem}", folder.display()))?;
    Ok((folder.clone(), Some(folder)))
}

/// The names and addresses by which clients may call: the machine's own, and those that are listened on.
fn names(listeners: &[ListenerChoice]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    for listener in listeners {
        if let Address::Tcp(address) = listener.address
            && !address.ip().is_unspecified()
        {
            names.push(address.ip().to_canonical().to_string());
        }
    }
    if listeners.iter().any(|listener| !listener.address.is_local()) {
        // The name by which other containers and machines know this one.
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
        names.extend(Some(name).filter(|name| is_name && !name.is_empty()));
    }
    let mut seen = Vec::new();
    names.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    names
}

impl Listening {
    /// Says on standard output where the server listens, a line each, and what clients are to trust.
    ///
    /// # Errors
    /// When the system does not say which ports it chose.
    pub fn announce(&self, settings: &Settings) -> Result<(), String> {
        for (listener, choice) in self.listeners.iter().zip(&settings.listeners) {
            let address = listener.address().map_err(|problem| format!("{}: {problem}", choice.address))?;
            let scheme = match (&address, choice.tls) {
                (Address::Tcp(_), true) => "https://",
                (Address::Tcp(_), false) => "http://",
                (Address::Unix { .. }, _) => "",
            };
            log::say(&format!("stator listens on {scheme}{address}"));
            let (endpoint, tls) = (choice.endpoint_id.as_deref(), choice.tls);
            tracing::info!(%address, endpoint, tls, region = settings.engine.region, place = ?settings.place, "listening");
        }
        if let Some(made) = &self.made {
            log::say(&format!("stator's certificate is by the authority in {}", made.authority.display()));
        }
        Ok(())
    }
}
