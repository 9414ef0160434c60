//! Listening sockets: an address of the network or a path in the file system, and what its connections are taken for.
//!
//! What must hold: a unix socket never takes connections before it has the mode that was asked for.

use crate::network::Network;
use crate::origin::{Endpoint, Origin};
use crate::tls::Tls;
use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixSocket, UnixStream};

/// Connections that the kernel holds for us while we are busy. A fleet of clients that starts at once must not be refused.
const BACKLOG: u32 = 1024;

/// Where clients find a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address of the network.
    Tcp(SocketAddr),
    /// A path in the file system, whose mode says who may connect.
    Unix {
        /// The socket's path.
        path: PathBuf,
        /// Its permissions, as `chmod` takes them.
        mode: u32,
    },
}

impl Address {
    /// Whether only this machine reaches it.
    pub fn is_local(&self) -> bool {
        match self {
            Address::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Address::Unix { .. } => true,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix { path, .. } => write!(f, "unix:{}", path.display()),
        }
    }
}

/// What a listener is to be.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Where it listens.
    pub address: Address,
    /// The endpoint that its clients reach.
    pub endpoint: Arc<Endpoint>,
    /// The networks that clients may come from; all when there is none. Who reaches a unix socket is for its mode to say.
    pub allowed: Vec<Network>,
    /// Protects its connections.
    pub tls: Option<Arc<Tls>>,
}

impl ListenerSettings {
    /// A listener that takes everyone, without TLS, for the public endpoint.
    pub fn open(address: SocketAddr) -> ListenerSettings {
        let address = Address::Tcp(address);
        ListenerSettings { address, endpoint: Arc::default(), allowed: Vec::new(), tls: None }
    }
}

/// A place where connections are queueing already.
#[derive(Debug)]
pub struct Listener {
    pub(crate) settings: ListenerSettings,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix { listener: UnixListener, _file: SocketFile },
}

/// A connection that was accepted.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address is taken, is not ours, or needs rights that the process lacks.
    pub fn bind(settings: ListenerSettings) -> io::Result<Listener> {
        let socket = match &settings.address {
            Address::Tcp(address) => Socket::Tcp(bind_tcp(*address)?),
            Address::Unix { path, mode } => {
                let (listener, _file) = bind_unix(path, *mode)?;
                Socket::Unix { listener, _file }
            }
        };
        Ok(Listener { settings, socket })
    }

    /// Where it listens, with the port that the system chose if it was to choose one.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<Address> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Socket::Unix { .. } => Ok(self.settings.address.clone()),
        }
    }

    /// The next connection, and where it comes from.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Origin)> {
        let (stream, source) = match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                (Stream::Tcp(stream), Some(peer.ip().to_canonical()))
            }
            Socket::Unix { listener, .. } => (Stream::Unix(listener.accept().await?.0), None),
        };
        Ok((stream, Origin { source, endpoint: self.settings.endpoint.clone(), protection: None }))
    }

    /// Whether a client from there is taken.
    pub(crate) fn allows(&self, origin: &Origin) -> bool {
        let allowed = &self.settings.allowed;
        let is_allowed = |source| allowed.iter().any(|network| network.contains(source));
        allowed.is_empty() || origin.source.is_none_or(is_allowed)
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that restarts finds its old connections still in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn bind_unix(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    remove_if_left_behind(path)?;
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    let file = SocketFile { path: path.to_owned(), inode: fs::symlink_metadata(path)?.ino() };
    // Before the socket listens, whoever finds it is refused by the kernel.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((socket.listen(BACKLOG)?, file))
}

/// Removes the socket of a server that was killed. Anything else at this path is somebody's.
fn remove_if_left_behind(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => match std::os::unix::net::UnixStream::connect(path) {
            Err(problem) if problem.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            _ => Err(io::ErrorKind::AddrInUse.into()),
        },
        // Binding says what is wrong with anything else.
        _ => Ok(()),
    }
}

/// The file of a unix socket, removed with it unless another server has put its own there.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            // A file that stays is removed by the next server that listens there.
            let _ = fs::remove_file(&self.path);
        }
    }
}
