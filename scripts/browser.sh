#!/usr/bin/env bash
# Walks the manuals in a browser, on the databases of this run, and counts the
# tests as go test's are counted.
#
#   browser.sh COUNTS [ENDS]   the file of the counts; when the run must end, in
#                              seconds since 1970
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p .test-results
# Built as "go vet" has built it already, which saves minutes on a new machine.
go build -o .test-results/vestibule ./cmd/vestibule || {
	echo "0 1" >>"$1"
	exit 1
}
export VESTIBULE_BINARY=$PWD/.test-results/vestibule VESTIBULE_TEST_EVENTS=yes
go run ./scripts/testsummary -raw .test-results/browser.json -counts "$1" -until "${2:-0}" -- \
	e2e/node_modules/.bin/playwright test --config e2e
