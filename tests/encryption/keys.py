"""Every wrong, missing or changed key: each is refused in words that say what to do, and nothing is touched."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from encryption.commands import refused, stator, succeed
from encryption.secrecy import Marks, missing, write
from harness import servers

ITEMS = 100


def begin(data: Path, *extra: str) -> tuple[Marks, list[str]]:
    """A directory with a few items, of a server that was killed."""
    marks = Marks()
    server = servers.start_stator(data, extra)
    try:
        faults = write(server.endpoint, marks, ITEMS)
        server.kill()
    finally:
        server.close()
    return marks, faults


def readable(data: Path, marks: Marks, *extra: str) -> list[str]:
    """Whether everything is there."""
    server = servers.start_stator(data, extra)
    try:
        faults = missing(server.endpoint, marks, ITEMS)
        if server.stop() != 0:
            faults.append("the server did not end well")
    finally:
        server.close()
    return faults


def check_refusals(folder: Path) -> list[str]:
    data, key, other = folder / "data", folder / "key", folder / "other"
    named = ("--master-key", f"file:{key}")
    marks, faults = begin(data, *named, "--make-master-key")
    if key.stat().st_mode & 0o777 != 0o600:
        faults.append("the master key that was made can be read by others")
    faults += succeed("keys", "make", other)
    faults += refused(data, "is encrypted: give its master key with --master-key")
    faults += refused(data, "wrong master key", "--master-key", f"file:{other}")
    key.chmod(0o644)
    faults += refused(data, "chmod 600", *named)
    key.chmod(0o600)
    faults += refused(data, "give file:PATH, env:VARIABLE or kms:KEY", "--master-key", "vault:x")
    faults += refused(data, "the variable is not set", "--master-key", "env:STATOR_TEST_NO_SUCH_KEY")
    away = key.rename(folder / "away")
    faults += refused(data, "there is no such file", *named)
    faults += refused(data, "is not made: the store is not known to be new", *named, "--make-master-key")
    if key.exists():
        faults.append("a master key was made for a store that is not new")
    away.rename(key)
    faults += check_key_file(data, named)
    checked = stator("check", "--data", data)
    if "is encrypted" not in checked.stderr:
        faults.append(f"stator check without key said: {checked.stdout}{checked.stderr}")
    faults += succeed("check", "--data", data, *named)
    return faults + readable(data, marks, *named)


def check_key_file(data: Path, named: tuple[str, str]) -> list[str]:
    """A damaged and a lost key file."""
    keys = data / "keys.json"
    whole = keys.read_bytes()
    keys.write_bytes(whole[: len(whole) // 2])
    faults = refused(data, "keys.json is damaged", *named)
    keys.write_bytes(whole.replace(b'"made": ', b'"made": 1'))
    faults += refused(data, "its digest is wrong", *named)
    keys.unlink()
    faults += refused(data, "keys.json is missing: put it back from a backup", *named)
    faults += refused(data, "keys.json is missing: put it back from a backup")
    keys.write_bytes(whole)
    return faults


def check_plain(folder: Path) -> list[str]:
    """A directory that was begun without encryption stays as it is, and can be copied into one with."""
    data, key, copy = folder / "data", folder / "key", folder / "copy"
    marks, faults = begin(data)
    faults += succeed("keys", "make", key)
    named = ("--master-key", f"file:{key}")
    faults += refused(data, "was begun without encryption: start without --master-key", *named)
    faults += succeed("keys", "encrypt", "--data", data, "--to", copy, *named)
    found = marks.found(copy)
    faults += [f"the {kind} stands in {', '.join(names)} of the encrypted copy" for kind, names in found.items()]
    return faults + readable(data, marks) + readable(copy, marks, *named) + succeed("check", "--data", copy, *named)


def check_rotation(folder: Path) -> list[str]:
    data, key, other = folder / "data", folder / "key", folder / "other"
    faults = succeed("keys", "make", key) + succeed("keys", "make", other)
    old, new = ("--master-key", f"file:{key}"), ("--master-key", f"file:{other}")
    marks, more = begin(data, *old)
    faults += more + succeed("keys", "rotate", "--data", data, *old)
    faults += readable(data, marks, *old)
    shown = stator("keys", "show", "--data", data).stdout
    if "data key 2" not in shown or shown.rstrip().endswith("encrypts 0 files"):
        faults.append(f"new files are not encrypted with the new data key: {shown}")
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.name != "keys.json"}
    faults += succeed("keys", "rotate", "--data", data, *old, "--new-master-key", f"file:{other}")
    if before != {path.name: path.read_bytes() for path in data.iterdir() if path.name != "keys.json"}:
        faults.append("a change of the master key touched more than the key file")
    faults += refused(data, "wrong master key", *old)
    faults += readable(data, marks, *new)
    server = servers.start_stator(data, new)
    rotated = stator("keys", "rotate", "--data", data, *new)
    server.close()
    if "in use by another process" not in rotated.stderr:
        faults.append(f"keys were rotated under a running server: {rotated.stdout}{rotated.stderr}")
    return faults


def check_variable(folder: Path) -> list[str]:
    """A master key in the environment, in both forms."""
    faults = []
    for form, text in (("base64", base64.b64encode(secrets.token_bytes(32)).decode()), ("hex", secrets.token_hex(32))):
        data, variables = folder / form, {"STATOR_TEST_KEY": text}
        master_key = ("--master-key", "env:STATOR_TEST_KEY")
        result = stator("keys", "encrypt", "--data", folder / "none", "--to", data, *master_key, variables=variables)
        if "it has no file CURRENT" not in result.stderr:
            faults.append(f"the key in {form} was not taken: {result.stderr}")
        short = stator("check", "--data", folder, *master_key, variables={"STATOR_TEST_KEY": text[:-4]})
        if "32 bytes in base64" not in short.stderr:
            faults.append(f"a short key in {form} was answered: {short.stderr}")
    return faults
