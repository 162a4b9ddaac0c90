#!/usr/bin/env bash
# Everything, on both databases and with the race detector; run it beside a
# PostgreSQL (see postgres.sh). The mutants get the time that is left.
# `test.sh tests` leaves out the static checks and the mutants.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

# In seconds since the run began, whose beginning .ci/run tells: when no mutant
# is begun any more, and when everything must have ended.
readonly mutants=900 longest=1560
readonly began=${VESTIBULE_TEST_BEGAN:-$(date +%s)}
readonly ends=$((began + longest))

# SQLite is C that has been translated, and Blowfish a loop: the race detector
# makes them many times slower and has nothing to find there. The driver, and
# all that calls it, is watched.
readonly unwatched=(
	-gcflags=modernc.org/sqlite/lib=-race=false
	-gcflags=modernc.org/libc/...=-race=false
	-gcflags=modernc.org/memory=-race=false
	-gcflags=golang.org/x/crypto/blowfish=-race=false
)

begin
[ "${1:-}" = tests ] || static_checks
export VESTIBULE_TEST_DATABASES=both
# Without vet, which is one of the static checks.
gotest test -race "${unwatched[@]}" -vet=off -timeout 20m ./...
# In full, for which the race detector is too slow.
gotest plain -vet=off -run 'Model|Timing|Memory|FalseAlarms' -timeout 10m ./internal/api ./internal/signin ./internal/enroll ./internal/policy/commonest
scripts/browser.sh "$counts" "$ends" || true # what failed is in the counts
if [ "${1:-}" != tests ]; then
	left=$((began + mutants - $(date +%s)))
	if [ "$left" -gt 0 ]; then
		go run ./scripts/mutants -counts "$counts" -budget "${left}s" || true # counted
	else
		echo "No time left for mutants; make mutants runs them."
	fi
fi
finish
