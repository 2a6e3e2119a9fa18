# set-deadline.sh SERVICE SECONDS: the proxy ends the hold after that time, by its own clock. Waits while keep-deadlines.sh
# is just acting on the deadline before.
folder="$HOME/.config/kamal-proxy/holds"
mkdir -p "$folder"
for _ in {1..100}; do
  rm "$folder/$1.until" 2>/dev/null && break
  [ -e "$folder/$1.over" ] || break
  sleep 0.1
done
echo "$((EPOCHSECONDS + $2))" >"$folder/$1.next" && mv "$folder/$1.next" "$folder/$1.until"
