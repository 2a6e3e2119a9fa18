# $1 snapshot id. What has become of the files of a snapshot in a copy of it, where the state usually is: its bytes, and the files
# that are gone, a line each and all of them in base64. The databases of a hot snapshot stand elsewhere in it, and what they
# are tells the markers.
snapshot=$1
read_password
restic ls --json --no-lock "$snapshot" >/stage/all
# A state may have no file at all; that the snapshot can't be read is another thing.
grep '"type":"file","path":"/\(state\|places\)/' /stage/all >/stage/listing || true
{ printf '['; paste -sd, /stage/listing; printf ']'; } >/stage/files
# A line break in a name is a question mark on both sides.
sqlite3 :memory: "SELECT replace(iif(p LIKE '/state/%', substr(p, 8), p), char(10), '?')
  FROM (SELECT json_extract(value, '\$.path') AS p FROM json_each(readfile('/stage/files')))" |
  sort >/stage/then
{ find /state -xdev -type f -printf '%P\0'; [ "${#roots[@]}" = 1 ] || find "${roots[@]:1}" -xdev -type f -print0; } |
  tr '\n\0' '?\n' | sort >/stage/now
printf 'state-bytes\t%s\n' "$(bytes_in "${roots[@]}" -xdev)"
printf 'gone\t%s\n' "$(comm -23 /stage/then /stage/now | head -n 50000 | base64 -w0)"
