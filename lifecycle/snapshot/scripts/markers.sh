# Reads what the version that runs has made of the state, without touching it (the mount is read-only).
list_databases_of_version /state >/stage/list
cd /state
while IFS= read -r -d '' file; do
  is_sqlite "$file" || continue
  if is_closed "$file"; then
    describe_database "$(as_it_stands "/state/${file#./}")" "$file" ok && continue
  else
    describe_database "$file" "$file" ok -readonly && continue
  fi
  is_gone "$file" && continue
  said=$(last_said)
  # A lock is none of what a copy helps against: that would be torn.
  if [[ $said != *locked* ]] && copy_with_companions "$file" /stage/copy 2>/dev/null; then
    describe_database /stage/copy "$file" ok || report_unreadable "$file" "$(last_said)"
  else
    report_unreadable "$file" "$said"
  fi
  rm -f /stage/copy
done </stage/list
report_archives /state
report_config /state
