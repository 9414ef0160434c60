"""TLS as clients see it: boto3, the AWS CLI, the SDK for JavaScript, HTTP/2, client certificates, renewals, the end.

These tests start servers of their own.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, SSLError

from blackbox.clients import new_client
from blackbox.conftest import Start
from blackbox.expect import s, wait_until
from blackbox.test_cli import Cli
from harness import caches, servers
from harness.certificates import Authority, Pair
from harness.wire import request_bytes

pytestmark = [
    pytest.mark.own_server,
    pytest.mark.skipif("STATOR_ENDPOINT" in os.environ, reason="the endpoint was given, and it is what it is"),
]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates", "authority")


def use(client: Any, name: str) -> None:
    """A table from its beginning to its end."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    for size in (10, 100_000):
        item = {"pk": s("a"), "v": s("x" * size)}
        client.put_item(TableName=name, Item=item)
        assert client.get_item(TableName=name, Key={"pk": s("a")})["Item"] == item
    client.delete_table(TableName=name)


@pytest.mark.parametrize("with_rsa", [False, True], ids=["ecdsa", "rsa"])
def test_boto3_trusts_the_authority(start: Start, authority: Authority, with_rsa: bool) -> None:
    server = start(*authority.server("server", with_rsa).flags())
    use(new_client(server.endpoint, verify=authority.path), "over-tls")
    with pytest.raises(SSLError):
        new_client(server.endpoint).list_tables()
    # Whoever forgets the s learns that there is no HTTP.
    with pytest.raises(BotoCoreError):
        new_client(server.endpoint.replace("https", "http")).list_tables()


def test_a_certificate_that_the_server_makes(start: Start, tmp_path: Path) -> None:
    server = start("--tls-self-signed")
    trusted = tmp_path / "data" / "tls" / "authority.pem"
    wait_until(lambda: f"authority in {trusted}\n" in server.log.read_text())
    assert f"stator listens on https://127.0.0.1:{server.port}\n" in server.log.read_text()
    use(new_client(server.endpoint, verify=trusted), "made")
    use(new_client(server.endpoint.replace("127.0.0.1", "localhost"), verify=trusted), "made")
    strict = ssl.create_default_context(cafile=str(trusted))
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    connect(server, strict).close()
    before = trusted.read_bytes()
    assert server.stop() == 0
    again = start("--tls-self-signed")
    assert trusted.read_bytes() == before, "clients need not trust another after a restart"
    new_client(again.endpoint, verify=trusted).list_tables()


def test_a_certificate_for_a_server_in_memory(tmp_path: Path) -> None:
    port = servers.free_port()
    flags = ["serve", "--listen", f"127.0.0.1:{port}", "--in-memory", "--tls-self-signed"]
    server = servers.start("stator", [str(servers.binary()), *flags], port)
    try:
        wait_until(lambda: "authority in" in server.log.read_text())
        [line] = [line for line in server.log.read_text().splitlines() if "authority in" in line]
        trusted = Path(line.rsplit(" ", 1)[1])
        new_client(f"https://127.0.0.1:{port}", verify=trusted).list_tables()
        assert server.stop() == 0
        assert not trusted.parent.exists()
    finally:
        server.close()


def test_the_aws_cli_takes_a_bundle(start: Start, authority: Authority, tmp_path: Path) -> None:
    server = start(*authority.server("server").flags())
    cli = Cli(server.endpoint, tmp_path)
    assert cli.ok("list-tables", "--ca-bundle", str(authority.path)) == {"TableNames": []}
    assert "CERTIFICATE_VERIFY_FAILED" in cli.run("list-tables").stderr


