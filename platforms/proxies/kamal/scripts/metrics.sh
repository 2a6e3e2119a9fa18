# metrics.sh: what the proxy counts, without an HTTP client: its image has none.
exec 3<>"/dev/tcp/127.0.0.1/${METRICS_PORT:-9090}"
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
cat <&3
