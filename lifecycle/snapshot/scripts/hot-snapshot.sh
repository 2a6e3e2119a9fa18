# $1 workload, $2.. tags. SQLite files by online backup, everything else as it stands.
workload=$1
shift
tags=()
for tag in "$@"; do
  tags+=(--tag "$tag")
done

# Whether the file that restic could not read is gone by now; $1 says which, in JSON.
has_vanished() {
  local item
  printf '%s' "$1" >/stage/missed
  item=$(sqlite3 :memory: "SELECT json_extract(readfile('/stage/missed'), '\$.item')" 2>/dev/null) || return 1
  [ -n "$item" ] && is_gone "$item"
}

# The files that there are, a line each and sorted: path, and then size and what tells whether it was written to. What can't be
# looked at is for restic to name.
files_now() {
  { find "${places[@]}" "${calmly[@]}" "${past_no_state[@]}" -type f -printf '%p\t%s %i %T@ %C@\0' 2>/dev/null || true; } |
    tr '\n\0' '\1\n' | sort
}

# Those that came, went or were written to between the two looks, without the databases, which are copied by themselves: how
# many ("odd-count"), and the first of them ("odd").
report_changed() {
  local path
  printf '%s\n' "${excluded[@]//$'\n'/$'\1'}" | sort >/stage/by-themselves
  sed 's/\t[^\t]*$//' /stage/differs | sort -u | comm -23 - /stage/by-themselves >/stage/changed
  [ -s /stage/changed ] || return 0
  printf 'odd-count\tchanged\t%s\n' "$(wc -l </stage/changed)"
  head -n 5 /stage/changed | while IFS= read -r path; do
    printf 'odd\tchanged\t%s\n' "$(encoded "${path//$'\1'/$'\n'}")"
  done
}

# As report_places does, by the second look.
report_places_seen() {
  local root
  for root in "${roots[@]:1}"; do
    printf 'place\t%s\t%s\n' "${root#/places/}" "$(ROOT=$root/ awk -F '\t' \
      'index($0, ENVIRON["ROOT"]) == 1 { n += $NF } END { printf "%.0f", n }' /stage/after)"
  done
}

# Copies the databases of the root $1, each as it is at one moment.
back_up_databases() {
  local root=$1 map file copy owner named each pattern
  map=/stage/databases/$(map_of "$root")
  : >"$map"
  list_databases "$root" >/stage/list
  cd "$root"
  while IFS= read -r -d '' file; do
    is_sqlite "$file" || continue
    number=$((number + 1))
    copy=/stage/databases/$number
    owner=$(stat -c '%u:%g:%a' -- "$file") || continue
    name_in "$root" "$file"
    if ! back_up "$file" "$copy"; then
      rm -f -- "$copy"
      # Gone since it was found: it is in no snapshot.
      is_gone "$file" && continue
      if grep -qE 'not a database|malformed' /stage/said; then
        # Copied as it stands, with all other files; whether it may be damaged is for the program to say.
        report_unreadable "$named" "$(last_said)"
        continue
      fi
      printf '%s could not be copied: %s\n' "$named" "$(last_said)" >&2
      exit 6
    fi
    printf '%s\t%s\t%s\n' "$number" "$owner" "$(encoded "$file")" >>"$map"
    for each in "$file" "$file-wal" "$file-shm" "$file-journal"; do
      excluded+=("$root/${each#./}")
      # One pattern a line: `?` stands for the line break in a name. The x keeps one at its end.
      pattern=$(printf '%s/%sx' "$root" "${each#./}" | sed 's/[][*?\\]/\\&/g; s/\$/$$/g')
      printf '%s\n' "${pattern//$'\n'/?}" | sed 's/x$//' >>/stage/exclude
    done
    examine_copy "$copy" "$named"
  done </stage/list
  report_archives "$root"
}

refuse_tangled

read_password
open_repository
mkdir -p /stage/databases
: >/stage/exclude
number=0
excluded=()
began=${EPOCHREALTIME//[.,]/}
for root in "${roots[@]}"; do
  back_up_databases "$root"
done
printf 'databases-milliseconds\t%d\n' "$(((${EPOCHREALTIME//[.,]/} - began) / 1000))"
report_config /state
status=0
files_now >/stage/before
restic backup --quiet --json --host "$workload" "${tags[@]}" --exclude-file /stage/exclude "${exclude_no_state[@]}" \
  "${places[@]}" /stage/databases 2>/stage/errors >/stage/summary || status=$?
cat /stage/summary
# 3: not everything could be read. What has gone while the workload serves is no failure; anything else is one.
grep '"message_type":"error"' /stage/errors >/stage/unread || true
printf 'vanished\t%s\n' "$(sed -n 's/.*"item"://p' /stage/unread | sort -u | wc -l)"
if [ "$status" = 3 ] && [ -s /stage/unread ]; then
  status=0
  # Nearly all of them by one look: 2 is ENOENT.
  grep -v '"Err":2[,}]' /stage/unread >/stage/doubtful || true
  while IFS= read -r line; do
    has_vanished "$line" || { status=3; break; }
  done </stage/doubtful
fi
[ "$status" = 0 ] || { cat /stage/errors >&2; exit "$status"; }
files_now >/stage/after
report_places_seen
comm -3 /stage/before /stage/after | sed 's/^\t//' >/stage/differs
report_changed
# What would refuse the cold snapshot is found out here, while the workload serves: unless files came or went meanwhile, each of
# which stands in one look alone.
if [ -z "$(sed 's/\t[^\t]*$//' /stage/differs | sort | uniq -u | head -n 1)" ]; then
  wanted=$(wc -l </stage/after)
  for each in "${excluded[@]}"; do
    [ ! -f "$each" ] || wanted=$((wanted - 1))
  done
  id=$(sed -n 's/.*"message_type":"summary".*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' /stage/summary)
  has=$(restic ls --json "$id" | grep -c '"type":"file","path":"/\(state\|places\|backups\)/' || true)
  if [ "$has" != "$wanted" ]; then
    echo "the copy has $has files, and the state $wanted, though none came or went meanwhile" >&2
    exit 7
  fi
fi
