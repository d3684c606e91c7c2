#!/bin/sh
# Install Debian packages that are missing: as root by apt, for others by naming them.
set -eu
missing=""
for package in "$@"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "These Debian packages are missing. Install them, then run make again:" >&2
  echo "  sudo apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 - one word a package
apt-get install --yes --quiet --no-install-recommends $missing >/dev/null 2>&1 && exit 0
apt-get update --quiet >/dev/null
# shellcheck disable=SC2086
apt-get install --yes --quiet --no-install-recommends $missing >/dev/null
