#!/bin/sh
# Make the virtual environment. Debian's Python needs python3-venv for it.
set -eu
python=$1
venv=$2
here=$(dirname "$0")
if ! command -v "$python" >/dev/null; then
  sh "$here/apt.sh" python3 python3-venv
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "keyaudit needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $venv" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  sh "$here/apt.sh" python3-venv
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
