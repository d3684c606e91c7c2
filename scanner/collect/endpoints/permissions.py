"""What the probe of endpoints needs: lines to their hosts, and no right of any kind."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.operation import Operation


def rights(operations: Iterable[Operation]) -> str:
    """Return what is opened, and what for. Empty for none."""
    asked = list(operations)
    if not asked:
        return ""
    lines = [
        "# No account, no key and no right: outgoing TCP from this machine to the host and port of each `url:` and",
        "# `jwks:` of the estate file's `endpoints:`, and to no other (no proxy, no redirect); with `revocation: ask`",
        "# as well to port 80 or 443 of the OCSP and CRL hosts that the certificates name.",
        "# Nothing secret is sent: first messages of TLS, handshakes, and GETs without credentials.",
        *(f"#   {operation.name}: {operation.purpose}" for operation in asked),
    ]
    return "".join(f"{line}\n" for line in lines)
