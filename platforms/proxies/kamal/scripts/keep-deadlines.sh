# Runs kamal-proxy and gives holds an end, which a pause of kamal-proxy has not: it only limits how long each request
# waits. A hold's deadline stands in SERVICE.until, in seconds since 1970. Whoever acts on a hold takes that file away
# first: set-deadline.sh and forget-deadline.sh remove it, this program renames it to SERVICE.over until it has acted.
state="$HOME/.config/kamal-proxy"
folder="$state/holds"
mkdir -p "$folder"
for over in "$folder"/*.over; do
  [ -e "$over" ] && mv "$over" "${over%.over}.until"
done

# kamal-proxy 0.9.2 that starts with a paused service panics when it is to resume it ("close of nil channel"). So what
# was paused starts as stopped (503), and is paused anew at once.
if [ -e "$state/kamal-proxy.state" ]; then
  sed -i 's/"pause_controller":{"state":1,/"pause_controller":{"state":2,/g' "$state/kamal-proxy.state"
fi

hold_anew() {
  until kamal-proxy list >/dev/null 2>&1; do
    sleep 0.05
  done
  for file in "$folder"/*.until; do
    over="${file%.until}.over"
    mv "$file" "$over" 2>/dev/null || continue
    left=$(($(cat "$over") - EPOCHSECONDS))
    if [ "$left" -gt 0 ]; then
      kamal-proxy pause "$(basename "$file" .until)" --drain-timeout 1s --max-pause "$((left + 5))s"
    fi
    mv "$over" "$file"
  done
}

end_hold() {
  service=$(basename "$1" .until)
  over="$folder/$service.over"
  mv "$1" "$over" 2>/dev/null || return 0
  for _ in {1..20}; do
    kamal-proxy stop "$service" --drain-timeout 1s --message "Held for longer than allowed. Please try again later." && break
    sleep 0.5
  done
  rm -f "$over"
}

keep_deadlines() {
  hold_anew
  while sleep 0.5; do
    for file in "$folder"/*.until; do
      [ -e "$file" ] && [ "$EPOCHSECONDS" -ge "$(cat "$file")" ] && end_hold "$file"
    done
  done
}

keep_deadlines &
exec kamal-proxy run
