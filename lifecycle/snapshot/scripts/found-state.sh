# Whether the state has anything in it but empty folders, and the version that its configuration is stamped with.
found=$(find /state -mindepth 1 -not -type d -not -path '/state/.clawforce-restore/*' -print -quit)
printf 'content\t%s\n' "$([ -n "$found" ] && echo 1 || echo 0)"
report_config /state
