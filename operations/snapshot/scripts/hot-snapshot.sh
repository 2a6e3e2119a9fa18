# $1 workload, $2.. tags. SQLite files by online backup, everything else as it stands.
workload=$1
shift
tags=()
for tag in "$@"; do
  tags+=(--tag "$tag")
done
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
  if ! is_wal "$file" || [ -e "$file-wal" ] || [ -e "$file-shm" ]; then
    sqlite3 -batch -readonly "$file" '.timeout 10000' ".backup $copy" 1>&2
  else
    # Nobody has it open.
    cp -- "$file" "$copy"
  fi
  printf '%s\t%s\t%s\n' "$number" "$(stat -c '%u:%g:%a' -- "$file")" "$(printf '%s' "$file" | base64 -w0)" >>/stage/databases/map
  for each in "$file" "$file-wal" "$file-shm" "$file-journal"; do
    printf '/state/%s\n' "${each#./}" | sed 's/[][*?\\]/\\&/g; s/\$/$$/g' >>/stage/exclude
  done
  examine_copy "$copy" "$file"
done </stage/list
report_config /state
restic backup --quiet --json --host "$workload" "${tags[@]}" --exclude-file /stage/exclude --exclude /state/.clawforce-restore \
  "${places[@]}" /stage/databases
