# $1 workload, $2 how many of the last, $3 of the days, $4 of the months, $5.. ids that stay in any case.
workload=$1 last=$2 daily=$3 monthly=$4
shift 4
read_password
printf '%s\n' "$@" >/stage/protected
restic forget --quiet --json --dry-run --host "$workload" --group-by host --keep-last "$last" --keep-daily "$daily" --keep-monthly "$monthly" >/stage/plan
sqlite3 :memory: "SELECT json_extract(s.value, '\$.short_id') FROM json_each(readfile('/stage/plan')) g, json_each(g.value, '\$.remove') s WHERE s.type = 'object'" >/stage/candidates
grep -v -x -F -f /stage/protected /stage/candidates >/stage/expired || true
if [ -s /stage/expired ]; then
  xargs restic forget --quiet --prune </stage/expired 1>&2
fi
printf 'forgotten\t%s\n' "$(wc -l </stage/expired)"
