"""A master key in a KMS: moto's, behind a proxy that verifies signatures and can refuse as AWS's does.

moto encrypts for real and enforces the encryption context, but knows no disabled keys and no policies.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from encryption.commands import refused, succeed
from encryption.keys import begin, readable
from harness import servers

REGION = "eu-central-1"
ACCESS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


class Proxy:
    """Hands requests on to a KMS, unless it was told to refuse."""

    def __init__(self, target: str) -> None:
        self.refusal: str | None = None
        self.operations: list[str] = []
        self.faults: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                proxy.operations.append(self.headers["x-amz-target"])
                proxy.verify(dict(self.headers.items()), body)
                status, answer = proxy.answer(target, dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.refusal:
            return 400, json.dumps({"__type": self.refusal, "message": "said the stub"}).encode()
        sent = {name: headers[name] for name in headers if name.lower() != "host"}
        request = urllib.request.Request(target, body, sent)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        """Signs the request again, with botocore's code, and compares."""
        lower = {name.lower(): value for name, value in headers.items()}
        given = lower["authorization"]
        signed = given.split("SignedHeaders=")[1].split(",")[0].split(";")
        request = AWSRequest("POST", self.endpoint + "/", {name: lower[name] for name in signed}, body)
        request.context["timestamp"] = lower["x-amz-date"]
        credentials = Credentials(
            ACCESS["AWS_ACCESS_KEY_ID"], ACCESS["AWS_SECRET_ACCESS_KEY"], ACCESS["AWS_SESSION_TOKEN"]
        )
        signer = SigV4Auth(credentials, "kms", REGION)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if not given.endswith(f"Signature={signer.signature(text, request)}") or f"/{REGION}/kms/" not in given:
            self.faults.append(f"a request was not signed as botocore does: {given}")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def check(folder: Path) -> list[str]:
    with servers.peer("moto") as moto:
        proxy = Proxy(moto.endpoint)
        try:
            return check_with(folder, moto.endpoint, proxy)
        finally:
            proxy.close()


def check_with(folder: Path, endpoint: str, proxy: Proxy) -> list[str]:
    client = boto3.client("kms", REGION, endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b")
    arns = [client.create_key(Description=name)["KeyMetadata"]["Arn"] for name in ("one", "other")]
    client.create_alias(AliasName="alias/stator", TargetKeyId=arns[0])
    data = folder / "data"

    def named(key: str, url: str = proxy.endpoint) -> tuple[str, ...]:
        return ("--master-key", f"kms:{key}", "--kms-endpoint", url, "--region", REGION)

    marks, faults = begin(data, *named(arns[0]))
    for name in (arns[0], arns[0].split("/")[1], "alias/stator"):
        faults += readable(data, marks, *named(name))
    if arns[0].encode() not in (data / "keys.json").read_bytes():
        faults.append("the key file does not name the key")
    faults += refused(data, "wrong master key", *named(arns[1]))
    for refusal, words in {
        "DisabledException": "is disabled or waits to be deleted: enable it again",
        "KMSInvalidStateException": "is disabled or waits to be deleted: enable it again",
        "AccessDeniedException": "allow kms:GenerateDataKey and kms:Decrypt",
        "InvalidCiphertextException": "does not open the keys of this data",
    }.items():
        proxy.refusal = refusal
        faults += refused(data, words, *named(arns[0]))
    proxy.refusal = None
    unknown = arns[0].rsplit("/", 1)[0] + "/00000000-0000-0000-0000-000000000000"
    faults += refused(folder / "new", "does not exist there", *named(unknown))
    # A port that was free a moment ago: nobody answers there.
    nobody = f"http://127.0.0.1:{servers.free_port()}"
    faults += refused(data, "could not be asked for", *named(arns[0], nobody))
    without = dict.fromkeys(ACCESS, "")
    faults += refused(data, "cannot be used without credentials", *named(arns[0]), variables=without)
    faults += check_change(folder, named, arns)
    if set(proxy.operations) != {"TrentService.GenerateDataKey", "TrentService.Decrypt"}:
        faults.append(f"the KMS was asked for {set(proxy.operations)}")
    return faults + proxy.faults[:3]


def check_change(folder: Path, named: Any, arns: list[str]) -> list[str]:
    """From a file to the KMS, to another key of it, and back."""
    data, key = folder / "changed", folder / "key"
    faults = succeed("keys", "make", key)
    local = ("--master-key", f"file:{key}")
    marks, more = begin(data, *local)
    kms = named(arns[0])
    faults += more + succeed("keys", "rotate", "--data", data, *local, *kms[2:], "--new-master-key", kms[1])
    faults += refused(data, "wrong master key", *local)
    faults += succeed("keys", "rotate", "--data", data, *kms, "--new-master-key", f"kms:{arns[1]}")
    faults += refused(data, "wrong master key", *kms)
    faults += readable(data, marks, *named(arns[1]))
    faults += succeed("keys", "rotate", "--data", data, *named(arns[1]), "--new-master-key", f"file:{key}")
    return faults + readable(data, marks, *local)
