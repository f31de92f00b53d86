#!/usr/bin/env bash
# A query alone and over 1, 2, 4 and 8 workers of one core each: cluster.sh BITTERN TABLE=FOLDER QUERY_FILE [REPEATS], the table and the query
# as in benches/sql/daily.sql. Workers are pinned to cores in turn, so that more workers than cores show what spreading costs, and as many as
# cores what it brings. Prints CSV: workers, cores, seconds, MiB exchanged, rows, hash of the answer. "0" is one process with one core, "all" one
# process with every core, "plan" the planning alone.
set -euo pipefail
bittern=$(realpath "$1") table=${2%%=*}=$(realpath "${2#*=}") query=$(realpath "$3") repeats=${4:-3}
scratch=$(mktemp -d)
workers=()
trap 'kill -KILL "${workers[@]}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
cores=$(nproc)
cd "$scratch"
cat >bittern.toml <<TOML
key_file = "key"
lake = "lake"
[cluster]
task_mib = 1.0
partitions = 2
pages = ""
TOML
"$bittern" status --config bittern.toml >/dev/null
of() { "$bittern" --config bittern.toml sql --table "$table" --format json "$@"; }
measure() { # WORKERS CORES COORDINATORS_CORES [flags]
    local count=$1 used=$2 own=$3 began ended hash rows exchanged
    shift 3
    exchanged=$(of "$@" -c "EXPLAIN ANALYZE $(grep -v '^--' "$query")" 2>/dev/null |
        python3 -c '
import re, sys
text = sys.stdin.read()
scale = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
print(round(sum(float(n) * scale[u or "B"] for n, u in re.findall(r"bytes_transferred=([0-9.]+) ?([KMG]?i?B)?", text)) / 1024**2, 1))')
    for _ in $(seq "$repeats"); do
        began=$(date +%s.%N)
        taskset -c "$own" "$bittern" --config bittern.toml sql --table "$table" --format json "$@" -f "$query" >answer
        ended=$(date +%s.%N)
        rows=$(wc -l <answer)
        hash=$(LC_ALL=C sort answer | sha256sum | cut -c1-12)
        echo "$count,$used,$(python3 -c "print(round($ended - $began, 2))"),$exchanged,$rows,$hash"
    done
}
echo "workers,cores,seconds,exchanged_mib,rows,hash"
measure 0 1 0
measure all "$cores" "0-$((cores - 1))"
for count in 1 2 4 8; do
    urls=()
    for number in $(seq 0 $((count - 1))); do
        TOKIO_WORKER_THREADS=1 taskset -c $((number % cores)) "$bittern" --config bittern.toml worker --listen 127.0.0.1:0 2>"w$number" &
        workers[number]=$!
    done
    for number in $(seq 0 $((count - 1))); do
        for _ in $(seq 600); do grep -q '^listening on' "w$number" && break; sleep 0.1; done
        urls+=("http://$(sed -n 's/^listening on \([0-9.:]*\).*/\1/p' "w$number")")
    done
    used=$((count < cores ? count : cores))
    if [ "$count" = 1 ]; then
        began=$(date +%s.%N)
        of --workers "${urls[0]}" -c "EXPLAIN $(grep -v '^--' "$query")" >/dev/null
        echo "plan,1,$(python3 -c "print(round($(date +%s.%N) - $began, 2))"),0,0,"
    fi
    measure "$count" "$used" "0-$((cores - 1))" --workers "$(IFS=,; echo "${urls[*]}")"
    kill -KILL "${workers[@]}"
    wait "${workers[@]}" 2>/dev/null || true
    workers=()
done
