"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from scanner.demo.embedded import environment

# A landing must not hang on a throw of the dice: by default the same examples are tried each time, and what a search
# finds becomes an example of its own. Search with `pytest --hypothesis-profile=search`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile(
    "search",
    max_examples=3_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _nobodys_credentials() -> Iterator[None]:
    """Keep the credentials, profiles and proxies of whoever runs the tests out of them."""
    with environment({"AWS_EC2_METADATA_DISABLED": "true"}):
        yield
