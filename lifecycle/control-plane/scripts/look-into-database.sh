# $1 the database below /data, $2 how an encrypted value begins (GLOB). Reads a copy of it, while the control plane may run
# on the original: whether it is a database at all, how many users it has, the key of its secrets, and encrypted values.
# Prints tab-separated lines; values in hex. What it prints holds secrets: never run it where output is logged.
set -euo pipefail
umask 077
file="/data/$1"
if [ ! -f "$file" ]; then
  printf 'found\tmissing\n'
  exit 0
fi
if [ "$(head -c 15 -- "$file" | tr -d '\0')" != "SQLite format 3" ]; then
  printf 'found\tother\n'
  exit 0
fi
copy=/stage/look
if ! sqlite3 -batch -readonly "$file" '.timeout 10000' ".backup $copy" 2>/dev/null; then
  # Nobody has it open, and it does not open where nothing can be written: with what belongs to it, it does elsewhere.
  rm -f "$copy"
  cp -- "$file" "$copy"
  for companion in wal journal; do
    [ ! -e "$file-$companion" ] || cp -- "$file-$companion" "$copy-$companion"
  done
fi
verdict=$(sqlite3 -batch "$copy" 'PRAGMA quick_check(1)' 2>&1 | head -n 1 || true)
if [ "$verdict" != ok ]; then
  printf 'found\tdamaged\n'
  exit 0
fi
printf 'found\tdatabase\n'
if [ -n "$(sqlite3 -batch "$copy" "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'users'")" ]; then
  printf 'users\t%s\n' "$(sqlite3 -batch "$copy" 'SELECT count(*) FROM users')"
fi
# The settings are rows of a key and a value; which table holds them differs from version to version.
sqlite3 -batch "$copy" "
  SELECT 'SELECT DISTINCT ''key'' || char(9) || hex(value) FROM ' || '\"' || replace(m.name, '\"', '\"\"') || '\"' ||
         ' WHERE lower(key) LIKE ''%fernet%'' AND value <> '''' LIMIT 20;'
  FROM sqlite_schema m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
    AND 2 = (SELECT count(*) FROM pragma_table_info(m.name) WHERE name IN ('key', 'value'))" >/stage/queries
sqlite3 -batch "$copy" "
  SELECT 'SELECT ''token'' || char(9) || hex(\"' || replace(c.name, '\"', '\"\"') || '\") FROM \"' || replace(m.name, '\"', '\"\"') ||
         '\" WHERE typeof(\"' || replace(c.name, '\"', '\"\"') || '\") = ''text'' AND \"' || replace(c.name, '\"', '\"\"') || '\" GLOB ''$2'' LIMIT 200;'
  FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'" >>/stage/queries
sqlite3 -batch "$copy" </stage/queries
