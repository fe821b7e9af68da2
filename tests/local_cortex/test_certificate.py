"""A certificate that only those trust who are told to."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
from pathlib import Path

import certifi
import pytest

from local_cortex.loopback import write_certificate


def handshake(server: Path, trusted: str, name: str) -> None:
    """Shake hands as a client that trusts the authorities in the file ``trusted``."""
    shake_hands(ssl.create_default_context(cafile=trusted), server, name)


def shake_hands(client: ssl.SSLContext, server: Path, name: str) -> None:
    """Shake hands over a socket pair; raises what the client says of the certificate."""
    ours, theirs = socket.socketpair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)

    def serve() -> None:
        try:
            context.wrap_socket(ours, server_side=True).close()
        except (ssl.SSLError, OSError):
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(theirs, server_hostname=name).close()
    finally:
        theirs.close()
        thread.join(30)


def test_who_is_given_the_bundle_trusts_the_server_by_its_names_and_by_an_accounts(
    tmp_path: Path,
) -> None:
    server, bundle, _ = write_certificate(tmp_path, {})
    for name in ("127.0.0.1", "localhost", "account.snowflakecomputing.com"):
        handshake(server, str(bundle), name)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(server, str(bundle), "example.com")


def test_nobody_else_trusts_it(tmp_path: Path) -> None:
    server, *_ = write_certificate(tmp_path, {})
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, certifi.where(), "127.0.0.1")


def test_the_bundle_still_trusts_the_public_authorities_and_holds_no_key(tmp_path: Path) -> None:
    _, bundle, _ = write_certificate(tmp_path, {})
    text = bundle.read_text()
    assert Path(certifi.where()).read_text().strip() in text
    assert "PRIVATE KEY" not in text


def test_every_authority_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    server, *_ = write_certificate(tmp_path / "a", {})
    _, other, _ = write_certificate(tmp_path / "b", {})
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, str(other), "127.0.0.1")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    server, *_ = write_certificate(tmp_path, {})
    assert stat.S_IMODE(server.stat().st_mode) == 0o600


def test_an_authority_that_the_environment_names_is_trusted_as_well(tmp_path: Path) -> None:
    named = tmp_path / "corporate.pem"
    named.write_text("CORPORATE AUTHORITY")
    _, bundle, _ = write_certificate(
        tmp_path, {"REQUESTS_CA_BUNDLE": str(named), "SSL_CERT_FILE": ""}
    )
    assert "CORPORATE AUTHORITY" in bundle.read_text()
