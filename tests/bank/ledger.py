"""The accounts, the transfers between them, and what the tables must look like whatever happened.

A transfer takes from one account what it adds to another, and makes an entry of its own in the ledger, in one
transaction. So the sum of all accounts never changes, and every account is what the ledger says.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ACCOUNTS = "bank-accounts"
LEDGER = "bank-ledger"
NAMES = [f"account-{number}" for number in range(40)]
START = 1_000
TOTAL = START * len(NAMES)

Body = dict[str, Any]

DEFINITIONS: list[Body] = [
    {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
    for table in (ACCOUNTS, LEDGER)
]


@dataclass(frozen=True)
class Transfer:
    """Some money, from one account to another."""

    name: str
    source: str
    target: str
    amount: int


@dataclass
class Books:
    """What the clients know of all transfers."""

    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def check_sum(self, balances: list[int], where: str) -> None:
        """All accounts as seen at one point in time."""
        if sum(balances) != TOTAL or len(balances) != len(NAMES) or min(balances) < 0:
            self.faults.append(
                f"{where}: {len(balances)} accounts, sum {sum(balances)}, least {min(balances, default=0)}"
            )

    def check_end(self, accounts: list[Body], ledger: list[Body]) -> None:
        """Both tables at the end."""
        balances = {account["pk"]["S"]: int(account["balance"]["N"]) for account in accounts}
        self.check_sum(list(balances.values()), "at the end")
        times = {entry["pk"]["S"]: int(entry["times"]["N"]) for entry in ledger}
        self.faults += [f"{name} was carried out {count} times" for name, count in times.items() if count != 1]
        self.faults += [f"{name} was acknowledged and is lost" for name in self.acknowledged - times.keys()]
        self.faults += [f"{name} was refused and carried out" for name in self.refused & times.keys()]
        expected = Counter(dict.fromkeys(NAMES, START))
        for entry in ledger:
            amount = int(entry["amount"]["N"])
            expected[entry["source"]["S"]] -= amount
            expected[entry["target"]["S"]] += amount
        different = [name for name in NAMES if balances.get(name) != expected[name]]
        self.faults += [f"{name} is {balances.get(name)}, by the ledger {expected[name]}" for name in different]


def transaction(transfer: Transfer, token: str | None, looked_at: str | None) -> Body:
    """The transfer as one TransactWriteItems. `looked_at` is an account that must only exist."""
    amount = {":amount": {"N": str(transfer.amount)}}
    take = {
        **_account(transfer.source),
        "UpdateExpression": "SET balance = balance - :amount",
        "ConditionExpression": "balance >= :amount",
        "ExpressionAttributeValues": amount,
    }
    add = {
        **_account(transfer.target),
        "UpdateExpression": "SET balance = balance + :amount",
        "ExpressionAttributeValues": amount,
    }
    items = [{"Update": take}, {"Update": add}, _entry(transfer, is_repeatable=token is not None)]
    if looked_at:
        items.append({"ConditionCheck": {**_account(looked_at), "ConditionExpression": "attribute_exists(pk)"}})
    return {"TransactItems": items, **({"ClientRequestToken": token} if token else {})}


def audit() -> Body:
    """A read of all accounts at one point in time."""
    return {"TransactItems": [{"Get": _account(name)} for name in NAMES]}


def opening(name: str) -> Body:
    return {"TableName": ACCOUNTS, "Item": {"pk": {"S": name}, "balance": {"N": str(START)}}}


def _account(name: str) -> Body:
    return {"TableName": ACCOUNTS, "Key": {"pk": {"S": name}}}


def _entry(transfer: Transfer, *, is_repeatable: bool) -> Body:
    """The entry of the ledger. That of a transfer with a token counts, so that doing it twice would show."""
    key = {"pk": {"S": transfer.name}}
    parts = {"source": {"S": transfer.source}, "target": {"S": transfer.target}, "amount": {"N": str(transfer.amount)}}
    if not is_repeatable:
        item = {**key, **parts, "times": {"N": "1"}}
        return {"Put": {"TableName": LEDGER, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
    return {
        "Update": {
            "TableName": LEDGER,
            "Key": key,
            "UpdateExpression": "SET #source = :source, #target = :target, #amount = :amount ADD #times :one",
            "ExpressionAttributeNames": {f"#{name}": name for name in ("source", "target", "amount", "times")},
            "ExpressionAttributeValues": {":one": {"N": "1"}, **{f":{name}": value for name, value in parts.items()}},
        }
    }
