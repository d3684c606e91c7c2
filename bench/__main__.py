"""Every benchmark, one after another: ``make bench``."""

from __future__ import annotations

import sys

from bench import evaluation, scan

if __name__ == "__main__":
    sys.exit(max(scan.main([]), evaluation.main([])))
