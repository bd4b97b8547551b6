#!/bin/sh
# Sets the event: set.sh NODE/ID, and KEY=… set.sh NODE/ID if it is sealed
# Tries for half a minute where no answer comes: to set again does no harm.
: "${1:?usage: set.sh http://127.0.0.1:8080/22482}"
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
  answer=$(printf %s "${KEY-}" | curl -sS --max-time 10 --data-binary @- -w '%{http_code}' "$1")
  case $?:$answer in
    0:200 | 0:201) exit 0 ;;
    0:*408 | 0:*429 | 0:*5??) ;; # try again
    [123]:* | 0:*) echo "set.sh: $1 was not set: $answer" >&2; exit 2 ;;
  esac
  sleep 1
done
echo "set.sh: $1 was not set in $try tries" >&2
exit 1
