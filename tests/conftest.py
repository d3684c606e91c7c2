"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanner.demo.embedded import environment


@pytest.fixture(autouse=True)
def _nobodys_credentials() -> Iterator[None]:
    """Keep the credentials, profiles and proxies of whoever runs the tests out of them."""
    with environment({"AWS_EC2_METADATA_DISABLED": "true"}):
        yield
