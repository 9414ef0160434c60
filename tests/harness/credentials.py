"""Credentials as clients are given them: an access key, its secret, and the token of a session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What a server says when it has made the root user of an account, in three lines. It never says it again.
MADE = re.compile(
    r"^stator made the root credentials of account (?P<account>\d{12}) and shows them only now:\n"
    r"export AWS_ACCESS_KEY_ID=(?P<key>\S+)\n"
    r"export AWS_SECRET_ACCESS_KEY=(?P<secret>\S+)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Credentials:
    """An access key. What is secret of it is not printed, so that a failed test does not show it."""

    key: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def answered(cls, answer: Mapping[str, Any]) -> Credentials:
        """Those in an answer: the `AccessKey` of CreateAccessKey, the `Credentials` of STS."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("SessionToken"))

    def parameters(self) -> dict[str, Any]:
        """The parameters of boto3's clients."""
        return {
            "aws_access_key_id": self.key,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.token,
        }

    def environment(self) -> dict[str, str]:
        """The variables that the AWS CLI and the SDKs read."""
        named = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
        return {**named, "AWS_SESSION_TOKEN": self.token} if self.token else named


def made(said: str) -> dict[str, Credentials]:
    """The root credentials that a server says it made, by account."""
    found = MADE.finditer(said)
    return {match["account"]: Credentials(match["key"], match["secret"]) for match in found}
