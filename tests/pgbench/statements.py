"""The statements that a server sends for one GetItem and one PutItem, taken from the database's log, as scripts of pgbench.

They are what the server really sends, with the parameters that it really has. In these, what belongs to the one item
is replaced: its key, its version, the lane, the version of the commit. A key of pgbench is a number in decimal digits,
because that is what pgbench can make; `filler` puts rows of such keys beside the item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ENTRY = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] (LOG|DETAIL):  (.*)$", re.DOTALL)
START = re.compile(r"^\d{4}-\d\d-\d\d ")
EXECUTE = re.compile(r"^(?:execute \S+|statement): (.*)$", re.DOTALL)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
NUMBER = re.compile(r"\$(\d+)")
FIRST_KEY = 1_000_000_000_000_000_000
STEP = 92_233_720_368_547
# Microseconds since 2020, as versions count.
NOW = "(CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) - 1577836800000000) * 4096 + 4095"


@dataclass(frozen=True)
class Statement:
    """One statement of one session."""

    session: str
    text: str
    parameters: dict[int, str]

    def names(self, key: str) -> bool:
        return any(key in value for value in self.parameters.values())

    def script(self, replaced: dict[str, str]) -> str:
        """The statement with its parameters in place, those that are to be replaced by variables of pgbench."""
        return " ".join(NUMBER.sub(lambda number: self._value(int(number[1]), replaced), self.text).split())

    def _value(self, number: int, replaced: dict[str, str]) -> str:
        value = self.parameters[number]
        if value.startswith("{"):
            members = [member.strip('"').replace("\\\\", "\\") for member in value[1:-1].split(",")]
            if replaced.keys() & set(members):
                return f"ARRAY[{', '.join(replaced.get(member, quote(member)) for member in members)}]"
        return replaced.get(value, quote(value))


def quote(value: str) -> str:
    return f"'{value}'"


def parse(log: str) -> list[Statement]:
    """The statements of a log that was written with `log_statement = all`, in their order."""
    entries: list[str] = []
    for line in log.splitlines():
        if START.match(line):
            entries.append(line)
        elif entries:
            entries[-1] += "\n" + line
    found: list[Statement] = []
    for entry in filter(None, map(ENTRY.match, entries)):
        session, kind, text = entry.groups()
        executed = EXECUTE.match(text)
        if kind == "LOG" and executed:
            found.append(Statement(session, executed[1], {}))
        elif kind == "DETAIL" and text.startswith("parameters: ") and found:
            values = {int(number): value.strip("'") for number, value in PARAMETER.findall(text)}
            found[-1] = Statement(found[-1].session, found[-1].text, values)
    return found


def transaction(statements: list[Statement], key: str) -> list[Statement]:
    """The transaction, from BEGIN to COMMIT, in which a statement names the key."""
    sessions = {one.session for one in statements if one.names(key)}
    for session in sessions:
        own = [one for one in statements if one.session == session]
        begins = [at for at, one in enumerate(own) if one.text.startswith("BEGIN")]
        for begin in begins:
            end = next(at for at in range(begin, len(own)) if own[at].text.startswith("COMMIT"))
            if any(one.names(key) for one in own[begin:end]):
                return own[begin : end + 1]
    raise AssertionError(f"no transaction writes {key}")


def choose(items: int, clients: int) -> str:
    """Chooses an item that no other client chooses at the same time."""
    return (
        f"\\set number :client_id + {clients} * random(0, {items // clients - 1})\n"
        f"\\set key {FIRST_KEY} + :number * {STEP}\n"
        "\\set lane :client_id + 1\n"
    )


def get_script(read: Statement, key: str, items: int, clients: int) -> str:
    return choose(items, clients) + read.script({key: "CAST(:key AS bytea)"}) + ";\n"


def put_script(read: Statement, commit: list[Statement], known: dict[str, str], items: int, clients: int) -> str:
    """The read, from which the version comes, and the transaction, sent as a whole, as the server sends it."""
    found = f"SELECT version AS found, {NOW} AS proposed FROM ({read.script(known)}) AS r"
    sent = "".join(one.script(known) + ";\n" for one in commit)
    return f"{choose(items, clients)}{found} \\gset\n\\startpipeline\n{sent}\\endpipeline\n"


def filler(schema: str, key: str, items: int, clients: int) -> list[str]:
    """What puts rows like that of the key under keys of pgbench, and lanes for its clients."""
    return [
        f"INSERT INTO {schema}.kv SELECT CAST(CAST({FIRST_KEY} + n * {STEP} AS text) AS bytea), k.value, k.version, k.mark"
        f" FROM generate_series(CAST(0 AS bigint), {items - 1}) n, {schema}.kv k"
        f" WHERE k.key = '{key}' ORDER BY md5(CAST(n AS text))",
        f"INSERT INTO {schema}.lanes SELECT n, -1, 1, 0, now() FROM generate_series(1, {clients}) n",
        f"VACUUM ANALYZE {schema}.kv",
    ]
