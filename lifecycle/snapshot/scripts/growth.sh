# $1 workload. What a snapshot of the state would add to the repository; writes nothing. Files that go while it looks are no failure.
workload=$1
read_password
if [ -f /repository/config ]; then
  restic backup --dry-run --quiet --json --host "$workload" "${exclude_no_state[@]}" "${places[@]}" >/stage/summary || true
  printf 'growth\t%s\n' "$(sed -n 's/.*"message_type":"summary".*"data_added":\([0-9]*\).*/\1/p' /stage/summary | tail -n 1)"
fi
