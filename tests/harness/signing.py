"""Signature Version 4, written from AWS's description of it and not from an SDK.

The SDKs sign what they send, so they cannot send what is signed wrongly, and two that share a mistake agree. With this
a test has every part of the signature in its hands: which headers are signed, for which time, Region and service, and
what is changed afterwards.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from harness.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
REGION = "us-east-1"


@dataclass(frozen=True)
class Scope:
    """What a signature is good for. The date is that of the time unless a test wants another."""

    region: str = REGION
    service: str = "dynamodb"
    date: str | None = None
    terminator: str = TERMINATOR


@dataclass(frozen=True)
class Request:
    """A request as it goes over the wire. Header names are lower case; `host` is among them."""

    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"
    path: str = "/"
    query: str = ""
    # Sent behind the others and never signed, also where a header of that name is.
    added: tuple[tuple[str, str], ...] = ()

    def with_headers(self, **changed: str | None) -> Request:
        """The request with other headers; underscores stand for dashes, None takes a header away."""
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        merged = {**self.headers, **named}
        return replace(self, headers={name: value for name, value in merged.items() if value is not None})

    def encode(self) -> bytes:
        """The bytes of the request."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        fields = [*self.headers.items(), *self.added, ("content-length", str(len(self.body)))]
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


def host_of(endpoint: str) -> str:
    """What clients of this endpoint send as their `Host`."""
    return urlsplit(endpoint).netloc


def timestamp(moment: datetime.datetime) -> str:
    """`20260131T235959Z`."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def later(seconds: float) -> datetime.datetime:
    """So many seconds from now, or before now where the number is negative."""
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)


def sign(
    request: Request,
    credentials: Credentials,
    scope: Scope = Scope(),
    at: datetime.datetime | None = None,
    only: Iterable[str] | None = None,
) -> Request:
    """The request with its signature, over all of its headers or `only` those that are named."""
    stamp = timestamp(at or later(0))
    dated = request.with_headers(x_amz_date=stamp, x_amz_security_token=credentials.token)
    signed = sorted(dated.headers if only is None else only)
    parts = [
        f"Credential={credentials.key}/{_place(scope, stamp)}",
        f"SignedHeaders={';'.join(signed)}",
        f"Signature={_signature(dated, signed, credentials, scope, stamp)}",
    ]
    return dated.with_headers(authorization=f"{ALGORITHM} {', '.join(parts)}")


def presign(
    request: Request,
    credentials: Credentials,
    expires: int,
    scope: Scope = Scope(),
    at: datetime.datetime | None = None,
) -> Request:
    """The request with its signature in its query, over all of its headers, good for so many seconds."""
    stamp = timestamp(at or later(0))
    signed = sorted(request.headers)
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.key}/{_place(scope, stamp)}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires),
        **({"X-Amz-Security-Token": credentials.token} if credentials.token else {}),
        "X-Amz-SignedHeaders": ";".join(signed),
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    asked = replace(request, query=query)
    return replace(asked, query=f"{query}&X-Amz-Signature={_signature(asked, signed, credentials, scope, stamp)}")


def _place(scope: Scope, stamp: str) -> str:
    return f"{scope.date or stamp[:8]}/{scope.region}/{scope.service}/{scope.terminator}"


def _signature(request: Request, signed: list[str], credentials: Credentials, scope: Scope, stamp: str) -> str:
    digest = _digest(_canonical(request, signed).encode())
    to_sign = "\n".join([ALGORITHM, stamp, _place(scope, stamp), digest])
    key = _key(credentials.secret, scope.date or stamp[:8], scope)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _canonical(request: Request, signed: list[str]) -> str:
    """The canonical request. Requests of these tests have `/` as their path, and a query that is in order."""
    lines = [f"{name}:{' '.join(request.headers[name].split())}" for name in signed]
    body = _digest(request.body)
    return "\n".join([request.method, request.path, request.query, *lines, "", ";".join(signed), body])


def _key(secret: str, date: str, scope: Scope) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, scope.region, scope.service, scope.terminator):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
