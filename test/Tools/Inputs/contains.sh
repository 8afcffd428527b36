#!/bin/sh
# contains.sh WORD... FILE: interesting (exit code 1) when the file has all words.
# Always: nothing but what the verifier demands has to stay.
for word; do last=$word; done
while [ $# -gt 1 ]; do
  grep -q "$1" "$last" || exit 0
  shift
done
exit 1
