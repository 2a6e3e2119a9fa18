# Reads what the version that runs has made of the state, without touching it (the mount is read-only).
for root in "${roots[@]}"; do
  list_databases_of_version "$root" >/stage/list
  cd "$root"
  while IFS= read -r -d '' file; do
    is_sqlite "$file" || continue
    name_in "$root" "$file"
    if is_closed "$file"; then
      describe_database "$(as_it_stands "$root/${file#./}")" "$named" ok && continue
    else
      describe_database "$file" "$named" ok -readonly && continue
    fi
    is_gone "$file" && continue
    said=$(last_said)
    # A lock is none of what a copy helps against: that would be torn.
    if [[ $said != *locked* ]] && copy_with_companions "$file" /stage/copy 2>/dev/null; then
      describe_database /stage/copy "$named" ok || report_unreadable "$named" "$(last_said)"
    else
      report_unreadable "$named" "$said"
    fi
    rm -f /stage/copy
  done </stage/list
  report_archives "$root"
done
report_places
report_config /state
