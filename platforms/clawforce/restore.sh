# $1: sha256 of the archive that comes by standard input; then absolute paths. Mounts: those of the instance, at their
# places. Nothing is wiped before all of the archive is here and found whole.
set -euo pipefail
umask 077
wanted=$1
shift
cat >/stage/archive
came=$(sha256sum </stage/archive)
[ "${came%% *}" = "$wanted" ] || { echo "the archive did not come whole" >&2; exit 3; }
tar tzf /stage/archive >/stage/names
dot=''
if head -n 1 /stage/names | grep -q '^\./'; then dot=./; fi
members=()
for path in "$@"; do
  member=$dot${path#/}
  grep -qE "^${member//./\\.}(/|$)" /stage/names || { echo "the archive has no $path" >&2; exit 4; }
  members+=("$member")
done
for path in "$@"; do
  if [ -d "$path" ]; then find "$path" -mindepth 1 -delete; fi
done
tar xzpf /stage/archive -C / --same-owner --numeric-owner -- "${members[@]}"
sync
