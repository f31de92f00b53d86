#!/usr/bin/env bash
# Ingest beside DuckDB, one core each: ingest.sh BITTERN PEER_SCRIPT PYTHON. Makes 1 GB of m365_audit and of slack_audit logs in a scratch
# folder, lands each with both in turn, three times, and prints seconds. The peer script takes: SOURCE OUT_FOLDER FILE...
set -euo pipefail
bittern=$1 peer=$2 python=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$bittern" generate --out "$scratch/m365_audit" --people 3000 --days 15 --sources m365_audit --events-per-day 25
"$bittern" generate --out "$scratch/slack_audit" --people 3000 --days 12 --sources slack_audit --events-per-day 45
for source in m365_audit slack_audit; do
    for _ in 1 2 3; do
        rm -rf "$scratch/lake" "$scratch/peer"
        TOKIO_WORKER_THREADS=1 taskset -c 0 "$bittern" ingest --lake "$scratch/lake" "$scratch/$source/raw" --format json |
            python3 -c 'import json, sys; s = json.load(sys.stdin); assert s["quarantined"] == 0; print("bittern", s["events"], "events,", round(s["seconds"], 2), "s")'
        taskset -c 0 "$python" "$peer" "$source" "$scratch/peer" "$scratch/$source/raw/$source"/*
    done
done
