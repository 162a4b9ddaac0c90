#!/usr/bin/env bash
# A throw-away PostgreSQL of one's own.
#
#   postgres.sh start          starts it and prints its address
#   postgres.sh url            prints the address of the one started
#   postgres.sh stop           stops it and removes its data
#   postgres.sh run [--durable] -- COMMAND…
#       runs the command beside a new one, its address in
#       VESTIBULE_TEST_POSTGRES, and removes it afterwards
#
# It listens on 127.0.0.1 at a free port. It does not wait for the disk, so
# a crash of the machine would lose it; --durable makes it wait as a real one
# does, which is what a benchmark must measure. An address that is already in
# VESTIBULE_TEST_POSTGRES is used as it is.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # runuser is there, and not every PATH leads there

readonly database=vestibule_test

# PostgreSQL refuses to run as root.
as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

programs() { # the folder of the newest PostgreSQL's programs
	compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1
}

# A place the postgres user can reach too.
base() {
	local place=${TMPDIR:-/tmp}
	as_postgres test -x "$place" || place=/tmp
	echo "$place"
}

free_port() { # below the ports the system hands out by itself
	local port
	while :; do
		port=$((RANDOM % 12000 + 20000))
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

create() { # create DIR fast|durable
	local dir=$1 kind=$2 bin
	bin=$(programs)
	as_postgres "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust \
		--encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log" >&2; return 1; }
	{
		echo "listen_addresses = '127.0.0.1'"
		echo "unix_socket_directories = '$dir'"
		echo "max_connections = 200"
		echo "max_locks_per_transaction = 256" # tests drop whole schemas
		echo "shared_buffers = 256MB"
		[ "$kind" = durable ] || printf '%s = off\n' fsync synchronous_commit full_page_writes
	} >>"$dir/data/postgresql.conf"
	up "$dir" "$bin"
	"$bin/createdb" --host=127.0.0.1 --port="$(cat "$dir/port")" --username=postgres "$database"
}

up() { # up DIR BIN: another process may take the port meanwhile, so try twice more
	local dir=$1 bin=$2 port
	for _ in 1 2 3; do
		port=$(free_port)
		if as_postgres "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait --timeout=60 \
			--options="-p $port" start >/dev/null 2>&1; then
			echo "$port" >"$dir/port"
			return 0
		fi
	done
	cat "$dir/log" >&2
	return 1
}

address() { # address DIR
	echo "postgres://postgres@127.0.0.1:$(cat "$1/port")/$database?sslmode=disable"
}

running() { # running DIR
	as_postgres "$(programs)/pg_ctl" --pgdata="$1/data" status >/dev/null 2>&1
}

destroy() { # destroy DIR
	[ ! -d "$1/data" ] ||
		as_postgres "$(programs)/pg_ctl" --pgdata="$1/data" --mode=immediate --wait stop >/dev/null 2>&1 || true
	rm -rf "$1"
}

run() {
	local kind=fast dir status=0
	if [ "${1:-}" = --durable ]; then
		kind=durable
		shift
	fi
	[ "${1:-}" != -- ] || shift
	[ -z "${VESTIBULE_TEST_POSTGRES:-}" ] || exec "$@"
	dir=$(as_postgres mktemp -d "$(base)/vestibule-postgres-XXXXXX")
	# shellcheck disable=SC2064 # the folder's name is wanted as it is now
	trap "destroy '$dir'" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	create "$dir" "$kind"
	VESTIBULE_TEST_POSTGRES=$(address "$dir") "$@" || status=$?
	exit "$status"
}

main() {
	local fixed
	fixed=$(base)/vestibule-postgres-$(id -u)
	case ${1:-} in
	start)
		if [ -e "$fixed/port" ]; then
			running "$fixed" || up "$fixed" "$(programs)" # the machine has been restarted
		else
			# A folder somebody else has put there is not ours to use.
			as_postgres mkdir -m 0700 "$fixed"
			create "$fixed" fast || { destroy "$fixed"; return 1; }
		fi
		address "$fixed"
		;;
	url) address "$fixed" ;;
	stop) destroy "$fixed" ;;
	run)
		shift
		run "$@"
		;;
	*)
		sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
		exit 2
		;;
	esac
}

main "$@"
