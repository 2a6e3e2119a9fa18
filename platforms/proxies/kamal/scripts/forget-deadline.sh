# forget-deadline.sh SERVICE: the hold has no deadline any more. Waits while keep-deadlines.sh is just acting on it.
folder="$HOME/.config/kamal-proxy/holds"
for _ in {1..100}; do
  rm "$folder/$1.until" 2>/dev/null && exit 0
  [ -e "$folder/$1.over" ] || exit 0
  sleep 0.1
done
echo "the proxy still ends or renews the hold of $1" >&2
exit 1
