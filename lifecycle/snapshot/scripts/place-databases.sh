# Puts the online copies of a hot snapshot in their places: $1 where the snapshot's /stage/databases was restored, $2 the state's root.
place_databases() {
  [ -f "$1/map" ] || return 0
  while IFS='	' read -r number owner path; do
    file="$2/$(printf '%s' "$path" | base64 -d)"
    cp -- "$1/$number" "$file"
    user_group=${owner%:*}
    chown "$user_group" -- "$file"
    chmod "${owner##*:}" -- "$file"
  done <"$1/map"
}
