"""Encryption at rest, seen from outside: what a thief of the data directory finds, and what wrong keys are told.

`secrecy` searches every file that a killed server left for everything that was written. `refusals`, `plain`, `rotation`
and `variable` are about keys in files and in the environment, `kms` about one in a KMS.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from encryption import keys, kms, secrecy
from encryption.commands import succeed

ITEMS = 40_000
ITEMS_SHORT = 10_000
SHOWN_FAULTS = 10


def check_secrecy(items: int) -> Callable[[Path], list[str]]:
    def check(folder: Path) -> list[str]:
        key = folder / "key"
        return succeed("keys", "make", key) + secrecy.check(folder, f"file:{key}", items)

    return check


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/run encryption", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{ITEMS_SHORT} items")
    parser.add_argument("--parts", default="secrecy,refusals,plain,rotation,variable,kms")
    options = parser.parse_args(arguments)
    # What the machine's user has must not decide: the servers that are started inherit these.
    os.environ.update(kms.ACCESS)
    parts = {
        "secrecy": check_secrecy(ITEMS_SHORT if options.short else ITEMS),
        "refusals": keys.check_refusals,
        "plain": keys.check_plain,
        "rotation": keys.check_rotation,
        "variable": keys.check_variable,
        "kms": kms.check,
    }
    passed, failed = 0, 0
    for name in options.parts.split(","):
        print(f"encryption: {name}", flush=True)
        folder = Path(tempfile.mkdtemp(prefix=f"stator-encryption-{name}-"))
        faults = parts[name](folder)
        for fault in faults[:SHOWN_FAULTS]:
            print(f"  {fault}")
        if faults:
            print(f"  the data is kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        passed, failed = passed + (not faults), failed + bool(faults)
    print(f"{passed} passed, {failed} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
