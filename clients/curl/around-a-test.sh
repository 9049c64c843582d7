#!/bin/sh
# Around a test, with curl alone:  seedbed run m03 -- sh around-a-test.sh
set -eu

# The token goes in over standard input: arguments can be read by everybody on the machine.
ask() {
    verb=$1 && shift
    printf 'Authorization: Bearer %s\n' "$SEEDBED_TOKEN" |
        curl --noproxy '*' --silent --show-error --fail-with-body --header @- --header 'Content-Type: application/json' \
            "$SEEDBED_URL/v1/$verb" "$@"
}

# Before a test: the dataset is whole; with a state, that variant of it.
ask reset --data '{"worker": 0}'
ask reset --data '{"worker": 0, "state": "active_follows_nobody"}'

# Inside: somebody to log in as, without a login.
ask token --data '{"worker": 0, "persona": "power"}'

# After it: what it has changed. The next reset takes that back.
ask 'plan?worker=0'
