# Names the locks of a gateway that does not run any more, and removes them.
list_gateway_locks /state | while IFS= read -r -d '' lock; do
  printf 'lock\t%s\n' "$(printf '%s' "${lock#/state/}" | base64 -w0)"
  rm -f -- "$lock"
done
