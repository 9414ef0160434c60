"""Several listeners of one server: endpoints, networks, unix sockets; and what it refuses to open to others.

These tests start servers of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from blackbox.clients import new_client
from blackbox.conftest import Start
from blackbox.expect import wait_until
from harness import servers
from harness.wire import Connection, request_bytes

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
]


@pytest.fixture
def configure(start: Start, tmp_path: Path) -> Start:
    """Starts a server with a configuration file and flags."""

    def begin(configuration: str, *flags: str) -> servers.Server:
        file = tmp_path / "stator.toml"
        file.write_text(configuration)
        return start("--config", str(file), *flags)

    return begin


def table(**settings: str) -> str:
    """A [[listener]] table; the values are TOML already."""
    return "[[listener]]\n" + "".join(f"{name.replace('_', '-')} = {value}\n" for name, value in settings.items())


def test_all_listeners_serve_the_same(configure: Start, tmp_path: Path) -> None:
    private, path = servers.free_port(), tmp_path / "socket"
    configuration = table(listen=f'"127.0.0.1:{private}"', endpoint_id='"vpce-0a1b2c"') + table(
        listen=f'"unix:{path}"', mode='"0600"'
    )
    server = configure(configuration)
    wait_until(lambda: f"stator listens on unix:{path}\n" in server.log.read_text())
    said = [line for line in server.log.read_text().splitlines() if line.startswith("stator listens on")]
    addresses = [server.endpoint, f"http://127.0.0.1:{private}", f"unix:{path}"]
    assert said == [f"stator listens on {address}" for address in addresses]
    new_client(server.endpoint).create_table(
        TableName="shared",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert new_client(f"http://127.0.0.1:{private}").list_tables()["TableNames"] == ["shared"]
    assert "shared" in curl(path, "ListTables")
    assert path.stat().st_mode & 0o777 == 0o600


def curl(path: Path, operation: str) -> str:
    """One operation through a unix socket."""
    head, body = request_bytes(operation, {}).split(b"\r\n\r\n", 1)
    wanted = ("content-type", "authorization", "x-amz-date", "x-amz-target")
    lines = [line for line in head.decode().split("\r\n")[1:] if line.split(":")[0].lower() in wanted]
    headers = [word for line in lines for word in ("-H", line)]
    command = ["curl", "-sS", "--unix-socket", str(path), *headers, "--data-binary", body.decode(), "http://localhost/"]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def test_a_socket_that_a_killed_server_left_is_taken(configure: Start, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    server = configure(table(listen=f'"unix:{path}"'))
    server.kill()
    assert path.exists()
    again = configure(table(listen=f'"unix:{path}"'))
    assert "TableNames" in curl(path, "ListTables")
    assert again.stop() == 0
    assert not path.exists()


def test_a_server_on_nothing_but_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    command = [str(servers.binary()), "serve", "--listen", f"unix:{path}", "--in-memory"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == f"stator listens on unix:{path}\n"
            assert "TableNames" in curl(path, "ListTables")
        finally:
            process.terminate()
        assert process.wait(20) == 0


def test_clients_from_elsewhere_are_closed(configure: Start) -> None:
    closed, open_ = servers.free_port(), servers.free_port()
    networks = '["10.0.0.0/8", "fd00::/8"]'
    configuration = table(listen=f'"127.0.0.1:{closed}"', allow=networks, endpoint_id='"vpce-1"') + table(
        listen=f'"127.0.0.1:{open_}"', allow='["127.0.0.0/8"]'
    )
    server = configure(configuration)
    for _ in range(20):
        link = socket.create_connection(("127.0.0.1", closed), timeout=10)
        with link, contextlib.suppress(ConnectionResetError):
            assert link.recv(1) == b""
    new_client(f"http://127.0.0.1:{open_}").list_tables()
    wire = Connection(server.endpoint)
    wire.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    assert 'stator_refused_connections_total{endpoint="vpce-1"} 20' in wire.receive().body.decode()
    wire.close()
    logged = server.log.read_text().count("from a network that is not allowed")
    assert 1 <= logged <= 3, "at most one line a second"


def test_all_listeners_end_together(configure: Start) -> None:
    other = servers.free_port()
    server = configure(table(listen=f'"127.0.0.1:{other}"'))
    request = request_bytes("ListTables", {"Limit": 5})
    links = [socket.create_connection(("127.0.0.1", port), timeout=10) for port in (server.port, other)]
    for link in links:
        link.sendall(request[:-4])
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    for port in (server.port, other):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10)
    for link in links:
        link.sendall(request[-4:])
        assert link.recv(65_536).startswith(b"HTTP/1.1 200")
        link.close()
    assert server.stop() == 0


def test_what_others_reach_needs_authentication_and_tls(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "stator.toml"
    file.write_text(table(listen='"0.0.0.0:0"', tls="false"))
    said = servers.refused_stator(data, ["--listen", "0.0.0.0:0"])
    for flag in ("--authentication", "--tls-certificate", "--tls-key", "--tls-self-signed", "--insecure"):
        assert flag in said
    said = servers.refused_stator(data, ["--listen", "0.0.0.0:0", "--tls-self-signed"])
    assert "--authentication" in said
    assert "--tls-key" not in said
    said = servers.refused_stator(data, ["--listen", "127.0.0.1:0", "--config", str(file), "--tls-self-signed"])
    assert "0.0.0.0:0" in said
    port = servers.free_port()
    command = [str(servers.binary()), "serve", "--listen", f"0.0.0.0:{port}", "--in-memory", "--insecure"]
    servers.start("stator", command, port).close()


def test_what_protects_nothing_alone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "stator.toml"
    file.write_text(table(listen='"127.0.0.1:0"', endpoint_id='"vpce-1"', policy=f'"{tmp_path}/policy.json"'))
    for flags, asked in (
        (["--config", str(file)], "--authentication"),
        (["--account", "111111111111", "--account", "222222222222"], "--authentication"),
        (["--authentication"], "--make-master-key"),
    ):
        said = servers.refused_stator(tmp_path / "data", ["--listen", "127.0.0.1:0", *flags])
        assert asked in said
