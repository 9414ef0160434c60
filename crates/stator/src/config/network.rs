//! Where the server listens, how connections are protected, and what must not be open to others.

use super::flags::{ClientCertificates, Flags};
use serde::Deserialize;
use server::{Address, Network};
use std::net::SocketAddr;
use std::path::PathBuf;

const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

/// A unix socket is for its owner and for a group.
const DEFAULT_MODE: u32 = 0o660;

/// What the flags give, and what is to be done where TLS is missing.
const GIVE_TLS: &str = "--tls-certificate with --tls-key (or --tls-self-signed for development)";

/// A `[[listener]]` of the configuration file.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ListenerTable {
    /// The address, or `unix:` and a path.
    listen: String,
    /// The id of the private endpoint that it is.
    endpoint_id: Option<String>,
    /// The networks that clients may come from.
    allow: Option<Vec<String>>,
    /// The file that holds the endpoint's policy.
    policy: Option<PathBuf>,
    /// Whether connections are protected.
    tls: Option<bool>,
    /// The permissions of a unix socket, in octal.
    mode: Option<String>,
}

/// A listener that is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListenerChoice {
    /// Where it listens.
    pub address: Address,
    /// The id of the private endpoint that it is.
    pub endpoint_id: Option<String>,
    /// The networks that clients may come from; all when there is none.
    pub allow: Vec<Network>,
    /// The file that holds the endpoint's policy.
    pub policy: Option<PathBuf>,
    /// Whether connections are protected.
    pub tls: bool,
}

impl ListenerChoice {
    /// A listener of the public endpoint that takes everyone.
    pub fn new(address: Address, tls: bool) -> ListenerChoice {
        ListenerChoice { address, endpoint_id: None, allow: Vec::new(), policy: None, tls }
    }
}

/// Where the certificate comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Certificate {
    /// From files.
    Files {
        /// The certificate.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// Made for development.
    SelfSigned,
}

/// How connections are protected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsChoice {
    /// What clients are shown.
    pub certificate: Certificate,
    /// The authorities of clients' certificates, and whether clients must have one.
    pub clients: Option<(PathBuf, server::ClientCertificates)>,
}

/// TLS as it is chosen, if it is.
pub(super) fn tls(flags: &Flags, file: &Flags) -> Result<Option<TlsChoice>, String> {
    let certificate = certificate(flags, file)?;
    let authorities = flags.tls_client_ca.clone().or(file.tls_client_ca.clone());
    let kind = flags.tls_client_certificates.or(file.tls_client_certificates);
    let clients = match (authorities, kind) {
        (Some(authorities), Some(ClientCertificates::Optional)) => {
            Some((authorities, server::ClientCertificates::Optional))
        }
        (Some(authorities), _) => Some((authorities, server::ClientCertificates::Required)),
        (None, Some(_)) => return Err("--tls-client-certificates needs --tls-client-ca".to_owned()),
        (None, None) => None,
    };
    match certificate {
        Some(certificate) => Ok(Some(TlsChoice { certificate, clients })),
        None if clients.is_some() => Err(format!("--tls-client-ca needs {GIVE_TLS}")),
        None => Ok(None),
    }
}

