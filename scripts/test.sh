#!/usr/bin/env bash
# Everything, on both databases and with the race detector; run it beside a
# PostgreSQL (see postgres.sh). The mutants get the time that is left.
# `test.sh tests` leaves out the static checks and the mutants.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

readonly longest=1380 # seconds

begin
[ "${1:-}" = tests ] || static_checks
VESTIBULE_TEST_DATABASES=both gotest test -race -timeout 15m ./...
if [ "${1:-}" != tests ] && [ "$((longest - SECONDS))" -gt 0 ]; then
	go run ./scripts/mutants -counts "$counts" -budget "$((longest - SECONDS))s" || true # counted
fi
finish
