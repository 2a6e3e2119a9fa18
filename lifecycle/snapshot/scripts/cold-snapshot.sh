# $1 workload, $2.. tags. The workload is stopped: files are copied as they stand, then this snapshot is checked.
workload=$1
shift
tags=()
for tag in "$@"; do
  tags+=(--tag "$tag")
done
refuse_tangled
read_password
open_repository
restic backup --quiet --json --host "$workload" "${tags[@]}" "${exclude_no_state[@]}" "${places[@]}" >/stage/summary
cat /stage/summary
