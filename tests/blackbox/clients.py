"""Clients of boto3, for fixtures and tests alike."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from harness.credentials import Credentials

REGION = "us-east-1"
# What a server takes that verifies no signatures.
ANYONE = Credentials("test", "test")


def new_client(
    endpoint: str,
    service: str = "dynamodb",
    verify: Path | None = None,
    certificate: tuple[str, str] | None = None,
    credentials: Credentials = ANYONE,
    region: str = REGION,
) -> Any:
    """A boto3 client that does not hide errors behind retries.

    Over https it trusts the authority in the file `verify`, and shows the certificate and key if there is one.
    """
    config = Config(
        retries={"total_max_attempts": 1}, read_timeout=30, max_pool_connections=32, client_cert=certificate
    )
    return boto3.client(
        service,
        endpoint_url=endpoint,
        config=config,
        verify=str(verify) if verify else None,
        region_name=region,
        **credentials.parameters(),
    )


def unique_name() -> str:
    """A name that no other test uses, for a table or whatever else has one."""
    return f"t-{uuid.uuid4().hex[:12]}"
