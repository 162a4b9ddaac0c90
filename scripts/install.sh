#!/usr/bin/env bash
# Installs what the tests need from Debian's packages, and only what is
# missing. This is the one place that knows those packages.
set -euo pipefail

command -v go >/dev/null || {
	echo "Go is not installed, or not on PATH; go.mod names the version." >&2
	exit 1
}

missing=()
need() { # need PACKAGE TEST…: the package is missing when the test fails
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}

need git command -v git
need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
# The race detector links with a C compiler.
need gcc command -v gcc
need libc6-dev test -e /usr/include/stdlib.h
need postgresql compgen -G '/usr/lib/postgresql/*/bin/initdb'

[ "${#missing[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "These Debian packages are missing, and only root can install them: ${missing[*]}" >&2
	exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${missing[@]}" >/dev/null
