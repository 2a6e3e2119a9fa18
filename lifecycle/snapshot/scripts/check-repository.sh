# Verifies the structure of the whole repository. Takes an exclusive lock: never inside a hold.
read_password
restic check --quiet 1>&2
