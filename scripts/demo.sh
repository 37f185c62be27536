#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo: a real model answers through `aver serve`, and it is shown which key
# signed the exact bytes of that answer, and what vouches for that key. The CPU
# is simulated, and the output says so; no GPU is used. Status 0 only if every
# check passed.
set -euo pipefail
cd "$(dirname "$0")/.."

aver=${AVER:-build/aver}
work=$(mktemp -d)
pids=()
cleanup() {
    local p
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
    for p in "${pids[@]}"; do wait "$p" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
plain() { printf '\n%s\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { plain "$@"; }
die() {
    echo "demo: $*" >&2
    exit 1
}

# wait_for FILE PATTERN PID SECONDS: the line of FILE that holds PATTERN.
wait_for() {
    local end=$((SECONDS + $4))
    until grep -m1 "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || { cat "$1" "$1.err" >&2; return 1; }
        [ $SECONDS -lt $end ] || { cat "$1.err" >&2; return 1; }
        sleep 0.05
    done
}

say "1. The engine: llama.cpp's server with SmolLM2-135M, a real (small) model"
.venv-demo/bin/python scripts/demo_engine.py >"$work/engine" 2>"$work/engine.err" &
pids+=($!)
line=$(wait_for "$work/engine" 'engine: ready' "${pids[-1]}" 60) || die "the engine did not start"
engine=${line##* }
echo "$line"

say "2. aver serve in front of it, in a simulated TEE, without a GPU"
"$aver" serve --tee simulator --gpu simulator --listen 127.0.0.1:0 --workers 2 \
    --engine "$engine" --log-level warn >"$work/aver" 2>"$work/aver.err" &
pids+=($!)
line=$(wait_for "$work/aver" 'aver: ready' "${pids[-1]}" 20) || die "aver did not start"
url=$(awk '{print $3}' <<<"$line")
echo "$line"

say "3. aver verify: who is this server? (a fresh nonce, every check)"
"$aver" verify "$url" --trust simulator || die "the server does not verify"

say "4. aver chat: ask, and check the receipt of the exact bytes"
"$aver" chat "$url" --trust simulator \
    "In one short sentence: what is a notary?" || die "the answer does not verify"

say "5. The same by hand: curl, sha256sum, and the receipt"
model=$(curl -sf "$url/v1/models" | grep -o '"id": *"[^"]*"' | head -n 1 | cut -d'"' -f4)
printf '{"model":"%s","stream":true,"max_tokens":24,"messages":[{"role":"user","content":"Say hello."}]}' \
    "$model" >"$work/request.json"
curl -sf "$url/v1/chat/completions" -H 'Content-Type: application/json' \
    --data-binary "@$work/request.json" -D "$work/head" -o "$work/response.sse"
id=$(tr -d '\r' <"$work/head" | awk 'tolower($1) == "x-request-id:" {print $2}')
curl -sf "$url/v1/signature/$id" -o "$work/receipt.json"
curl -sf "$url/v1/attestation/report" -o "$work/report.json"
(cd "$work" && sha256sum request.json response.sse)
cat "$work/receipt.json"
echo
address=$(grep -o '"signing_address":"[^"]*"' "$work/report.json" | head -n 1 | cut -d'"' -f4)
"$aver" verify receipt --request "$work/request.json" --response "$work/response.sse" \
    --receipt "$work/receipt.json" --expect-address "$address" ||
    die "the receipt does not verify"

# The proof of the demo itself: one object with everything, looked at closely.
"$aver" chat "$url" --trust simulator --json "Say yes." >"$work/proof.json" 2>"$work/proof.err" ||
    { cat "$work/proof.err" >&2; die "the receipt does not hold"; }
python3 scripts/demo_check.py "$work/proof.json" || die "not all of it held"

say "VERIFIED (SIMULATED): every check passed, under roots that are public and prove nothing"
cat <<EOF

Go on by hand (this server ends with the demo):
  $aver serve --tee simulator --gpu simulator --engine http://HOST:PORT
  $aver verify URL --trust simulator
  $aver chat URL --trust simulator "..."
  $aver explain tdx.qe_report_data
EOF
