#!/usr/bin/env bash
# Prints what every row of proof.txt is proven by. It uses the results of the
# last `make test`, or runs the tests when a file has changed since.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! go run ./scripts/proof -fresh; then
	echo "No results of these files yet; running the tests first." >&2
	scripts/postgres.sh run -- scripts/test.sh tests >&2 || true # failures show in the table
fi
go run ./scripts/proof "$@"
