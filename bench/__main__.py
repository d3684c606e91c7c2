"""Every benchmark, one after another: ``make bench``."""

from __future__ import annotations

import sys

from bench import envelope, evaluation, history, leaks, log_groups, organization, package, report, scan

if __name__ == "__main__":
    sys.exit(
        max(
            one.main([])
            for one in (scan, evaluation, report, log_groups, organization, envelope, package, leaks, history)
        )
    )
