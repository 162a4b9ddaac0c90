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
export VESTIBULE_TEST_DATABASES=both
gotest test -race -timeout 20m ./...
# In full, for which the race detector is too slow.
gotest plain -run 'Model|Timing|Memory|FalseAlarms' -timeout 10m ./internal/api ./internal/signin ./internal/enroll ./internal/policy/commonest
scripts/browser.sh "$counts" || true # what failed is in the counts
if [ "${1:-}" != tests ]; then
	left=$((longest - SECONDS))
	go run ./scripts/mutants -counts "$counts" -budget "$((left > 0 ? left : 1))s" || true # counted
fi
finish
