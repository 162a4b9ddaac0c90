#!/usr/bin/env bash
# The loop while working: static checks and the tests on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

begin
static_checks
VESTIBULE_TEST_DATABASES=sqlite gotest check ./...
finish
