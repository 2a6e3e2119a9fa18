# $1: the state's directory in the instance. Bytes and devices of its volume, and of Docker's own disk under /stage.
set -euo pipefail
for place in "$1" /stage; do
  printf '%s %s ' "$(df -B1 --output=avail "$place" | tail -n 1)" "$(stat -c %d "$place")"
done
# The instance may serve: what goes while du looks is no failure.
{ du -sxB1 "$1" 2>/dev/null || true; } | cut -f 1
