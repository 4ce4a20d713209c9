#!/usr/bin/env bash
# A walk through a runs server with nothing but curl: bash chat.sh [base URL].
# Python serves only to pick values out of JSON.
set -euo pipefail

URL="${1:-http://127.0.0.1:8123}"
URL="${URL%/}"
# Long enough that a run is still talking when we cancel it, even at a few milliseconds a word.
LONG="$(printf 'word%s ' {1..400})"

# Print one expectation; end the program if what we got is not what we want.
check() {
  local what="$1" got="$2" want="$3"
  if [[ "$got" == "$want" ]]; then
    echo "   ok: $what"
  else
    printf '   FAILED: %s\n     got  %s\n     want %s\n' "$what" "$got" "$want"
    exit 1
  fi
}

# api METHOD PATH [JSON]
api() {
  curl -fsS -X "$1" "$URL$2" -H 'content-type: application/json' ${3:+-d "$3"}
}

# Evaluate a Python expression on the JSON document `d`; anything but a string is printed as JSON.
pick() {
  python3 -c '
import json, sys
d = json.loads(sys.stdin.read() or sys.exit(1))
v = eval(sys.argv[1])
print(v if isinstance(v, str) else json.dumps(v, sort_keys=True))' "$1"
}

# Show the tokens of an event stream as they arrive (on descriptor 3), then print the whole answer.
exec 3>&1
tokens() {
  python3 -c '
import json, os, sys
answer = ""
for line in sys.stdin:
    if line.startswith("event:"):
        event = line[6:].strip()
    elif line.startswith("data:") and event == "messages":
        token = json.loads(line[5:])[0]["content"]
        os.write(3, token.encode())
        answer += token
print(answer)'
}

# An input with one human message.
say() {
  printf '{"messages":[{"role":"user","content":"%s"}]}' "$1"
}

new_thread() {
  api POST /threads '{}' | pick 'd["thread_id"]'
}

# Run `echo` and print its tokens as they arrive.
stream_tokens() {
  local thread="$1" text="$2" answer body
  body="{\"assistant_id\":\"echo\",\"stream_mode\":\"messages-tuple\",\"input\":$(say "$text")}"
  printf '   you: %s\n   echo: ' "$text"
  answer="$(curl -fsSN "$URL/threads/$thread/runs/stream" -H 'content-type: application/json' -d "$body" \
    | tokens)"
  echo
  check "all tokens arrived" "$answer" "You said: $text"
}

# Run `approval` to its interrupt, then resume it with an edit.
approve() {
  local thread status told edit='{"type":"edit","text":"The party starts at nine."}'
  thread="$(new_thread)"
  api POST "/threads/$thread/runs/wait" \
    "{\"assistant_id\":\"approval\",\"input\":$(say 'The party starts at eight.')}" >/dev/null
  api GET "/threads/$thread/state" | pick '"   %s %r" % (
    d["tasks"][0]["interrupts"][0]["value"]["question"],
    d["tasks"][0]["interrupts"][0]["value"]["action"]["args"]["text"])'
  status="$(api GET "/threads/$thread" | pick 'd["status"]')"
  check "the thread waits for a decision" "$status" interrupted
  told="$(api POST "/threads/$thread/runs/wait" \
    "{\"assistant_id\":\"approval\",\"command\":{\"resume\":$edit}}" | pick 'd["messages"][-1]["content"]')"
  echo "   ${told//$'\n'/ }"
  check "the edited text was sent" "$told" $'Email sent:\n\nThe party starts at nine.'
}

# Go back to the end of turn 1 and take another turn from there.
fork() {
  local thread="$1" history checkpoint body said current
  local texts='[m["content"] for m in d["messages"]]'
  history="$(api GET "/threads/$thread/history?limit=100")"
  checkpoint="$(pick 'next(s["checkpoint"]["checkpoint_id"] for s in d
    if not s["next"] and len(s["values"]["messages"]) == 2)' <<<"$history")"
  echo "   $(pick 'len(d)' <<<"$history") checkpoints; back to $checkpoint"
  body="{\"assistant_id\":\"echo\",\"checkpoint_id\":\"$checkpoint\",\"input\":$(say 'other way')}"
  said="$(api POST "/threads/$thread/runs/wait" "$body" | pick "$texts")"
  check "the new turn follows turn 1" "$said" \
    '["first turn", "You said: first turn", "other way", "You said: other way"]'
  current="$(api GET "/threads/$thread/state" | pick 'd["values"]' | pick "$texts")"
  check "the old second turn is gone from the state" "$current" "$said"
}

# Start a long run in the background, go on once it has streamed its first token; sets run_id.
start_long() {
  local thread="$1" body
  body="{\"assistant_id\":\"echo\",\"stream_mode\":\"messages-tuple\",\"input\":$(say "$LONG")}"
  run_id="$(api POST "/threads/$thread/runs" "$body" | pick 'd["run_id"]')"
  # A plain pipe would make curl's broken pipe, which is how we leave the stream, fail the script.
  if ! grep -Eq '^event: ?messages' \
    < <(curl -sN "$URL/threads/$thread/runs/$run_id/stream?stream_mode=messages-tuple"); then
    echo "   FAILED: the run ended before it streamed a token"
    exit 1
  fi
}

# Stop a run half way; what it wrote so far stays.
cancel() {
  local thread="$1" status
  start_long "$thread"
  api POST "/threads/$thread/runs/$run_id/cancel?wait=1&action=interrupt" >/dev/null
  status="$(api GET "/threads/$thread/runs/$run_id" | pick 'd["status"]')"
  check "the cancelled run is interrupted" "$status" interrupted
}

# State values and current checkpoint id.
state_of() {
  api GET "/threads/$1/state" | pick '[d["values"], d["checkpoint"]["checkpoint_id"]]'
}

# Every checkpoint id of the history.
history_of() {
  api GET "/threads/$1/history?limit=1000" | pick '[s["checkpoint"]["checkpoint_id"] for s in d]'
}

# Cancel a run so that it never happened.
rollback() {
  local thread="$1" state history
  state="$(state_of "$thread")"
  history="$(history_of "$thread")"
  start_long "$thread"
  api POST "/threads/$thread/runs/$run_id/cancel?wait=1&action=rollback" >/dev/null
  check "the state is what it was" "$(state_of "$thread")" "$state"
  check "the history is what it was ($(pick 'len(d)' <<<"$history") checkpoints)" \
    "$(history_of "$thread")" "$history"
  check "the run is gone" \
    "$(curl -sS -o /dev/null -w '%{http_code}' "$URL/threads/$thread/runs/$run_id")" 404
}

# Show what ran on the thread.
list_runs() {
  local runs
  runs="$(api GET "/threads/$1/runs")"
  pick '"\n".join("   %(created_at)s  %(run_id)s  %(status)s" % run for run in d)' <<<"$runs"
  check "three runs succeeded, one was interrupted" \
    "$(pick '" ".join(sorted(run["status"] for run in d))' <<<"$runs")" "interrupted success success success"
}

thread="$(new_thread)"
echo "1. stream tokens on thread $thread"
stream_tokens "$thread" "first turn"
stream_tokens "$thread" "second turn"
echo "2. ask a person before sending"
approve
echo "3. fork from an earlier checkpoint"
fork "$thread"
echo "4. cancel a run half way"
cancel "$thread"
echo "5. roll a run back"
rollback "$thread"
echo "6. list the thread's runs"
list_runs "$thread"
echo "All checks held."
