#!/usr/bin/env bash
# Installs what the tests need from Debian's packages, and only what is
# missing. This is the one place that knows those packages.
set -euo pipefail
cd "$(dirname "$0")/.."

PATH=$PATH:/usr/sbin:/sbin # where Debian's packages expect their tools

command -v go >/dev/null || {
	echo "Go is not installed, or not on PATH; go.mod names the version." >&2
	exit 1
}
command -v npm >/dev/null || {
	echo "Node and npm are not installed, or not on PATH; the browser tests need version 20 or later." >&2
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
need postfix test -x /usr/sbin/postfix

# The browser tests, and letters for them to show.
need chromium command -v chromium
need fonts-liberation compgen -G '/usr/share/fonts/truetype/liberation*/LiberationSans-Regular.ttf'

packages() {
	[ "${#missing[@]}" -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "These Debian packages are missing, and only root can install them: ${missing[*]}" >&2
		return 1
	fi
	echo "Installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq -o DPkg::Lock::Timeout=300 update
	# Without a configuration no mail server of the machine's begins to run: the
	# tests start one of their own.
	echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
	apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${missing[@]}" >/dev/null
}

# npm's packages are those of the lock file, checked against its sums; what it
# says is of interest when it fails.
browser_tests() {
	local said
	[ ! e2e/node_modules/.package-lock.json -nt e2e/package-lock.json ] || return 0
	echo "Installing the packages of the browser tests"
	said=$(cd e2e && npm ci --no-audit --no-fund --no-progress 2>&1) || {
		echo "$said" >&2
		return 1
	}
}

packages
browser_tests
