#!/usr/bin/env bash
# The long form of races, models and timing statistics, on both databases.
# Without the race detector, which would distort the timing.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

begin
VESTIBULE_SOAK=1 VESTIBULE_TEST_DATABASES=both \
	gotest soak -timeout 30m -count=1 -run 'Soak|Model|Timing|Race' ./...
finish
