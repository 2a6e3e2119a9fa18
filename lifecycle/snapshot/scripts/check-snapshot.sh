# $1 snapshot id. Compares the snapshot with the stopped state and opens each of its databases.
snapshot=$1

# The databases of the snapshot with their side files, below /stage/opened. By their names where they are few: restic then passes
# all folders without one.
restore_databases() {
  local root file included=()
  for root in "${roots[@]}"; do
    list_databases "$root" >/stage/list
    while IFS= read -r -d '' file; do
      file=$(printf '%sx' "${file#./}" | sed 's/[][*?\\]/\\&/g')
      for file in "${file%x}"{,-wal,-shm,-journal}; do
        included+=(--include "$root/$file")
      done
    done </stage/list
  done
  [ "${#included[@]}" -gt 0 ] || return 0
  [ "${#included[@]}" -le 1000 ] || included=(--include '*.sqlite*' --include '*.db*')
  restic restore --quiet "$snapshot" --target /stage/opened "${included[@]}" 1>&2
}

read_password
# Beside what follows: each start of restic is half a second in which somebody waits.
restic ls --json "$snapshot" >/stage/listing &
listing=$!
size=$(size_of "${places[@]}" -xdev)
printf 'state-files\t%s\nstate-bytes\t%s\n' "${size% *}" "${size#* }"
report_places
restore_databases
wait "$listing"
awk 'index($0, "\"type\":\"file\"") { files++; if (match($0, /"size":[0-9]+/)) bytes += substr($0, RSTART + 7, RLENGTH - 7) }
  END { printf "snapshot-files\t%.0f\nsnapshot-bytes\t%.0f\n", files, bytes }' /stage/listing
for root in "${roots[@]}"; do
  opened=/stage/opened$root
  report_archives "$root"
  [ -d "$opened" ] || continue
  list_databases "$opened" >/stage/list
  cd "$opened"
  while IFS= read -r -d '' file; do
    is_sqlite "$file" || continue
    name_in "$root" "$file"
    examine_copy "$opened/${file#./}" "$named"
  done </stage/list
done
report_config /state
report_gateway_locks
