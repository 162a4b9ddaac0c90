#!/usr/bin/env bash
# Runs every fuzz target of the repository for FUZZTIME, one after the other.
# What it finds is written below testdata/fuzz and belongs into the commit
# that repairs it.
set -euo pipefail
cd "$(dirname "$0")/.."

export VESTIBULE_TEST_DATABASES=${VESTIBULE_TEST_DATABASES:-sqlite}
failed=0
while IFS=: read -r file target; do
	echo "== $(dirname "$file") $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "./$(dirname "$file")" || failed=1
done < <(git ls-files -co --exclude-standard -- '*_test.go' |
	xargs -r grep -H '^func Fuzz' | sed -n 's/^\([^:]*\):func \(Fuzz[A-Za-z0-9_]*\)(.*/\1:\2/p')
exit "$failed"
