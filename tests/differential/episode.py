"""One set of tables and the requests on them, compared request by request.

A difference in one answer would make later answers differ too. So after a difference the tables of the peers are
made equal to those of the server under test again; when that fails for a peer the episode ends early.
"""

from __future__ import annotations

import copy
import re
import secrets
import time
from collections import Counter
from random import Random
from typing import Any

from differential import answers as reading
from differential.faults import Faults
from differential.fleet import NO_ANSWER, Links
from differential.kinds import Difference, differences, outcome_template
from differential.requests import WRITES, ControlRequests, Request, Requests
from differential.shapes import Item, Shapes, Table
from differential.statements import Statements
from differential.streams import VIEWS, StreamControlRequests, StreamRequests, Streams, streamed
from differential.transactions import Tokens, Transactions
from harness.wire import Answer

TABLES = 2
FAULTY = 0.33
CONTROL = 0.02
# Tables whose streams come and go are what the theme is about.
STREAMS_CONTROL = 0.08
# How often the records that were made meanwhile are compared.
READ_RECORDS = 0.1
PAGES_MAX = 40
ACTIVE_SECONDS = 10.0
# How often a read follows a write, to see what it did.
READ_BACK = 0.25
NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
# What an episode is about.
THEMES = ("items", "transactions", "statements", "streams")
# Where a page says what the next one begins with, and where the request says it.
PAGING = {"LastEvaluatedKey": "ExclusiveStartKey", "NextToken": "NextToken"}


