# Sourced by the scripts that run several checks and go on after one failed.
# Every check appends "passed failed" to a file of this run's own. A script that
# must end sets "ends", in seconds since 1970: what is left then has failed.
# shellcheck shell=bash

readonly results=.test-results
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT

begin() {
	mkdir -p "$results"
	rm -f "$results/closing"
}

# step NAME COMMAND… counts as one test.
step() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		printf 'ok    %s\n' "$name"
		echo "1 0" >>"$counts"
	else
		printf 'FAIL  %s\n%s\n' "$name" "$output"
		echo "0 1" >>"$counts"
	fi
}

formatted() {
	local wrong
	wrong=$(gofmt -l .)
	[ -z "$wrong" ] || { printf 'gofmt would change:\n%s\n' "$wrong"; return 1; }
}

static_checks() {
	step gofmt formatted
	step "go vet" go vet ./...
	step staticcheck go tool staticcheck ./...
}

# gotest NAME ARGUMENTS… runs go test and counts every test.
gotest() {
	local name=$1
	shift
	go run ./scripts/testsummary -raw "$results/$name.json" -counts "$counts" -until "${ends:-0}" -- \
		go test -json -p 2 "$@" || true # what failed is in the counts
}

# finish prints the closing line; nothing counted is a failure too.
finish() {
	awk '{ passed += $1; failed += $2 } END { printf "%d passed, %d failed\n", passed, failed }' \
		"$counts" | tee "$results/closing"
	grep -q '^[1-9][0-9]* passed, 0 failed$' "$results/closing"
}
