# Reads the versions that the state carries now, without touching it (the mount is read-only).
list_databases /state >/stage/list
cd /state
number=0
while IFS= read -r -d '' file; do
  is_sqlite "$file" || continue
  number=$((number + 1))
  copy=/stage/marker-$number
  if [ -e "$file-wal" ] || [ -e "$file-shm" ]; then
    version=$(sqlite3 -batch -readonly "$file" '.timeout 5000' 'PRAGMA user_version' 2>/dev/null || echo unreadable)
  else
    version=$(od -An -tu4 --endian=big -j60 -N4 -- "$file" | tr -d ' ')
  fi
  report_database "$file" "$version" "ok"
done </stage/list
report_config /state
