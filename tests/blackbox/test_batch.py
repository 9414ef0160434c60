"""BatchWriteItem and BatchGetItem, through the client and boto3's batch writer."""

from __future__ import annotations

from typing import Any

from blackbox.conftest import MakeTable
from blackbox.expect import n, refused, s


def test_batch_writer(resource: Any, table: str) -> None:
    # boto3 reads UnprocessedItems of every answer: it must be there, even empty.
    with resource.Table(table).batch_writer() as batch:
        for number in range(107):
            batch.put_item(Item={"pk": f"p{number}", "v": number})
        batch.delete_item(Key={"pk": "p3"})
    assert resource.Table(table).scan(Select="COUNT")["Count"] == 106


def test_batch_writer_drops_repeated_keys(resource: Any, table: str) -> None:
    with resource.Table(table).batch_writer(overwrite_by_pkeys=["pk"]) as batch:
        for number in range(60):
            batch.put_item(Item={"pk": "same", "v": number})
    assert resource.Table(table).get_item(Key={"pk": "same"})["Item"]["v"] == 59


def test_unprocessed_members_are_always_there(client: Any, table: str) -> None:
    written = client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": {"pk": s("a")}}}]})
    assert written["UnprocessedItems"] == {}
    read = client.batch_get_item(RequestItems={table: {"Keys": [{"pk": s("a")}, {"pk": s("absent")}]}})
    assert read["UnprocessedKeys"] == {}
    assert read["Responses"] == {table: [{"pk": s("a")}]}


def test_several_tables(client: Any, make_table: MakeTable) -> None:
    first, second = make_table(), make_table(sk="N")
    client.batch_write_item(
        RequestItems={
            first: [{"PutRequest": {"Item": {"pk": s("a"), "v": n(1)}}}],
            second: [{"PutRequest": {"Item": {"pk": s("b"), "sk": n(number)}}} for number in range(3)],
        }
    )
    read = client.batch_get_item(
        RequestItems={
            first: {"Keys": [{"pk": s("a")}], "ProjectionExpression": "v"},
            second: {"Keys": [{"pk": s("b"), "sk": n(number)} for number in (0, 2, 9)], "ConsistentRead": True},
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert read["Responses"][first] == [{"v": n(1)}]
    assert sorted(item["sk"]["N"] for item in read["Responses"][second]) == ["0", "2"]
    capacity = {entry["TableName"]: entry["CapacityUnits"] for entry in read["ConsumedCapacity"]}
    assert capacity == {first: 0.5, second: 3.0}


def test_large_answers_leave_keys_unprocessed(client: Any, table: str) -> None:
    for number in range(45):
        client.put_item(TableName=table, Item={"pk": s(f"p{number}"), "v": s("x" * 400_000)})
    wanted: dict[str, Any] = {table: {"Keys": [{"pk": s(f"p{number}")} for number in range(45)]}}
    found: list[str] = []
    for _ in range(10):
        answer = client.batch_get_item(RequestItems=wanted)
        found += [item["pk"]["S"] for item in answer["Responses"].get(table, [])]
        wanted = answer["UnprocessedKeys"]
        if not wanted:
            break
    assert sorted(found) == sorted(f"p{number}" for number in range(45))


def test_refused_batches(client: Any, table: str) -> None:
    keys = [{"pk": s(f"p{number}")} for number in range(101)]
    error = refused(client.batch_get_item, "ValidationException", RequestItems={table: {"Keys": keys}})
    assert "Member must have length less than or equal to 100" in str(error)
    writes = [{"PutRequest": {"Item": key}} for key in keys[:26]]
    error = refused(client.batch_write_item, "ValidationException", RequestItems={table: writes})
    assert "Member must have length less than or equal to 25" in str(error)
    repeated = "Provided list of item keys contains duplicates"
    request = {"PutRequest": {"Item": keys[0]}}
    refused(client.batch_write_item, "ValidationException", repeated, RequestItems={table: [request, request]})
    refused(client.batch_get_item, "ValidationException", repeated, RequestItems={table: {"Keys": [keys[0]] * 2}})


def test_nothing_is_written_by_a_refused_batch(client: Any, table: str) -> None:
    requests = [{"PutRequest": {"Item": {"pk": s("good")}}}, {"PutRequest": {"Item": {"nokey": s("bad")}}}]
    refused(
        client.batch_write_item,
        "ValidationException",
        "The provided key element does not match the schema",
        RequestItems={table: requests},
    )
    assert client.scan(TableName=table)["Count"] == 0
