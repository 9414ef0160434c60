"""The AWS CLI, as people type it. One process per command makes these slow: few tests, several commands each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from blackbox.clients import ANYONE, unique_name
from blackbox.conftest import delete_quietly
from harness.credentials import Credentials

AWS = Path(sys.executable).parent / "aws"


class Cli:
    """Runs `aws dynamodb ...`, or another service's commands, against the endpoint."""

    def __init__(
        self, endpoint: str, home: Path, service: str = "dynamodb", credentials: Credentials | None = ANYONE
    ) -> None:
        self._service = service
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": endpoint,
            **(credentials.environment() if credentials else {}),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def of(self, service: str) -> Cli:
        """The commands of another service, run by the same somebody."""
        other = copy(self)
        other._service = service
        return other

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(AWS), self._service, *words]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=60, check=False)

    def ok(self, *words: str) -> Any:
        """The command's output, read as JSON when there is any."""
        result = self.run(*words)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout.strip() else None

    def text(self, *words: str) -> list[str]:
        result = self.run(*words, "--output", "text")
        assert result.returncode == 0, result.stderr
        return result.stdout.split()


@pytest.fixture
def cli(endpoint: str, tmp_path: Path) -> Cli:
    return Cli(endpoint, tmp_path)


@pytest.fixture
def streams_cli(endpoint: str, tmp_path: Path) -> Cli:
    return Cli(endpoint, tmp_path, "dynamodbstreams")


@pytest.fixture
def music(cli: Cli, client: Any) -> Iterator[str]:
    """The developer guide's table, made as the guide makes it."""
    name = f"Music-{unique_name()}"
    cli.ok(
        "create-table",
        *("--table-name", name),
        *("--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=SongTitle,AttributeType=S"),
        *("--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=SongTitle,KeyType=RANGE"),
        *("--provisioned-throughput", "ReadCapacityUnits=10,WriteCapacityUnits=5"),
    )
    cli.ok("wait", "table-exists", "--table-name", name)
    yield name
    delete_quietly(client, name)


def song(artist: str, title: str, **more: Any) -> str:
    return json.dumps({"Artist": {"S": artist}, "SongTitle": {"S": title}, **more})


def test_session(cli: Cli, music: str) -> None:
    table = ("--table-name", music)
    assert cli.text("describe-table", *table, "--query", "Table.TableStatus") == ["ACTIVE"]
    cli.ok("put-item", *table, "--item", song("No One You Know", "Call Me Today", Awards={"N": "1"}))
    answer = cli.ok(
        "update-item",
        *table,
        *("--key", song("No One You Know", "Call Me Today")),
        *("--update-expression", "SET Awards = Awards + :n"),
        *("--expression-attribute-values", '{":n": {"N": "2"}}'),
        *("--return-values", "ALL_NEW"),
        *("--return-consumed-capacity", "TOTAL"),
    )
    assert answer["Attributes"]["Awards"] == {"N": "3"}
    assert answer["ConsumedCapacity"] == {"TableName": music, "CapacityUnits": 1.0}
    found = cli.ok("get-item", "--consistent-read", *table, "--key", song("No One You Know", "Call Me Today"))
    assert found["Item"]["Awards"] == {"N": "3"}
    refused = cli.run(
        "delete-item",
        *table,
        *("--key", song("No One You Know", "Call Me Today")),
        *("--condition-expression", "attribute_not_exists(Artist)"),
    )
    assert refused.returncode != 0
    assert "ConditionalCheckFailedException" in refused.stderr
    cli.ok("delete-table", *table)
    cli.ok("wait", "table-not-exists", *table)
    assert "ResourceNotFoundException" in cli.run("describe-table", *table).stderr


def test_query_scan_and_pages(cli: Cli, client: Any, music: str) -> None:
    table = ("--table-name", music)
    requests = [{"PutRequest": {"Item": json.loads(song("Acme Band", f"Song {number:02}"))}} for number in range(20)]
    assert cli.ok("batch-write-item", "--request-items", json.dumps({music: requests})) == {"UnprocessedItems": {}}
    query = ("query", *table, "--key-condition-expression", "Artist = :a AND begins_with(SongTitle, :s)")
    values = ("--expression-attribute-values", '{":a": {"S": "Acme Band"}, ":s": {"S": "Song 1"}}')
    assert len(cli.text(*query, *values, "--query", "Items[].SongTitle.S")) == 20
    paged = cli.ok("scan", *table, "--page-size", "3")
    assert (paged["Count"], len(paged["Items"])) == (20, 20)
    first = cli.ok("scan", *table, "--max-items", "5")
    assert len(first["Items"]) == 5
    rest = cli.ok("scan", *table, "--starting-token", first["NextToken"])
    assert len(rest["Items"]) == 15
    assert cli.text("scan", *table, "--select", "COUNT", "--query", "Count") == ["20"]
    read = cli.ok(
        "batch-get-item", "--request-items", json.dumps({music: {"Keys": [json.loads(song("Acme Band", "Song 07"))]}})
    )
    assert read["Responses"][music] == [json.loads(song("Acme Band", "Song 07"))]


