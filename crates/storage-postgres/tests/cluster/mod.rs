//! A PostgreSQL of the tests' own: made in a temporary directory when the first test asks, reached through a socket in there or on
//! 127.0.0.1, and gone with the process, however that ends.

#![allow(dead_code, reason = "each file of tests uses a part")]

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use storage::Batch;
use storage_postgres::{PostgresSettings, PostgresStore};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

/// Ends the server and removes its files when its input ends, which is when this process does.
const SCRIPT: &str = r#"
set -e
dir=$(mktemp -d /tmp/stator-postgres.XXXXXX)
trap 'kill -INT $server 2>/dev/null; wait $server || true; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
"$1/initdb" -D "$dir/data" -U stator --auth=trust --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
  -keyout "$dir/data/server.key" -out "$dir/data/server.crt" 2>>"$dir/log" || { cat "$dir/log" >&2; exit 1; }
chmod 600 "$dir/data/server.key"
"$1/postgres" -D "$dir/data" -k "$dir" -p $3 -c listen_addresses=127.0.0.1 -c ssl=on \
  -c fsync=$2 -c max_connections=400 -c shared_buffers=64MB \
  >>"$dir/log" 2>&1 </dev/null &
server=$!
for _ in $(seq 300); do
  "$1/pg_isready" -q -h "$dir" -p $3 -U stator && break
  sleep 0.1
done
echo "$dir"
read _ || true
"#;

/// The server, while this process lives.
struct Server {
    dir: String,
    port: u16,
    /// Its input is held open for as long as it is to run.
    _process: Child,
}

static SERVER: OnceLock<Server> = OnceLock::new();

fn server() -> &'static Server {
    SERVER.get_or_init(|| {
        let bin = binaries().expect(
            "these tests start a PostgreSQL of their own, and none is installed: `scripts/setup test` does so, \
             or install Debian's package `postgresql`",
        );
        // PostgreSQL does not run as root.
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
        if is_root {
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh"]);
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let fsync = std::env::var("STATOR_TEST_FSYNC").unwrap_or_else(|_| "off".to_owned());
        command.args(["-c", SCRIPT, "sh"]).arg(bin).arg(fsync).arg(port.to_string()).current_dir("/tmp");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell starts");
        let mut dir = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut dir).unwrap();
        assert!(!dir.is_empty(), "PostgreSQL did not start; what it said stands above");
        Server { dir: dir.trim().to_owned(), port, _process: process }
    })
}

/// Where the server's programs are: in the path, or where Debian puts the newest version.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev())
        .find(|dir| ["initdb", "postgres", "pg_isready"].iter().all(|name| dir.join(name).exists()))
}

/// The address of the server.
pub fn url() -> String {
    let Server { dir, port, .. } = server();
    format!("host={dir} port={port} user=stator dbname=postgres")
}

/// The address for those who come through the network.
pub fn tcp_url() -> String {
    format!("host=localhost hostaddr=127.0.0.1 port={} user=stator dbname=postgres", server().port)
}

/// The server's certificate, which it signed itself.
pub fn certificate() -> PathBuf {
    PathBuf::from(&server().dir).join("data/server.crt")
}

/// Settings for a schema of this test's own.
pub fn settings() -> PostgresSettings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    PostgresSettings { schema, readers: 2, writers: 4, ..PostgresSettings::new(url()) }
}

/// A runtime with threads, on which stores' connections run.
pub fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a test.
pub fn run(test: impl Future<Output = ()>) {
    runtime().block_on(test);
}

pub async fn open(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::open(settings).await.unwrap()
}

/// A connection beside all stores.
pub async fn connect() -> Client {
    let (client, connection) = tokio_postgres::connect(&url(), NoTls).await.unwrap();
    runtime::spawn(async move { connection.await.ok() });
    client
}

/// A batch that is filled by the closure.
pub fn batch(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}
