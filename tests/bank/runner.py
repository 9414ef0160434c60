"""Clients move money between accounts by TransactWriteItems while the server is killed again and again: no money is
made or lost.

Some clients sum all accounts with TransactGetItems, and the sum is always the same. Transfers with a
ClientRequestToken are sent again when a kill took the answer, and now and then when it did not: they happen once. At
the end every account is what the ledger says, and `stator check` finds nothing. The seed is printed and decides the
transfers and the moments of the kills.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from bank.ledger import ACCOUNTS, DEFINITIONS, LEDGER, NAMES, START, Body, Books, Transfer, audit, opening, transaction
from harness import kills, servers
from harness.crowd import Client, persist
from harness.kills import KilledServers
from harness.wire import Answer, Connection, request_bytes

CLIENTS = 32
# One client in so many sums accounts.
AUDITORS = 8
SHOWN_FAULTS = 10
PAGES_MAX = 10_000


class Bank:
    """All clients, until a number of transfers was tried."""

    def __init__(self, seed: int, transfers: int) -> None:
        self.books = Books()
        # How many transfers were begun.
        self.tried = 0
        self._seed = seed
        self._transfers = transfers

    def clients(self) -> list[Client]:
        makers = [self._auditor if number % AUDITORS == 0 else self._client for number in range(CLIENTS)]
        return [make(number) for number, make in enumerate(makers)]

    def progress(self) -> float:
        return self.tried / self._transfers

    def _client(self, number: int) -> Client:
        random = Random(f"{self._seed}/{number}")
        while self.tried < self._transfers and len(self.books.faults) < SHOWN_FAULTS:
            self.tried += 1
            source, target, looked_at = random.sample(NAMES, 3)
            transfer = Transfer(f"transfer-{self.tried}", source, target, random.randint(1, START))
            token = f"{self._seed}-{self.tried}" if random.random() < 0.5 else None
            body = transaction(transfer, token, looked_at if random.random() < 0.3 else None)
            request = request_bytes("TransactWriteItems", body)
            answer = yield from persist(request, has_token=token is not None, counts=self.books.counts)
            self._note(transfer, answer)
            if token and answer and answer.status == 200 and random.random() < 0.1:
                self.books.counts["sent again without need"] += 1
                again = yield request
                if again and again.status != 200:
                    self.books.faults.append(f"{transfer.name} sent again: {again.body[:500]!r}")

    def _note(self, transfer: Transfer, answer: Answer | None) -> None:
        if answer is None:
            self.books.counts["transfers without an answer"] += 1
        elif answer.status == 200:
            self.books.counts["transfers"] += 1
            self.books.acknowledged.add(transfer.name)
        elif answer.error_type() == "TransactionCanceledException":
            self.books.refused.add(transfer.name)
            for reason in answer.json()["CancellationReasons"]:
                if reason["Code"] != "None":
                    self.books.counts[f"transfers refused: {reason['Code']}"] += 1
        else:
            self.books.faults.append(f"{transfer.name} was answered {answer.status} {answer.body[:500]!r}")

    def _auditor(self, number: int) -> Client:
        request = request_bytes("TransactGetItems", audit())
        while self.tried < self._transfers and len(self.books.faults) < SHOWN_FAULTS:
            answer = yield request
            if answer is None:
                continue
            if answer.status == 200:
                self.books.counts["audits"] += 1
                items = [response["Item"] for response in answer.json()["Responses"]]
                self.books.check_sum([int(item["balance"]["N"]) for item in items], f"auditor {number}")
            elif answer.error_type() == "TransactionCanceledException":
                self.books.counts["audits refused"] += 1
            else:
                self.books.faults.append(f"an audit was answered {answer.status} {answer.body[:500]!r}")


def open_accounts(endpoint: str) -> None:
    connection = Connection(endpoint)
    for definition in DEFINITIONS:
        expect_success(connection.call("CreateTable", definition))
        expect_success(connection.call("DescribeTable", {"TableName": definition["TableName"]}))
    for name in NAMES:
        expect_success(connection.call("PutItem", opening(name)))
    connection.close()


def scan(endpoint: str, table: str) -> list[Body]:
    connection = Connection(endpoint)
    body: Body = {"TableName": table, "ConsistentRead": True}
    items: list[Body] = []
    for _ in range(PAGES_MAX):
        answer = connection.call("Scan", body)
        expect_success(answer)
        page = answer.json()
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            connection.close()
            return items
        body["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    raise AssertionError(f"a scan did not end after {PAGES_MAX} pages")


def expect_success(answer: Answer) -> None:
    assert answer.status == 200, answer.body[:500]


def run(bank: Bank, data: servers.Data, options: argparse.Namespace) -> None:
    """All transfers through the kills, and a look at what the last kill left."""
    books = bank.books
    with KilledServers(data, many=options.servers) as server:
        open_accounts(server.endpoint)
        books.faults += server.run(bank.clients(), bank.progress, options.kills, Random(options.seed))
    books.faults += servers.check_offline(data)
    with KilledServers(data) as server:
        books.check_end(scan(server.endpoint, ACCOUNTS), scan(server.endpoint, LEDGER))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run bank", description=__doc__)
    parser.add_argument("--transfers", type=int, default=40_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--short", action="store_true", help="4,000 transfers and 3 kills for each server")
    kills.add_options(parser)
    options = kills.parse(parser, arguments)
    if options.short:
        options.transfers, options.kills = 4_000, 3 * options.servers
    where = kills.described(options)
    print(f"bank: {options.transfers} transfers, {options.kills} kills, {where}, --seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="stator-bank-"))
    bank = Bank(options.seed, options.transfers)
    started = time.monotonic()
    with kills.data(options, folder) as data:
        run(bank, data, options)
    print(f"  {time.monotonic() - started:.1f} s")
    for name, count in sorted(bank.books.counts.items()):
        print(f"  {count:7} {name}")
    for fault in bank.books.faults[:SHOWN_FAULTS]:
        print(f"  {fault}")
    failed = bool(bank.books.faults) or not bank.books.acknowledged
    if failed:
        print(f"  the data is kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{int(not failed)} passed, {int(failed)} failed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