def test_tables_and_tags(cli: Cli, music: str) -> None:
    assert music in cli.ok("list-tables", "--page-size", "2")["TableNames"]
    arn = cli.text("describe-table", "--table-name", music, "--query", "Table.TableArn")[0]
    cli.ok("tag-resource", "--resource-arn", arn, "--tags", "Key=Owner,Value=blueTeam")
    tags = cli.ok("list-tags-of-resource", "--resource-arn", arn)["Tags"]
    assert tags == [{"Key": "Owner", "Value": "blueTeam"}]
    cli.ok("untag-resource", "--resource-arn", arn, "--tag-keys", "Owner")
    cli.ok(
        "update-table",
        *("--table-name", music),
        *("--attribute-definitions", "AttributeName=Genre,AttributeType=S"),
        "--global-secondary-index-updates",
        json.dumps(
            [
                {
                    "Create": {
                        "IndexName": "GenreIndex",
                        "KeySchema": [{"AttributeName": "Genre", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                    }
                }
            ]
        ),
    )
    cli.ok("wait", "table-exists", "--table-name", music)
    names = cli.text("describe-table", "--table-name", music, "--query", "Table.GlobalSecondaryIndexes[].IndexName")
    assert names == ["GenreIndex"]


def test_a_stream(cli: Cli, streams_cli: Cli, music: str) -> None:
    table = ("--table-name", music)
    view = "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
    cli.ok("update-table", *table, "--stream-specification", view)
    cli.ok("wait", "table-exists", *table)
    cli.ok("put-item", *table, "--item", song("Acme Band", "Happy Day"))
    cli.ok("put-item", *table, "--item", song("Acme Band", "Happy Day", Awards={"N": "10"}))
    [arn] = streams_cli.text("list-streams", *table, "--query", "Streams[].StreamArn")
    [shard] = streams_cli.text("describe-stream", "--stream-arn", arn, "--query", "StreamDescription.Shards[].ShardId")
    place = ("--stream-arn", arn, "--shard-id", shard)
    [oldest] = streams_cli.text("get-shard-iterator", *place, "--shard-iterator-type", "TRIM_HORIZON")
    records = streams_cli.ok("get-records", "--shard-iterator", oldest)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY"]
    assert records[1]["dynamodb"]["NewImage"]["Awards"] == {"N": "10"}
    first = records[0]["dynamodb"]["SequenceNumber"]
    after = ("--shard-iterator-type", "AFTER_SEQUENCE_NUMBER", "--sequence-number", first)
    [behind] = streams_cli.text("get-shard-iterator", *place, *after)
    more = streams_cli.ok("get-records", "--shard-iterator", behind, "--limit", "1")
    assert more["Records"] == records[1:]
    missing = streams_cli.run("describe-stream", "--stream-arn", arn[:-1] + "x")
    assert missing.returncode != 0
    assert "ResourceNotFoundException" in missing.stderr


def test_time_to_live(cli: Cli, music: str) -> None:
    table = ("--table-name", music)
    assert cli.text("describe-time-to-live", *table, "--query", "TimeToLiveDescription.TimeToLiveStatus") == [
        "DISABLED"
    ]
    on = ("--time-to-live-specification", "Enabled=true, AttributeName=ExpiresAt")
    answer = cli.ok("update-time-to-live", *table, *on)
    assert answer == {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ExpiresAt"}}
    described = cli.ok("describe-time-to-live", *table)["TimeToLiveDescription"]
    assert described["AttributeName"] == "ExpiresAt"
    assert described["TimeToLiveStatus"] in ("ENABLING", "ENABLED")


def test_errors_are_told(cli: Cli) -> None:
    result = cli.run("get-item", "--table-name", "no-such-table", "--key", '{"pk": {"S": "a"}}')
    assert result.returncode != 0
    assert "ResourceNotFoundException" in result.stderr
    assert "Requested resource not found" in result.stderr
