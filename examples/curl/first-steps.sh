#!/bin/sh
# Sign up, post, and read the own home timeline, with curl alone.
#
#   sh examples/curl/first-steps.sh HANDLE PASSWORD [URL]
set -eu
handle=$1 password=$2 url=${3:-http://127.0.0.1:8000}

# A text as a JSON string: its backslashes and quotes are escaped.
json() {
  printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"
}

# Sends a query with its variables; the token goes with it once there is one.
ask() {
  curl -fsS "$url/graphql" -H 'content-type: application/json' ${token:+-H "authorization: Bearer $token"} \
    -d "{\"query\": \"$1\", \"variables\": $2}"
}

answer=$(ask 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { code message } } }' \
  "{\"input\": {\"handle\": $(json "$handle"), \"name\": $(json "$handle"), \"password\": $(json "$password")}}")
token=$(printf %s "$answer" | sed -n 's/.*"accessToken":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "$answer" >&2; exit 1; }

ask 'mutation ($text: String!) { createTweet(input: {text: $text}) { tweet { id } userErrors { code message } } }' \
  '{"text": "Hello from a shell. #firstpost"}'
echo

# Fanout takes a moment.
sleep 1
ask 'query { homeTimeline(first: 5) { nodes { tweet { text author { handle } likeCount } } } }' '{}'
echo
