# $1 workload, $2.. tags. SQLite files by online backup, everything else as it stands.
workload=$1
shift
tags=()
for tag in "$@"; do
  tags+=(--tag "$tag")
done

# Whether restic missed a file, as $1 says in JSON, because it was gone: 2 is ENOENT.
has_vanished() {
  printf '%s' "$1" >/stage/missed
  sqlite3 :memory: "SELECT coalesce(json_extract(readfile('/stage/missed'), '\$.error.Err'), 0) || char(10) ||
    json_extract(readfile('/stage/missed'), '\$.item')" >/stage/miss || return 1
  [ "$(head -n 1 /stage/miss)" = 2 ] || { item=$(tail -n +2 /stage/miss) && [ -n "$item" ] && [ ! -e "$item" ] && [ ! -L "$item" ]; }
}

read_password
open_repository
mkdir -p /stage/databases
: >/stage/databases/map
: >/stage/exclude
list_databases /state >/stage/list
cd /state
number=0
while IFS= read -r -d '' file; do
  is_sqlite "$file" || continue
  number=$((number + 1))
  copy=/stage/databases/$number
  owner=$(stat -c '%u:%g:%a' -- "$file") || continue
  if ! back_up "$file" "$copy"; then
    rm -f -- "$copy"
    # Gone since it was found: it is in no snapshot.
    [ -e "$file" ] || continue
    printf '%s could not be copied: %s\n' "${file#./}" "$(last_said)" >&2
    exit 6
  fi
  printf '%s\t%s\t%s\n' "$number" "$owner" "$(encoded "$file")" >>/stage/databases/map
  for each in "$file" "$file-wal" "$file-shm" "$file-journal"; do
    printf '/state/%s\n' "${each#./}" | sed 's/[][*?\\]/\\&/g; s/\$/$$/g' >>/stage/exclude
  done
  examine_copy "$copy" "$file"
done </stage/list
report_archives /state
report_config /state
status=0
restic backup --quiet --json --host "$workload" "${tags[@]}" --exclude-file /stage/exclude --exclude /state/.clawforce-restore \
  "${places[@]}" /stage/databases 2>/stage/errors || status=$?
# 3: not everything could be read. What has gone while the workload serves is no failure; anything else is one.
grep '"message_type":"error"' /stage/errors >/stage/unread || true
printf 'vanished\t%s\n' "$(wc -l </stage/unread)"
if [ "$status" = 3 ] && [ -s /stage/unread ]; then
  status=0
  while IFS= read -r line; do
    has_vanished "$line" || { status=3; break; }
  done </stage/unread
fi
[ "$status" = 0 ] || { cat /stage/errors >&2; exit "$status"; }
