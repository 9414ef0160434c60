"""Breaks good requests in one or two places, each break with a name that the report shows."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from differential.misstatements import STATEMENT_TOKENS, STATEMENTS
from differential.requests import Request

JSON_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    "",
    "x",
    "INVALID",
    [],
    {},
    ["x"],
    {"x": "y"},
    [[]],
    [{}],
    10**20,
]
TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/none"
TABLE_NAMES = [
    "",
    "a",
    "ab",
    "bad name!",
    "x!",
    "a" * 256,
    "no-such-table",
    TABLE_ARN,
    None,
    5,
]
BAD_VALUES: list[Any] = [
    {},
    {"S": "a", "N": "1"},
    {"S": None},
    {"S": 5},
    {"N": 5},
    {"N": ""},
    {"N": "abc"},
    {"N": "1e126"},
    {"N": "1e-131"},
    {"N": "1" * 39},
    {"N": " 1"},
    {"N": "NaN"},
    {"B": "not base64!"},
    {"B": "YQ="},
    {"B": 5},
    {"BOOL": "true"},
    {"BOOL": "maybe"},
    {"BOOL": 1},
    {"NULL": False},
    {"NULL": "true"},
    {"SS": []},
    {"NS": []},
    {"BS": []},
    {"SS": ["b", "a", "b"]},
    {"SS": [""]},
    {"SS": ["", ""]},
    {"SS": "a"},
    {"SS": [1]},
    {"NS": ["1", "1.0"]},
    {"NS": ["1", "x"]},
    {"NS": [""]},
    {"BS": ["YQ==", "YQ=="]},
    {"L": [{}]},
    {"L": {"S": "a"}},
    {"L": ["a"]},
    {"M": {"x": {}}},
    {"M": []},
    {"M": {"": {"S": "a"}}},
    {"X": "y"},
    "text",
    ["S", "a"],
    None,
]
ENUMS = {
    "ReturnValues": ["ALL_NEW", "UPDATED_NEW", "UPDATED_OLD", "INVALID", "", "none"],
    "ReturnConsumedCapacity": ["INVALID", ""],
    "ReturnItemCollectionMetrics": ["INVALID", ""],
    "ReturnValuesOnConditionCheckFailure": ["INVALID", "ALL_NEW"],
    "Select": ["INVALID", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "ALL_ATTRIBUTES", "COUNT"],
    "ConditionalOperator": ["XOR", "OR", "AND"],
    "BillingMode": ["INVALID", "PROVISIONED"],
    "TableClass": ["INVALID", "STANDARD_INFREQUENT_ACCESS"],
}
# Members that do not belong beside each other, or not there at all.
EXTRA_MEMBERS: list[dict[str, Any]] = [
    {"ExpressionAttributeNames": {"#unused": "a"}},
    {"ExpressionAttributeValues": {":unused": {"S": "a"}}},
    {"ExpressionAttributeNames": {}},
    {"ExpressionAttributeValues": {}},
    {"ConditionExpression": ""},
    {"ConditionExpression": "attribute_exists(pk"},
    {"ConditionExpression": "day = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
    {"ConditionExpression": "attribute_exists(pk)", "Expected": {"a": {"Exists": False}}},
    {"UpdateExpression": "SET a = :undefined"},
    {"UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
    {"UpdateExpression": "SET num = :v", "AttributeUpdates": {"num": {"Value": {"N": "1"}}}},
    {"UpdateExpression": "REMOVE #undefined"},
    {"FilterExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
    {"FilterExpression": ""},
    {"ProjectionExpression": "num, num"},
    {"ProjectionExpression": "doc, doc.a"},
    {"ProjectionExpression": ""},
    {"ProjectionExpression": "num", "AttributesToGet": ["num"]},
    {"AttributesToGet": ["num", "num"]},
    {"AttributesToGet": []},
    {"KeyConditionExpression": "num = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}},
    {"KeyConditionExpression": "pk > :v", "ExpressionAttributeValues": {":v": {"S": "1"}}},
    {"KeyConditionExpression": "pk = :v OR pk = :v", "ExpressionAttributeValues": {":v": {"S": "1"}}},
    {"Expected": {"a": {"Exists": True}}},
    {"Expected": {"a": {"Exists": False, "Value": {"S": "x"}}}},
    {"Expected": {"a": {"ComparisonOperator": "EQ"}}},
    {"Expected": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}]}}},
    {"Expected": {"a": {"ComparisonOperator": "FROB", "AttributeValueList": [{"N": "1"}]}}},
    {"ConditionalOperator": "AND"},
    {"IndexName": "absent"},
    {"IndexName": "x"},
    {"ConsistentRead": True},
    {"ConsistentRead": "yes"},
    {"Limit": 0},
    {"Limit": -1},
    {"Limit": "5"},
    {"Limit": 1.7},
    {"Segment": 0},
    {"TotalSegments": 4},
    {"Segment": 4, "TotalSegments": 4},
    {"Segment": -1, "TotalSegments": 4},
    {"Segment": 0, "TotalSegments": 1_000_001},
    {"ExclusiveStartKey": {}},
    {"ExclusiveStartKey": {"pk": {"S": "a"}}},
    {"ExclusiveStartKey": {"pk": {"S": "a"}, "sk": {"N": "1"}, "more": {"S": "x"}}},
    {"Select": "COUNT", "ProjectionExpression": "num"},
    {"Select": "ALL_ATTRIBUTES"},
    {"RequestItems": {}},
    {"TransactItems": []},
    {"ClientRequestToken": ""},
    {"ClientRequestToken": "x" * 37},
    {"Parameters": []},
    {"Parameters": [{"N": "1"}]},
    {"Parameters": [{"S": "a"}, {"N": "1"}, {"S": "x"}]},
    {"NextToken": "x"},
    {"NextToken": ""},
    {"Statement": ""},
    {"Statement": "x" * 8193},
]
EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
    "Statement",
)
MEMBER_LISTS = ("TransactItems", "Statements", "TransactStatements")
# What an expression or a statement is made of.
WORD = re.compile(r"'[^']*'|\"[^\"]*\"|[\w.:#\[\]-]+|<<|>>|[<>]=|<>|\S")
TABLE = re.compile(r"\bT\b")
TABLE_IN_STATEMENT = re.compile(r'"d-[^"]*"')
TOKENS = [
    "(", ")", ",", ".", "=", "<>", "<", "AND", "OR", "NOT", "SET", "REMOVE", "ADD", "DELETE", "IN", "BETWEEN", "size(num)", ":v0", "#n0",
    "pk", "num", "day", "attribute_exists(num)", "contains", "[0]", "[", "+", "-", ":undefined", "#undefined", "!", "1",
    "begins_with(num, :v0)", "if_not_exists(num, :v0)", "list_append(lst, lst)", "attribute_type(num, :v0)", "frob(num)",
]  # fmt: skip


class Faults:
    """Breaks requests."""

    def __init__(self, random: Random) -> None:
        self.random = random
        breaks: dict[Callable[[dict[str, Any]], Any], int] = {
            self._expression: 10,
            self._attribute_value: 10,
            self._extra: 12,
            self._key: 6,
            self._enum: 5,
            self._placeholder: 5,
            self._drop: 4,
            self._replace: 4,
            self._deep_replace: 6,
            self._table_name: 3,
            self._batch: 2,
        }
        self._breaks = list(breaks)
        self._weights = list(breaks.values())
        # With several members, as transactions have them, there is more to get wrong.
        several = {**breaks, self._members: 8}
        self._breaks_of_several = list(several)
        self._weights_of_several = list(several.values())

    def broken(self, request: Request) -> Request:
        """The request with one break, sometimes two."""
        if self.random.random() < 0.02:
            return self._malformed(request)
        body = copy.deepcopy(request.body)
        names = []
        for _ in range(self.random.choices((1, 2), (4, 1))[0]):
            if members_of(body):
                fault = self.random.choices(self._breaks_of_several, self._weights_of_several)[0]
            else:
                fault = self.random.choices(self._breaks, self._weights)[0]
            fault(body if fault == self._members else self._part(body))
            names.append(fault.__name__.strip("_"))
        return replace(request, body=body, fault="+".join(names))

    def _part(self, body: dict[str, Any]) -> dict[str, Any]:
        """What is broken: mostly one member of those that have the members of a request, otherwise the request."""
        members = members_of(body)
        if not members or self.random.random() < 0.25:
            return body
        member = self.random.choice(members)
        if not isinstance(member, dict) or "Statement" in member or not member:
            return member if isinstance(member, dict) else body
        action = self.random.choice(list(member.values()))
        return action if isinstance(action, dict) else body

    def _malformed(self, request: Request) -> Request:
        text = json.dumps(request.body)
        cut = self.random.randrange(len(text))
        choices = [text[:cut], text + "}", text.replace(":", "", 1), "[]", '"text"', "null", "", "5"]
        if self.random.random() < 0.2:
            return replace(request, operation=self.random.choice(("Frobnicate", "", "putItem")), fault="operation")
        return replace(request, body=self.random.choice(choices).encode(), fault="malformed")

    # Each break changes the body in place, or leaves it as it is when it has nothing to break.

    def _drop(self, body: dict[str, Any]) -> None:
        if body:
            del body[self.random.choice(list(body))]

    def _replace(self, body: dict[str, Any]) -> None:
        if body:
            body[self.random.choice(list(body))] = copy.deepcopy(self.random.choice(JSON_VALUES))

    def _deep_replace(self, body: dict[str, Any]) -> None:
        places = list(containers(body))
        if not places:
            return
        place = self.random.choice(places)
        key = self.random.choice(list(place) if isinstance(place, dict) else list(range(len(place))))
        place[key] = copy.deepcopy(self.random.choice(JSON_VALUES))

    def _enum(self, body: dict[str, Any]) -> None:
        name = self.random.choice(list(ENUMS))
        body[name] = self.random.choice(ENUMS[name])

    def _extra(self, body: dict[str, Any]) -> None:
        body.update(copy.deepcopy(self.random.choice(EXTRA_MEMBERS)))

    def _table_name(self, body: dict[str, Any]) -> None:
        name = self.random.choice(TABLE_NAMES)
        tables = body.get("RequestItems")
        if isinstance(tables, dict) and tables:
            tables[str(name)] = tables.pop(next(iter(tables)))
        else:
            body["TableName"] = name

    def _attribute_value(self, body: dict[str, Any]) -> None:
        places = [(place, key) for place in containers(body) for key in value_keys(place)]
        if places:
            place, key = self.random.choice(places)
            place[key] = copy.deepcopy(self.random.choice(BAD_VALUES))

    def _key(self, body: dict[str, Any]) -> None:
        keys = [body[name] for name in ("Key", "Item", "ExclusiveStartKey") if isinstance(body.get(name), dict)]
        keys += [
            key
            for place in containers(body)
            if isinstance(place, dict)
            for key in [place.get("Key")]
            if isinstance(key, dict)
        ]
        if not keys:
            return
        key = self.random.choice(keys)
        name = self.random.choice([name for name in ("pk", "sk", "g1", "l1") if name in key] or ["pk"])
        roll = self.random.random()
        if roll < 0.25:
            key.pop(name, None)
        elif roll < 0.5:
            key[name] = self.random.choice(
                ({"S": ""}, {"B": ""}, {"S": "x" * 2_049}, {"S": "x" * 1_025}, {"N": "1e999"})
            )
        elif roll < 0.8:
            key[name] = self.random.choice(
                ({"S": "a"}, {"N": "1"}, {"B": "YQ=="}, {"BOOL": True}, {"L": []}, {"SS": ["a"]})
            )
        else:
            key["surplus"] = {"S": "x"}

    def _placeholder(self, body: dict[str, Any]) -> None:
        member = self.random.choice(("ExpressionAttributeNames", "ExpressionAttributeValues"))
        mark, value = ("#", "num") if member.endswith("Names") else (":", {"N": "1"})
        placeholders = body.setdefault(member, {})
        if not isinstance(placeholders, dict):
            return
        if placeholders and self.random.random() < 0.4:
            del placeholders[self.random.choice(list(placeholders))]
        else:
            wrong = self.random.choice(
                (f"{mark}unused", "v", mark, f"{mark}a b", f"{mark}{mark}x", "", f"{mark}" + "x" * 260)
            )
            placeholders[wrong] = value

    def _expression(self, body: dict[str, Any]) -> None:
        if isinstance(body.get("Statement"), str) and self.random.random() < 0.5:
            table = TABLE_IN_STATEMENT.search(body["Statement"])
            named = table.group() if table else "T"
            body["Statement"] = TABLE.sub(lambda _: named, self.random.choice(STATEMENTS))
            return
        present = [name for name in EXPRESSIONS if isinstance(body.get(name), str)]
        if not present:
            body["ConditionExpression"] = " ".join(self.random.choices(TOKENS, k=self.random.randint(1, 5)))
            return
        name = self.random.choice(present)
        words = WORD.findall(body[name])
        tokens = STATEMENT_TOKENS if name == "Statement" else TOKENS
        place = self.random.randrange(len(words) + 1) if words else 0
        roll = self.random.random()
        if roll < 0.35 and words:
            del words[min(place, len(words) - 1)]
        elif roll < 0.7:
            words.insert(place, self.random.choice(tokens))
        elif words:
            words[min(place, len(words) - 1)] = self.random.choice(tokens)
        body[name] = " ".join(words)

    def _batch(self, body: dict[str, Any]) -> None:
        tables = body.get("RequestItems")
        if not isinstance(tables, dict) or not tables:
            return self._extra(body)
        name = next(iter(tables))
        block = tables[name]
        requests = block.get("Keys") if isinstance(block, dict) else block
        if not isinstance(requests, list) or not requests:
            return None
        roll = self.random.random()
        if roll < 0.35:
            requests.append(copy.deepcopy(requests[0]))
        elif roll < 0.5:
            requests *= 30 if isinstance(block, list) else 120
        elif roll < 0.65:
            requests.clear()
        elif roll < 0.8 and isinstance(block, list):
            requests[0] = {}
        elif isinstance(block, list):
            requests[0] = {"PutRequest": {"Item": {}}, "DeleteRequest": {"Key": {}}}
        return None

    def _members(self, body: dict[str, Any]) -> None:
        """Breaks what holds for the members together."""
        members = members_of(body)
        if not members:
            return
        roll = self.random.random()
        if roll < 0.3:
            members.append(copy.deepcopy(self.random.choice(members)))
        elif roll < 0.4:
            members *= 101 // len(members) + 1
        elif roll < 0.5:
            members.clear()
        elif roll < 0.6:
            members[self.random.randrange(len(members))] = {}
        elif roll < 0.8:
            first = self.random.choice(members)
            if isinstance(first, dict):
                first.update(copy.deepcopy(self.random.choice(members)))
                first.setdefault("Delete", {"TableName": "no-such-table", "Key": {"pk": {"S": "a"}}})
        else:
            self._extra(body)


def members_of(body: Any) -> list[Any]:
    """The list of what a request does, where it does several things."""
    lists = [body.get(name) for name in MEMBER_LISTS] if isinstance(body, dict) else []
    return next((members for members in lists if isinstance(members, list) and members), [])


def containers(value: Any) -> Iterator[Any]:
    """Every object and list inside a JSON value that has something in it."""
    if isinstance(value, dict) and value:
        yield value
        for inner in value.values():
            yield from containers(inner)
    elif isinstance(value, list) and value:
        yield value
        for inner in value:
            yield from containers(inner)


def value_keys(place: Any) -> list[Any]:
    """Where a container holds attribute values."""
    entries = place.items() if isinstance(place, dict) else enumerate(place)
    types = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}
    return [key for key, value in entries if isinstance(value, dict) and len(value) == 1 and set(value) <= types]
