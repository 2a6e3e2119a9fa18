# $1 snapshot id. Replaces the state: all of /state, and of each further place that the snapshot has. Runs to its end when it is
# run again after a kill at any point: first a complete copy beside each of them, then two series of renames, each of which can
# go on where it stopped. How far it has come stands beside /state. What snapshots.exclude leaves out stays as it is.
snapshot=$1
refuse_tangled
read_password
work=/state/.clawforce-restore
phase=$(cat "$work/phase" 2>/dev/null || echo none)
if [ "$phase" != "none" ] && [ "$(cat "$work/snapshot")" != "$snapshot" ]; then
  echo "a restore of snapshot $(cat "$work/snapshot") was interrupted here: finish that one first" >&2
  exit 4
fi
enter() {
  printf '%s' "$1" >"$work/phase.next"
  mv "$work/phase.next" "$work/phase"
  phase=$1
}
places_of_snapshot "$snapshot" >/stage/places
restored=(/state)
for root in "${roots[@]:1}"; do
  if grep -qxF -- "$root" /stage/places; then restored+=("$root"); else printf 'left\t%s\n' "${root##*/}"; fi
done
while IFS= read -r root; do
  [ -d "$root" ] || printf 'unnamed\t%s\n' "${root##*/}"
done </stage/places
if [ "$phase" != none ]; then
  # Of one that an earlier version of this program has begun there is none.
  touch "$work/left-out"
fi
if [ "$phase" != none ] && [ -f "$work/roots" ]; then
  # What was begun, whatever the stack file says by now.
  mapfile -t restored <"$work/roots"
  for root in "${restored[@]}"; do
    if [ ! -d "$root" ]; then
      echo "a restore was interrupted that sets $(shown "$root") back too: write \`state: true\` beside its mount again until it is finished" >&2
      exit 4
    fi
  done
fi

# What is left out of the state $2 that was the root $1, NUL-terminated paths below it.
list_left_out() {
  local conditions=() root expression
  while IFS='	' read -r root expression _; do
    [ "$root" != "$1" ] || conditions+=(-regex "\./$expression" -prune -print0 -o)
  done <"$work/left-out"
  [ "${#conditions[@]}" -gt 0 ] || return 0
  cd "$2"
  find . -xdev -regextype posix-extended -path ./.clawforce-restore -prune -o "${conditions[@]}" -false
}

# A file where a folder has to be for what is left out: found before anything is moved.
refuse_no_folder() {
  local path folder
  list_left_out "$1" "$1" >/stage/list
  while IFS= read -r -d '' path; do
    folder=${path%/*}
    while [ "$folder" != . ]; do
      if [ -L "$2/$folder" ] || { [ -e "$2/$folder" ] && [ ! -d "$2/$folder" ]; }; then
        printf 'snapshot %s has no folder at %s, and %s in it is left out of snapshots and would have no place. Move it away first.\n' \
          "${snapshot:0:8}" "${folder#./}" "${path##*/}" >&2
        exit 10
      fi
      folder=${folder%/*}
    done
  done </stage/list
}

# Puts what is left out of the root $1 from the state that was set aside back to its place, with the folders above it as they were.
carry_left_out() {
  local old=$1/.clawforce-restore/old path folder above name
  list_left_out "$1" "$old" >/stage/list
  while IFS= read -r -d '' path; do
    folder=.
    above=${path%/*}
    if [ "$above" != . ]; then
      while IFS= read -r -d / name; do
        folder=$folder/$name
        if [ ! -d "$1/$folder" ]; then
          mkdir -- "$1/$folder"
          chown --reference="$old/$folder" -- "$1/$folder"
          chmod --reference="$old/$folder" -- "$1/$folder"
        fi
      done <<<"${above#./}/"
    fi
    mv -T -- "$old/$path" "$1/$path"
    name_in "$1" "$path"
    printf 'stayed\t%s\n' "$(encoded "$named")"
  done </stage/list
}

if [ "$phase" = none ]; then
  for root in "${roots[@]}"; do
    rm -rf "$root/.clawforce-restore"
  done
  for root in "${restored[@]}"; do
    mkdir "$root/.clawforce-restore"
  done
  printf '%s' "$snapshot" >"$work/snapshot"
  printf '%s\n' "${LEFT_OUT:-}" >"$work/left-out"
  printf '%s\n' "${restored[@]}" >"$work/roots"
  restic restore --quiet --no-lock "$snapshot" --target "$work/new" --exclude /backups --exclude /places "${exclude_left_out[@]}" 1>&2
  [ -d "$work/new/state" ] || { echo "snapshot $snapshot holds no /state" >&2; exit 5; }
  for root in "${restored[@]}"; do
    own=$root/.clawforce-restore
    others=()
    while IFS= read -r other; do
      [ "$other" = "$root" ] || others+=(--exclude "$other")
    done </stage/places
    [ "$root" = /state ] || restic restore --quiet --no-lock "$snapshot" --target "$own/new" \
      --exclude /state --exclude /stage --exclude /backups "${others[@]}" "${exclude_left_out[@]}" 1>&2
    [ -d "$own/new$root" ] || { echo "snapshot $snapshot holds no $root" >&2; exit 5; }
    place_databases "$work/new/stage/databases" "$root" "$own/new$root"
    mkdir "$own/old"
    drop_gateway_locks "$own/new$root"
    refuse_no_folder "$root" "$own/new$root"
  done
  for root in "${restored[@]}"; do
    sync -f "$root/.clawforce-restore"
  done
  enter out
fi
# Archives are put back and none is taken away: one that is newer than the snapshot is nobody's state.
if [ -d /backups ]; then
  restic restore --quiet --no-lock "$snapshot" --target / --include /backups 1>&2
fi
if [ "$phase" = out ]; then
  for root in "${restored[@]}"; do
    find "$root" -mindepth 1 -maxdepth 1 -not -name .clawforce-restore -exec mv -t "$root/.clawforce-restore/old" -- {} +
  done
  enter in
fi
for root in "${restored[@]}"; do
  new=$root/.clawforce-restore/new$root
  # Killed in the removal below, it has come in already.
  [ -d "$new" ] || continue
  find "$new" -mindepth 1 -maxdepth 1 -exec mv -t "$root" -- {} +
  chown --reference="$new" "$root"
  chmod --reference="$new" "$root"
  carry_left_out "$root"
  sync -f "$root"
done
# The one that says how far it has come goes last.
for ((index = ${#restored[@]} - 1; index >= 0; index -= 1)); do
  rm -rf "${restored[index]}/.clawforce-restore"
done