def test_the_sdk_for_javascript(start: Start, authority: Authority) -> None:
    server = start(*authority.server("server").flags())
    environment = {
        **os.environ,
        "STATOR_ENDPOINT": server.endpoint,
        "STATOR_NODE_MODULES": str(caches.node_modules()),
        "NODE_EXTRA_CA_CERTS": str(authority.path),
    }
    script = caches.TESTS / "blackbox" / "js" / "document.test.mjs"
    command = [str(caches.node()), "--test", str(script)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout[-3000:]


def connect(server: servers.Server, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(
        socket.create_connection(("127.0.0.1", server.port), timeout=10), server_hostname="localhost"
    )


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.path))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(start: Start, authority: Authority, version: ssl.TLSVersion) -> None:
    server = start(*authority.server("server").flags())
    context = trusting(authority)
    context.minimum_version = context.maximum_version = version
    with connect(server, context) as link:
        assert link.version() == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_older_versions_are_refused(start: Start, authority: Authority) -> None:
    server = start(*authority.server("server").flags())
    context = trusting(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        connect(server, context)


def test_http2_is_agreed_on(start: Start, authority: Authority) -> None:
    from h2.connection import H2Connection
    from h2.events import DataReceived, StreamEnded

    server = start(*authority.server("server").flags())
    context = trusting(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    link = connect(server, context)
    assert link.selected_alpn_protocol() == "h2"
    state = H2Connection()
    state.initiate_connection()
    head = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/healthz")]
    state.send_headers(1, head, end_stream=True)
    link.sendall(state.data_to_send())
    body, ended = b"", False
    with link:
        while not ended:
            for event in state.receive_data(link.recv(65_536)):
                body += event.data if isinstance(event, DataReceived) else b""
                ended = ended or isinstance(event, StreamEnded)
            link.sendall(state.data_to_send())
    assert body == b"healthy\n"


@pytest.mark.parametrize("kind", ["required", "optional"])
def test_client_certificates(start: Start, authority: Authority, tmp_path: Path, kind: str) -> None:
    clients = Authority(tmp_path / "clients", "clients")
    good, strange = clients.client("good"), Authority(tmp_path / "others", "others").client("strange")
    flags = ["--tls-client-ca", str(clients.path)] + (["--tls-client-certificates", kind] if kind == "optional" else [])
    server = start(*authority.server("server").flags(), *flags)

    def call(pair: Pair | None) -> None:
        shown = (str(pair.certificate), str(pair.key)) if pair else None
        new_client(server.endpoint, verify=authority.path, certificate=shown).list_tables()

    call(good)
    with pytest.raises(BotoCoreError):
        call(strange)
    if kind == "optional":
        call(None)
    else:
        with pytest.raises(BotoCoreError):
            call(None)


def test_a_certificate_is_renewed_without_a_restart(start: Start, authority: Authority, tmp_path: Path) -> None:
    shown = authority.server("server")
    other = Authority(tmp_path / "other", "other-authority")
    server = start(*shown.flags())
    kept = connect(server, trusting(authority))
    shown.certificate.write_text("broken")
    wait_until(lambda: "the old one stays" in server.log.read_text())
    new_client(server.endpoint, verify=authority.path).list_tables()
    shown.replace_by(other.server("renewed"))
    wait_until(lambda: "certificate was renewed" in server.log.read_text())
    new_client(server.endpoint, verify=other.path).list_tables()
    with pytest.raises(SSLError):
        new_client(server.endpoint, verify=authority.path).list_tables()
    kept.sendall(request_bytes("ListTables", {}))
    assert kept.recv(65_536).startswith(b"HTTP/1.1 200"), "a connection that was open stays"
    kept.close()


def test_a_hangup_renews_at_once(start: Start, authority: Authority, tmp_path: Path) -> None:
    shown = authority.server("server")
    other = Authority(tmp_path / "other", "other-authority")
    server = start(*shown.flags())
    shown.replace_by(other.server("renewed"))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "certificate was renewed" in server.log.read_text())
    new_client(server.endpoint, verify=other.path).list_tables()
    assert server.alive()


def test_handshakes_that_do_not_end_harm_nobody(start: Start, authority: Authority) -> None:
    server = start(*authority.server("server").flags())
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(200)]
    for link in slow:
        link.sendall(b"\x16\x03\x01\x02\x00\x01")
    begin = time.monotonic()
    new_client(server.endpoint, verify=authority.path).list_tables()
    assert time.monotonic() - begin < 5
    for link in slow:
        assert link.recv(1) == b"", "it is closed after the ten seconds of a head"
        link.close()
    assert time.monotonic() - begin < 20


def test_what_is_in_progress_is_finished_at_the_end(start: Start, authority: Authority) -> None:
    server = start(*authority.server("server").flags())
    begun, idle = connect(server, trusting(authority)), connect(server, trusting(authority))
    request = request_bytes("ListTables", {"Limit": 5})
    begun.sendall(request[:-4])
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    assert idle.recv(1) == b""
    begun.sendall(request[-4:])
    assert begun.recv(65_536).startswith(b"HTTP/1.1 200")
    assert server.stop() == 0


def test_files_that_are_wrong_are_named(tmp_path: Path, authority: Authority) -> None:
    one, two = authority.server("one"), authority.server("two")
    data = tmp_path / "data"
    for flags, word in [
        (["--tls-certificate", str(one.certificate), "--tls-key", str(two.key)], "two.key"),
        (["--tls-certificate", str(tmp_path / "missing"), "--tls-key", str(two.key)], "missing"),
        ([*one.flags(), "--tls-client-ca", str(one.key)], "one.key"),
        (["--tls-certificate", str(one.certificate)], "--tls-key"),
    ]:
        assert word in servers.refused_stator(data, ["--listen", "127.0.0.1:0", *flags])
