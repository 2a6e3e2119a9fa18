# $1 snapshot id. Restores to empty volumes at /scratch/state and /scratch/places, for a drill.
read_password
excludes=(--exclude /backups "${exclude_left_out[@]}")
places_of_snapshot "$1" >/stage/places
while IFS= read -r root; do
  [ -d "/scratch$root" ] && continue
  excludes+=(--exclude "$root")
  printf 'unnamed\t%s\n' "${root##*/}"
done </stage/places
restic restore --quiet --no-lock "$1" --target /scratch "${excludes[@]}" 1>&2
place_databases /scratch/stage/databases /state /scratch/state
for scratch in /scratch/places/*; do
  root=${scratch#/scratch}
  if grep -qxF -- "$root" /stage/places; then
    place_databases /scratch/stage/databases "$root" "$scratch"
  elif [ -d "$scratch" ]; then
    printf 'left\t%s\n' "${root##*/}"
  fi
done
drop_gateway_locks /scratch/state
for scratch in /scratch/places/*; do
  [ ! -d "$scratch" ] || drop_gateway_locks "$scratch"
done
