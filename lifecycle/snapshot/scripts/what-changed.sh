# $1 snapshot id. What has become of the files of a snapshot in the state at /state, a copy of it: its bytes, and the files
# that are gone, a line each and all of them in base64. The databases of a hot snapshot stand elsewhere in it, and what they
# are tells the markers.
snapshot=$1
read_password
restic ls --json --no-lock "$snapshot" >/stage/all
# A state may have no file at all; that the snapshot can't be read is another thing.
grep '"type":"file","path":"/state/' /stage/all >/stage/listing || true
{ printf '['; paste -sd, /stage/listing; printf ']'; } >/stage/files
# A line break in a name is a question mark on both sides.
sqlite3 :memory: "SELECT replace(substr(json_extract(value, '\$.path'), 8), char(10), '?') FROM json_each(readfile('/stage/files'))" |
  LC_ALL=C sort >/stage/then
cd /state
find . -xdev -type f -printf '%P\0' | tr '\n\0' '?\n' | LC_ALL=C sort >/stage/now
printf 'state-bytes\t%s\n' "$(find . -xdev -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%d", n }')"
printf 'gone\t%s\n' "$(LC_ALL=C comm -23 /stage/then /stage/now | head -n 50000 | base64 -w0)"