class Episode:
    """Runs until it has sent its share of requests."""

    def __init__(self, links: Links, subject: str, seed: str, count: int, theme: str) -> None:
        self._links = links
        self._subject = subject
        self._count = count
        self._random = Random(seed)
        self._shapes = Shapes(self._random)
        self._faults = Faults(self._random)
        # Names hold the seed's digest, so that parallel episodes do not meet.
        self._prefix = f"d-{self._random.getrandbits(40):010x}"
        self._tables = [self._shapes.table(f"{self._prefix}-{number}") for number in range(TABLES)]
        self._streams: Streams | None = None
        if theme == "streams":
            views = (VIEWS[-1], self._random.choice(VIEWS))
            self._tables = [streamed(table, view) for table, view in zip(self._tables, views, strict=True)]
            self._streams = Streams(links, subject, self._tables)
        # Tokens are good for ten minutes: those of a run are not those of the run before.
        self._tokens = Tokens(self._shapes, f"{self._prefix}-{secrets.token_hex(4)}")
        self._requests = self._drawer(theme)
        self._control = ControlRequests(self._shapes, self._prefix) if theme == "items" else None
        self._stream_control = StreamControlRequests(self._shapes, self._prefix)
        self.found: list[Difference] = []
        self.sent = 0
        self.refusals: Counter[str] = Counter()
        self.dropped: list[str] = []

    def _drawer(self, theme: str) -> Requests | Transactions | Statements | StreamRequests:
        if theme == "streams":
            return StreamRequests(self._shapes, self._tables)
        if theme == "transactions":
            return Transactions(self._shapes, self._tables, self._tokens)
        if theme == "statements":
            return Statements(self._shapes, self._tables, self._tokens)
        return Requests(self._shapes, self._tables)

    def run(self) -> None:
        for table in self._tables:
            self._make(table)
        try:
            # An episode ends with the first server that cannot go on: the next one has all of them again.
            while self.sent < self._count and not self.dropped:
                self._step()
            self._compare_records()
        finally:
            for table in self._tables:
                self._links.ask_all("DeleteTable", {"TableName": table.name})
            self._links.close()

    def _step(self) -> None:
        if self._streams and self._random.random() < STREAMS_CONTROL:
            return self._stream_control_sequence(self._stream_control, self._streams)
        if self._control and self._random.random() < CONTROL:
            return self._control_sequence(self._control)
        request = self._requests.draw()
        # Of the requests about streams some are broken already.
        if not self._streams and self._random.random() < FAULTY:
            request = self._faults.broken(request)
        same = self._compare(request)
        if same and request.operation in WRITES and self._random.random() < READ_BACK:
            same = self._read_back(request)
        if same and request.touches and self._random.random() < READ_BACK:
            same = self._read_touched(request)
        if not same:
            self._repair()
            self._tokens.forget()
            if self._streams:
                self._streams.skip()
        elif self._random.random() < READ_RECORDS:
            self._compare_records()
        return None

    def _compare_records(self) -> None:
        """What the streams say of the writes since the last time."""
        if self._streams is None or self.dropped:
            return
        for request, aspects in self._streams.records():
            self.sent += 1
            self.found += differences(request, aspects, self._subject)

    def _read_touched(self, request: Request) -> bool:
        """The items as all servers have them now, each by itself: to read several takes what is under test."""
        for table, key in request.touches:
            read = {"TableName": table.name, "Key": key, "ConsistentRead": True}
            if not self._compare(Request("GetItem", read, table, notes={"after": request.operation})):
                return False
        return True

    def _read_back(self, request: Request) -> bool:
        body = request.body
        key = body.get("Key") or body.get("Item") if isinstance(body, dict) else None
        table = request.table
        if not isinstance(key, dict) or table is None or any(name not in key for name in table.key_names):
            return True
        wanted = {name: key[name] for name in table.key_names}
        read = {"TableName": table.name, "Key": wanted, "ConsistentRead": True}
        return self._compare(Request("GetItem", read, table, notes={"after": request.operation}))

    def _control_sequence(self, control: ControlRequests) -> None:
        create = control.create()
        table = create.table
        assert table is not None
        own = table.name
        if self._random.random() < FAULTY:
            create = self._faults.broken(create)
            keep_own_name(create.body, own)
        # After a difference nothing more is asked: the table may be there on some servers only.
        if self._compare(create):
            self._wait_active(own)
            for request in control.others(table):
                if self._random.random() < 0.5 and not self._compare(self._perhaps_broken(request)):
                    break
                self._wait_active(own)
        self._links.ask_all("DeleteTable", {"TableName": own})

    def _stream_control_sequence(self, control: StreamControlRequests, streams: Streams) -> None:
        """Streams and times to live are switched on and off, as long as all servers agree on how they stand."""
        create = control.create()
        table = create.table
        assert table is not None
        keep_own_name(create.body, table.name)
        self._compare(create)
        for request in control.others(table):
            self._wait_active(table.name)
            if not streams.agree(table):
                break
            self._compare(request)
        self._links.ask_all("DeleteTable", {"TableName": table.name})

    def _perhaps_broken(self, request: Request) -> Request:
        if self._random.random() < FAULTY:
            return self._faults.broken(request)
        return request

    def _compare(self, request: Request) -> bool:
        """Sends a request to all; whether all answered alike."""
        pages = self._walk(request)
        self.sent += 1
        aspects = {name: reading.outcome(request, list_of) for name, list_of in pages.items()}
        if aspects[self._subject]["outcome"] != "success":
            self.refusals[f"{request.operation} {outcome_template(aspects[self._subject])}"] += 1
        found = differences(request, aspects, self._subject)
        self.found += found
        for name, list_of in pages.items():
            if list_of[-1] is NO_ANSWER and name != self._subject:
                self._drop(name)
        return not found

    def _walk(self, request: Request) -> dict[str, list[Answer]]:
        """The answers of all; those of a paged request to its end, each server following its own keys."""
        pages = {name: [answer] for name, answer in self._ask(request).items()}
        if not request.walk or not isinstance(request.body, dict):
            return pages
        for _ in range(PAGES_MAX):
            bodies = {}
            for name, answers in pages.items():
                start = next_start(answers[-1])
                if start:
                    bodies[name] = {**request.body, **start}
            if not bodies:
                break
            for name, answer in self._links.ask(request.operation, bodies).items():
                pages[name].append(answer)
        return pages

    def _ask(self, request: Request) -> dict[str, Answer]:
        if self._streams is None:
            return self._links.ask_all(request.operation, request.body)
        answers = self._links.ask(request.operation, self._streams.bodies(request))
        return {name: self._streams.told(request, name, answer) for name, answer in answers.items()}

    # Equal ground.

    def _make(self, table: Table) -> None:
        """Makes a table everywhere; a peer that cannot is left out."""
        for name, answer in self._links.ask_all("CreateTable", table.definition()).items():
            if answer.status != 200:
                self._drop(name)
        self._wait_active(table.name)

    def _wait_active(self, table: str) -> None:
        """Until no server says that the table is on its way."""
        deadline = time.monotonic() + ACTIVE_SECONDS
        waiting = list(self._links.names)
        while waiting and time.monotonic() < deadline:
            answers = self._links.ask("DescribeTable", {name: {"TableName": table} for name in waiting})
            waiting = [name for name, answer in answers.items() if on_its_way(answer)]
            if waiting:
                time.sleep(0.005)

    def _repair(self) -> None:
        for table in self._tables:
            contents = {name: self._contents(name, table) for name in self._links.names}
            wanted = contents.pop(self._subject, None)
            if wanted is None:
                return
            for name, found in contents.items():
                if found is None or not self._make_equal(name, table, found, wanted):
                    self._drop(name)

    def _make_equal(self, name: str, table: Table, found: dict[str, Item], wanted: dict[str, Item]) -> bool:
        for key in found.keys() - wanted.keys():
            body = {"TableName": table.name, "Key": {part: found[key][part] for part in table.key_names}}
            if self._links.ask("DeleteItem", {name: body})[name].status != 200:
                return False
        for key, item in wanted.items():
            if reading.canonical(found.get(key)) == reading.canonical(item):
                continue
            body = {"TableName": table.name, "Item": item}
            if self._links.ask("PutItem", {name: body})[name].status != 200:
                return False
            read = {"TableName": table.name, "Key": {part: item[part] for part in table.key_names}}
            back = self._links.ask("GetItem", {name: read})[name]
            if reading.canonical(back.json().get("Item")) != reading.canonical(item):
                return False
        return True

    def _contents(self, name: str, table: Table) -> dict[str, Item] | None:
        body: dict[str, Any] = {"TableName": table.name}
        contents: dict[str, Item] = {}
        for _ in range(PAGES_MAX):
            answer = self._links.ask("Scan", {name: body})[name]
            if answer.status != 200:
                return None
            page = answer.json()
            for item in page["Items"]:
                contents[str([item[part] for part in table.key_names])] = item
            if "LastEvaluatedKey" not in page:
                return contents
            body = {**copy.copy(body), "ExclusiveStartKey": page["LastEvaluatedKey"]}
        return None

    def _drop(self, name: str) -> None:
        if name in self._links.names:
            self._links.drop(name)
            self.dropped.append(name)


def keep_own_name(body: Any, own: str) -> None:
    """Episodes run side by side: a break may take the table's name, but not give it one that others use."""
    if isinstance(body, dict) and NAME.fullmatch(str(body.get("TableName"))):
        body["TableName"] = own


def next_start(answer: Answer) -> dict[str, Any]:
    """What a request for the next page says more; nothing behind the last one."""
    if answer.status != 200:
        return {}
    try:
        body = answer.json()
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    # A statement answers both: its token is what goes on.
    said = [name for name in ("NextToken", "LastEvaluatedKey") if body.get(name) is not None]
    return {PAGING[said[0]]: body[said[0]]} if said else {}


def on_its_way(answer: Answer) -> bool:
    if answer.status != 200:
        return False
    table = answer.json()["Table"]
    states = [table["TableStatus"], *(index["IndexStatus"] for index in table.get("GlobalSecondaryIndexes", []))]
    return any(state != "ACTIVE" for state in states)
