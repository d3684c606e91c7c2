"""Debian's PostgreSQL 15 with TLS, SCRAM and pgaudit, and a second one that is badly configured; each starts once.

A server refuses to run as root, so it runs as the user `postgres` then. What is in it is gone with the process.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BIN = Path("/usr/lib/postgresql/15/bin")
_USER = "postgres"

GOOD_HBA = """\
local all postgres peer map=admin
hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl all all 0.0.0.0/0 reject
host all all 0.0.0.0/0 scram-sha-256
"""
BAD_HBA = """\
local all postgres peer map=admin
host all guest 127.0.0.1/32 trust
host all all 127.0.0.1/32 md5
host all all 0.0.0.0/0 password
"""
GOOD: Mapping[str, str] = {
    "ssl": "on",
    "ssl_cert_file": "server.crt",
    "ssl_key_file": "server.key",
    "ssl_min_protocol_version": "TLSv1.2",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "pgaudit",
    "pgaudit.log": "write, read, role",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_parameter_max_length": "0",
}
BAD: Mapping[str, str] = {
    "ssl": "off",
    "password_encryption": "md5",
    # Without its module this is a setting of nobody.
    "pgaudit.log": "all",
    "log_statement": "all",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    port: int
    folder: Path
    certificate: Path

    def admin(self, database: str = "postgres") -> str:
        """Return the connection string of its superuser, by way of the socket."""
        return f"host={self.folder} port={self.port} user={_USER} dbname={database}"

    def dsn(self, user: str, password: str, database: str, more: str = "") -> str:
        """Return the connection string of a role, over the network."""
        return f"host=127.0.0.1 port={self.port} user={user} password={password} dbname={database} {more}".strip()

    def run(self, script: str, database: str = "postgres") -> None:
        """Run SQL as the superuser."""
        with psycopg.connect(self.admin(database), autocommit=True) as connection:
            connection.execute(script.encode())


@functools.cache
def good_server() -> Server:
    """Return the server that is as it should be."""
    return _start(GOOD, GOOD_HBA)


@functools.cache
def bad_server() -> Server:
    """Return the one that is not."""
    return _start(BAD, BAD_HBA)


def create(server: Server, database: str, script: str) -> None:
    """Make a database anew and fill it."""
    server.run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    server.run(f'CREATE DATABASE "{database}"')
    server.run(script, database)


@functools.cache
def _cluster() -> Path:
    """Return a cluster that was just made, to copy: making one takes longer than a copy."""
    folder = _folder()
    made = folder / "data"
    options = ("--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", f"--username={_USER}", "--no-instructions")
    _as_owner(str(BIN / "initdb"), "-D", str(made), *options)
    return made


def _start(settings: Mapping[str, str], rules: str) -> Server:
    folder = _folder()
    data = folder / "data"
    shutil.copytree(_cluster(), data, symlinks=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    # Nothing here has to outlive a power cut, and nobody is to be kept waiting.
    fixed = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "shared_buffers": "16MB",
        "max_connections": "30",
        "max_wal_senders": "0",
        "wal_level": "minimal",
    }
    lines = (f"{name} = '{value}'\n" for name, value in {**fixed, **settings}.items())
    (data / "postgresql.conf").write_text("".join(lines))
    (data / "pg_hba.conf").write_text(rules)
    (data / "pg_ident.conf").write_text(f"admin {pwd.getpwuid(os.geteuid()).pw_name} {_USER}\n")
    _certificate(data)
    _own(folder)
    _as_owner(str(BIN / "pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(folder / "log"), "start")
    atexit.register(_stop, data)
    return Server(port, folder, data / "server.crt")


def _stop(data: Path) -> None:
    with contextlib.suppress(subprocess.CalledProcessError):
        _as_owner(str(BIN / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "-s", "stop")


def _folder() -> Path:
    # The path of a socket has at most 107 bytes, and the folders of pytest belong to root alone.
    folder = Path(tempfile.mkdtemp(prefix="keyaudit-pg-"))
    _own(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_USER)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _as_owner(*command: str) -> None:
    words = list(command)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_USER)
        words = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", *words]
    # A server that keeps our pipe open would keep us waiting for its end.
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def _certificate(data: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    (data / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (data / "server.key").touch(mode=0o600)
    (data / "server.key").write_bytes(private)
