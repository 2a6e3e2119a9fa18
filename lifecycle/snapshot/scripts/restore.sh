# $1 snapshot id. Replaces all of /state. Runs to its end when it is run again after a kill at any point:
# first a complete copy beside the state, then two series of renames, each of which can go on where it stopped.
snapshot=$1
refuse_mounts_inside /state
read_password
work=/state/.clawforce-restore
phase=$(cat "$work/phase" 2>/dev/null || echo none)
if [ "$phase" != "none" ] && [ "$(cat "$work/snapshot")" != "$snapshot" ]; then
  echo "a restore of snapshot $(cat "$work/snapshot") was interrupted here: finish that one first" >&2
  exit 4
fi
if [ "$phase" = none ]; then
  rm -rf "$work"
  mkdir "$work"
  printf '%s' "$snapshot" >"$work/snapshot"
  restic restore --quiet --no-lock "$snapshot" --target "$work/new" --exclude /backups 1>&2
  [ -d "$work/new/state" ] || { echo "snapshot $snapshot holds no /state" >&2; exit 5; }
  place_databases "$work/new/stage/databases" "$work/new/state"
  drop_gateway_locks "$work/new/state"
  mkdir "$work/old"
  sync -f "$work"
  printf 'out' >"$work/phase.next"
  mv "$work/phase.next" "$work/phase"
  phase=out
fi
# Archives are put back and none is taken away: one that is newer than the snapshot is nobody's state.
if [ -d /backups ]; then
  restic restore --quiet --no-lock "$snapshot" --target / --include /backups 1>&2
fi
if [ "$phase" = out ]; then
  find /state -mindepth 1 -maxdepth 1 -not -name .clawforce-restore -exec mv -t "$work/old" -- {} +
  printf 'in' >"$work/phase.next"
  mv "$work/phase.next" "$work/phase"
fi
find "$work/new/state" -mindepth 1 -maxdepth 1 -exec mv -t /state -- {} +
chown --reference="$work/new/state" /state
chmod --reference="$work/new/state" /state
sync -f /state
rm -rf "$work"
