# Bytes. Free space beside the state, in the repository and on Docker's own disk, and on which device each is; what stands in the
# state (walk.sh), the memory that is left, and how busy the host is: its load of the last minute in percent of its processors.
free_at() {
  df -B1 --output=avail "$1" | tail -n 1 | tr -d ' '
}
printf 'state-free\t%s\n' "$(free_at /state)"
printf 'repository-free\t%s\n' "$(free_at /repository)"
# Volumes and the layers of containers may be on two disks: the fuller one counts.
printf 'docker-free\t%s\n' "$({ free_at /stage; free_at /; } | sort -n | head -n 1)"
for place in state repository stage; do
  printf '%s-device\t%s\n' "${place/stage/docker}" "$(stat -c %d "/$place")"
done
# The same of each further place of the state: "place-room", its name, free, device.
for root in "${roots[@]:1}"; do
  printf 'place-room\t%s\t%s\t%s\n' "${root#/places/}" "$(free_at "$root")" "$(stat -c %d "$root")"
done
walk_state | survey_of_walk
printf 'memory-free\t%s\n' "$(awk '/^MemAvailable:/ { printf "%d", $2 * 1024 }' /proc/meminfo)"
printf 'load\t%s\n' "$(awk -v processors="$(nproc --all)" '{ printf "%d", $1 * 100 / processors }' /proc/loadavg)"
