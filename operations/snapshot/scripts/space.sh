# Free space beside the state and in the repository, the size of the state, and the memory that is left: bytes.
printf 'state-free\t%s\n' "$(df -B1 --output=avail /state | tail -n 1 | tr -d ' ')"
printf 'repository-free\t%s\n' "$(df -B1 --output=avail /repository | tail -n 1 | tr -d ' ')"
# The workload may serve: what goes while du looks is no failure.
printf 'state-used\t%s\n' "$({ du -scxB1 "${places[@]}" 2>/dev/null || true; } | tail -n 1 | cut -f 1)"
printf 'memory-free\t%s\n' "$(awk '/^MemAvailable:/ { printf "%d", $2 * 1024 }' /proc/meminfo)"
