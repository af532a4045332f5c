#!/bin/sh
# A partner's trusted document by GET: the answer once, then 304 while nothing has changed.
# The operator has made the two first (docs/partners.md):
#
#   murmur operations publish --partner acme schema/operations/Profile.graphql    prints the document's id
#   murmur keys create acme                                                       prints the key
#   MURMUR_KEY=mk_… sh examples/partner/profile.sh DOCUMENT_ID HANDLE [URL]
set -eu
document=$1 handle=$2 url=${3:-http://127.0.0.1:8000}
head=$(mktemp)
trap 'rm -f "$head"' EXIT

# The key is a secret, so it goes into a header that is read from standard input, not into the list of processes.
get() {
  printf 'X-Api-Key: %s\n' "$MURMUR_KEY" | curl -sS -G -D "$head" -H @- "$@" "$url/graphql" \
    --data-urlencode "documentId=$document" --data-urlencode "variables={\"handle\":\"$handle\"}"
}

get
echo
tag=$(sed -n 's/^[Ee][Tt]ag: *//p' "$head" | tr -d '\r')
get -H "If-None-Match: $tag"
head -n 1 "$head"
