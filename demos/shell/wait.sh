#!/bin/sh
# Returns when the event is set: wait.sh NODE/ID
# Only 200 says so. 204 means "not yet, ask again", though to `curl -f` it is a success.
: "${1:?usage: wait.sh http://127.0.0.1:8080/22482}"
while :; do
  answer=$(curl -sS --max-time 40 -w '%{http_code}' "$1?timeout=25")
  case $?:$answer in
    0:'doorbell('*200) exit 0 ;;
    0:204 | 0:*408 | 0:*429 | 0:*5??) ;; # ask again
    [123]:* | 0:*) echo "wait.sh: $1 is no event at a Doorbell node: $answer" >&2; exit 2 ;;
  esac
  sleep 1 # a node that is down, or going down, isn't hammered
done