/// Where the certificate comes from. Files and one that is made exclude each other; what is named nearer wins.
fn certificate(flags: &Flags, file: &Flags) -> Result<Option<Certificate>, String> {
    let names_files = |chosen: &Flags| chosen.tls_certificate.is_some() || chosen.tls_key.is_some();
    let is_made = match flags.tls_self_signed {
        Some(chosen) => chosen,
        None => file.tls_self_signed == Some(true) && !names_files(flags),
    };
    if is_made {
        return Ok(Some(Certificate::SelfSigned));
    }
    let certificate = flags.tls_certificate.clone().or(file.tls_certificate.clone());
    let key = flags.tls_key.clone().or(file.tls_key.clone());
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(Certificate::Files { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err("--tls-certificate needs --tls-key".to_owned()),
        (None, Some(_)) => Err("--tls-key needs --tls-certificate".to_owned()),
    }
}

/// All listeners: the one of `--listen`, and behind it those of the file.
pub(super) fn listeners(flags: &Flags, file: &Flags, has_tls: bool) -> Result<Vec<ListenerChoice>, String> {
    let first = flags.listen.as_deref().or(file.listen.as_deref()).unwrap_or(DEFAULT_ADDRESS);
    let first = address(first, None).map_err(|problem| format!("--listen {problem}"))?;
    let mut listeners = vec![ListenerChoice::new(first.clone(), has_tls && protects(&first))];
    for table in &file.listener {
        let listener = listener(table, has_tls).map_err(|problem| format!("listener {problem}"))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// What goes through a unix socket does not leave the machine.
fn protects(address: &Address) -> bool {
    matches!(address, Address::Tcp(_))
}

fn listener(table: &ListenerTable, has_tls: bool) -> Result<ListenerChoice, String> {
    let address = address(&table.listen, table.mode.as_deref())?;
    let wrong = |problem: &str| Err(format!("{address}: {problem}"));
    if table.endpoint_id.as_ref().is_some_and(|id| !is_endpoint_id(id)) {
        return wrong("an endpoint-id is vpce- and letters, digits and dashes behind it");
    }
    if table.policy.is_some() && table.endpoint_id.is_none() {
        return wrong("a policy needs the endpoint-id that it belongs to");
    }
    if table.allow.as_ref().is_some_and(Vec::is_empty) {
        return wrong("allow = [] lets nobody in; leave it out to let everyone in");
    }
    if table.allow.is_some() && !protects(&address) {
        return wrong("allow is about networks; who reaches a unix socket is for its mode to say");
    }
    if table.tls == Some(true) && !has_tls {
        return wrong(&format!("tls = true needs {GIVE_TLS}"));
    }
    let networks = table.allow.iter().flatten().map(|text| text.parse::<Network>());
    Ok(ListenerChoice {
        endpoint_id: table.endpoint_id.clone(),
        allow: networks.collect::<Result<_, _>>().map_err(|problem| format!("{address}: allow: {problem}"))?,
        policy: table.policy.clone(),
        tls: table.tls.unwrap_or(has_tls && protects(&address)),
        address,
    })
}

fn is_endpoint_id(id: &str) -> bool {
    let rest = id.strip_prefix("vpce-").unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn address(text: &str, mode: Option<&str>) -> Result<Address, String> {
    match (text.strip_prefix("unix:"), mode) {
        (Some(""), _) => Err(format!("{text}: a path is missing")),
        (Some(path), None) => Ok(Address::Unix { path: path.into(), mode: DEFAULT_MODE }),
        (Some(path), Some(mode)) => match u32::from_str_radix(mode, 8) {
            Ok(mode) if mode <= 0o777 => Ok(Address::Unix { path: path.into(), mode }),
            _ => Err(format!("{text}: mode {mode} is no octal number up to 0777")),
        },
        (None, Some(_)) => Err(format!("{text}: only unix sockets have a mode")),
        (None, None) => match text.parse::<SocketAddr>() {
            Ok(address) => Ok(Address::Tcp(address)),
            Err(_) => Err(format!("{text}: an address is written as in 127.0.0.1:8000, [::1]:8000 or unix:/path")),
        },
    }
}

/// Whoever reaches a server that verifies no signatures may read and change everything, and who is on the way of a connection without
/// TLS may read what passes, and what is not signed change.
pub(super) fn refuse_what_others_reach(listeners: &[ListenerChoice], authentication: bool) -> Result<(), String> {
    for listener in listeners.iter().filter(|listener| !listener.address.is_local()) {
        let (lacks, give) = match (authentication, listener.tls) {
            (true, true) => continue,
            (false, false) => ("authentication and TLS", format!("--authentication, and {GIVE_TLS}")),
            (false, true) => ("authentication", "--authentication".to_owned()),
            (true, false) => ("TLS", GIVE_TLS.to_owned()),
        };
        return Err(format!(
            "refusing to listen on {} without {lacks}: others can reach that address; give {give}, or --insecure if anyone \
             there may read and change everything",
            listener.address
        ));
    }
    Ok(())
}
