"""PartiQL with boto3's client: the examples of COMPAT.md, pages, parameters, batches and transactions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from blackbox.conftest import MakeTable
from blackbox.expect import index, n, refused, s

COMPAT = Path(__file__).resolve().parents[2] / "COMPAT.md"
EXAMPLE = re.compile(r"^\| [^|]*\| `(?P<statement>[^`]+)` \| `(?P<answer>[^`]+)` \|$", re.MULTILINE)
NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "


def examples() -> list[tuple[str, str]]:
    """The statements that COMPAT.md lists, each with its answer."""
    text = COMPAT.read_text(encoding="utf-8")
    section = text.partition("\n## PartiQL\n")[2].partition("\n## ")[0]
    return [(row["statement"], row["answer"]) for row in EXAMPLE.finditer(section)]


def plain(value: Any) -> Any:
    """A deserialized value as JSON has it: numbers without point, sets as sorted lists."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, set):
        return sorted(plain(member) for member in value)
    return value if isinstance(value, str | bool | None) else int(value)


def items(answer: dict[str, Any]) -> list[Any]:
    """The items of an answer as JSON has them."""
    read = TypeDeserializer().deserialize
    return [{name: plain(read(value)) for name, value in item.items()} for item in answer["Items"]]


def test_the_examples_of_compat(client: Any, make_table: MakeTable) -> None:
    statements = examples()
    assert len(statements) > 30
    name = make_table()
    client.delete_table(TableName=name)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "id", "AttributeType": "N"},
            {"AttributeName": "status", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[index("by-status", [("status", "HASH")])],
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    for example, expected in statements:
        statement = re.sub(r'"?\bOrders\b"?', f'"{name}"', example)
        if statement.startswith("EXISTS"):
            write = f"UPDATE \"{name}\" SET seen = 1 WHERE customer = 'bob' AND id = 1"
            answer = client.execute_transaction(TransactStatements=[{"Statement": statement}, {"Statement": write}])
            assert answer["Responses"] == json.loads(expected), example
            client.execute_statement(Statement=write.replace("SET seen = 1", "REMOVE seen"))
            continue
        try:
            answer = client.execute_statement(Statement=statement)
        except ClientError as error:
            assert error.response["Error"]["Code"] == expected, (example, error)
        else:
            assert items(answer) == json.loads(expected), example


def test_parameters(client: Any, table: str) -> None:
    client.execute_statement(
        Statement=f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'b': ?, 'n': ?}}",
        Parameters=[s("a"), {"B": b"bytes"}, n(1)],
    )
    client.execute_statement(
        Statement=f'INSERT INTO "{table}" VALUE ?', Parameters=[{"M": {"pk": s("whole"), "l": {"L": [n(1)]}}}]
    )
    found = client.execute_statement(
        Statement=f'SELECT pk FROM "{table}" WHERE pk IN [?, ?] AND b = ?',
        Parameters=[s("a"), s("whole"), {"B": b"bytes"}],
    )
    assert found["Items"] == [{"pk": s("a")}]
    refused(
        client.execute_statement,
        "ValidationException",
        "Number of parameters in request and statement don't match.",
        Statement=f'SELECT * FROM "{table}" WHERE pk = ?',
    )


def test_pages(client: Any, sorted_table: str) -> None:
    for number in range(7):
        client.put_item(TableName=sorted_table, Item={"pk": s("a"), "sk": n(number)})
    statement = f"SELECT sk FROM \"{sorted_table}\" WHERE pk = 'a' ORDER BY sk DESC"
    seen: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        page = client.execute_statement(Statement=statement, Limit=3, **token)
        seen.append([item["sk"]["N"] for item in page["Items"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    for words, more in [
        ("Invalid NextToken", {"Statement": statement, "NextToken": "x"}),
        ("NextToken does not match request", {"Statement": statement + " ", **token}),
    ]:
        refused(client.execute_statement, "ValidationException", words, **more)


def test_capacity(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "big": s("x" * 5000)})
    for statement, consistent, units in [("SELECT * FROM {}", False, 1.0), ("SELECT * FROM {}", True, 2.0)]:
        answer = client.execute_statement(
            Statement=statement.format(f'"{table}"'), ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL"
        )
        assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": units}


def test_batches(client: Any, table: str) -> None:
    client.put_item(TableName=table, Item={"pk": s("a"), "v": n(1)})
    read = client.batch_execute_statement(
        Statements=[
            {"Statement": f"SELECT v FROM \"{table}\" WHERE pk = 'a'"},
            {"Statement": "SELECT * FROM \"no-such-table\" WHERE pk = 'a'"},
            {"Statement": f'SELECT * FROM "{table}"'},
            {"Statement": "SELCT"},
        ]
    )["Responses"]
    assert read[0] == {"TableName": table, "Item": {"v": n(1)}}
    assert [answer["Error"]["Code"] for answer in read[1:]] == [
        "ResourceNotFound",
        "ValidationError",
        "ValidationError",
    ]
    written = client.batch_execute_statement(
        Statements=[
            {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'a'}}"},
            {"Statement": f"DELETE FROM \"{table}\" WHERE pk = 'b' AND v = 1"},
            {"Statement": f"FROM \"{table}\" WHERE pk = 'c' SET v = 1"},
        ]
    )["Responses"]
    assert [answer.get("Error", {}).get("Code") for answer in written] == [
        "DuplicateItem",
        None,
        "ConditionalCheckFailed",
    ]


def test_transactions(client: Any, table: str) -> None:
    insert = {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'v': 1}}"}
    update = {"Statement": f"UPDATE \"{table}\" SET v = v + 1 WHERE pk = 'b'"}
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.execute_transaction(TransactStatements=[insert, update])
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in client.get_item(TableName=table, Key={"pk": s("a")})
    for _ in range(2):
        client.execute_transaction(TransactStatements=[insert], ClientRequestToken="once")
    answer = client.execute_transaction(
        TransactStatements=[
            {"Statement": f"SELECT v FROM \"{table}\" WHERE pk = 'a'"},
            {"Statement": f"SELECT v FROM \"{table}\" WHERE pk = 'z'"},
        ]
    )
    assert answer["Responses"] == [{"Item": {"v": n(1)}}, {}]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("SELECT * FROM {} WHERE", "Unexpected term"),
        ("SELECT * FROM {} WHERE pk = 'a' AND", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM {} WHERE pk = 'a' foo", "Unexpected token after expression"),
        ("SELECT * FROM {} WHERE pk = 1e2147483648", ""),
        ("SELECT * FROM {} WHERE m.inner = 1", "Invalid path dot component"),
        ("DELETE FROM", "Expected identifier for simple path"),
        ("SELECT * FROM {} WHERE " + "(" * 4000, "Expressions are nested too deeply"),
        ("SELECT * FROM {} WHERE a = " + "-" * 8000, "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM {} WHERE " + "NOT " * 2000, "Unexpected term"),
    ],
)
def test_statements_that_cannot_be_read(client: Any, table: str, text: str, detail: str) -> None:
    statement = text.replace("{}", f'"{table}"')
    refused(client.execute_statement, "ValidationException", NOT_WELL_FORMED + detail, Statement=statement)
