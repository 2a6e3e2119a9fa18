# Puts the online copies of a hot snapshot in their places: $1 where the snapshot's /stage/databases was restored, $2 the root
# of the state that they belong to, $3 where that was restored.
place_databases() {
  local map number owner path file user_group folder missing
  map=$1/$(map_of "$2")
  [ -f "$map" ] || return 0
  while IFS='	' read -r number owner path; do
    path=$(printf '%s' "$path" | base64 -d)
    # Of a snapshot from before it was left out.
    if is_left_out "$2" "$path"; then continue; fi
    file="$3/$path"
    user_group=${owner%:*}
    # Its folder went after the online copy, and before restic came by.
    folder=${file%/*} missing=
    while [ ! -d "$folder" ]; do missing=$folder folder=${folder%/*}; done
    if [ -n "$missing" ]; then
      mkdir -p -- "${file%/*}"
      chown -R "$user_group" -- "$missing"
    fi
    cp -- "$1/$number" "$file"
    chown "$user_group" -- "$file"
    chmod "${owner##*:}" -- "$file"
  done <"$map"
}
