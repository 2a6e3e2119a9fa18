# ask.sh ADDRESS PORT PATH HOST plain|forwarded: what a workload answers to the proxy itself; its image has no HTTP client.
exec 3<>"/dev/tcp/$1/$2"
request="GET $3 HTTP/1.1"$'\r\n'"Host: $4"$'\r\n'"Connection: close"$'\r\n'
if [ "$5" = forwarded ]; then
  # As for somebody who is not there: an address for documentation.
  request+="X-Forwarded-For: 192.0.2.1"$'\r\n'"X-Forwarded-Host: $4"$'\r\n'"X-Forwarded-Proto: http"$'\r\n'
fi
printf '%s\r\n' "$request" >&3
head -c 4000 <&3
