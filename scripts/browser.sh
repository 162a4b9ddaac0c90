#!/usr/bin/env bash
# Walks the manuals in a browser, on the databases of this run, and counts the
# tests as go test's are counted; its one argument is the file of the counts.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p .test-results
CGO_ENABLED=0 go build -trimpath -o .test-results/vestibule ./cmd/vestibule || {
	echo "0 1" >>"$1"
	exit 1
}
export VESTIBULE_BINARY=$PWD/.test-results/vestibule VESTIBULE_TEST_EVENTS=yes
go run ./scripts/testsummary -raw .test-results/browser.json -counts "$1" -- \
	e2e/node_modules/.bin/playwright test --config e2e
