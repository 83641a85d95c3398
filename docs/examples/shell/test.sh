#!/bin/sh
# The server's approvals, tested against a Windows device that can be reset. Needs cspsim (or its path in CSPSIM) and curl.
set -eu
cd "$(dirname "$0")"
cspsim=${CSPSIM:-cspsim}
security=5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01
driver=b7a3d0f4-1c0d-4b57-8e52-4a1b9a0d3c03
not_offered=8f1d7a52-3f0e-4c39-9d0b-0d4f7b1c2a02

# cspsim plays the device as long as this script runs; it takes a free port and says which one.
work=$(mktemp -d)
mkfifo "$work/ready"
"$cspsim" serve --listen 127.0.0.1:0 --clock frozen >"$work/ready" &
server=$!
trap 'kill "$server" || true; wait "$server" || true; rm -r "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
exec 3<"$work/ready"
read -r _ _ _ endpoint <&3 || { echo 'cspsim did not start'; exit 1; }
post() { curl --silent --show-error --fail-with-body --request POST "$@"; }
post --header 'Content-Type: application/toml' --data-binary @../lab.toml "$endpoint/_cspsim/devices" >"$work/device"
control=$endpoint/_cspsim/devices/lab-01

# session WANTED...: carries messages between server and device until the server has no more to say
session() {
  rm -f "$work"/message* "$work"/answer*
  n=0
  : >"$work/answer0"
  while :; do
    sh approval.sh "$@" <"$work/answer$n" >"$work/next"
    [ -s "$work/next" ] || break
    n=$((n + 1))
    mv "$work/next" "$work/message$n"
    post --data-binary "@$work/message$n" "$endpoint/devices/lab-01" >"$work/answer$n" || { cat "$work/answer$n"; exit 1; }
  done
}

statuses() { grep -o '[A-Za-z]*</Cmd><Data>[0-9]*' "$1" | sed 's|<.*>| |' | paste -sd , -; }
results() { sed -n "s|.*/$2</LocURI></Source>.*<Data>\([^<]*\)</Data>.*|\1|p" "$1"; }
get() { curl --silent --show-error --fail-with-body "$control/$1"; }
in_tree() { get 'tree?uri=./Vendor/MSFT/Update/ApprovedUpdates' | grep -o '[0-9a-f-]\{36\}' | sort -u; }
in_updates() { get updates | tr '{' '\n' | sed -n 's/.*"id":"\([^"]*\)".*"approved":true.*/\1/p'; }

# same WHAT EXPECTED GOT: when they differ, says every status with the rule behind it
same() {
  if [ "$2" = "$3" ]; then echo "ok: $1"; return; fi
  printf 'FAILED: %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
  "$cspsim" answer --explain --device ../lab.toml --out /dev/null "$work"/message*
  exit 1
}

session $security $not_offered
same 'the offer is read' 'SyncHdr 200,Get 200' "$(statuses "$work/answer1")"
same 'it is a security update and a driver' $security/$driver "$(results "$work/answer1" InstallableUpdates)"
same 'what is wanted is approved' 'SyncHdr 200,Add 200' "$(statuses "$work/answer2")"
same 'it is read back' $security "$(results "$work/answer3" ApprovedUpdates)"
same 'the device has it in its tree' $security "$(in_tree)"
same 'and means to install it' $security "$(in_updates)"
post "$control/reset" >"$work/reset"

session
same 'the session ends when nothing is wanted' 1 $n
same 'nothing is approved that is not wanted' '' "$(in_tree)$(in_updates)"
