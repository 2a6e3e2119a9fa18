# $1 snapshot id. Compares the snapshot with the stopped state and opens each of its databases.
snapshot=$1
read_password
size=$(size_of "${places[@]}" -xdev)
printf 'state-files\t%s\nstate-bytes\t%s\n' "${size% *}" "${size#* }"
report_places
restic ls --json "$snapshot" >/stage/listing
printf 'snapshot-files\t%s\n' "$(grep -c '"type":"file"' /stage/listing || true)"
printf 'snapshot-bytes\t%s\n' "$(sed -n 's/.*"type":"file".*"size":\([0-9]*\).*/\1/p' /stage/listing | awk '{ n += $1 } END { printf "%d", n }')"
restic restore --quiet "$snapshot" --target /stage/opened --include '*.sqlite*' --include '*.db*' 1>&2
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
list_gateway_locks /state | while IFS= read -r -d '' lock; do
  printf 'lock\t%s\n' "$(printf '%s' "${lock#/state/}" | base64 -w0)"
done
