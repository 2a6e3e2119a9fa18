# Prepended to every script here (bash). Mounts: /state (the workload's state), /backups (archives that belong to it and
# stand elsewhere; not every workload has them), /repository (its restic repository),
# /cache (restic's cache), /stage (scratch, removed with the container). The password comes by standard input.
set -euo pipefail
umask 077
export RESTIC_REPOSITORY=/repository RESTIC_PASSWORD_FILE=/run/password RESTIC_CACHE_DIR=/cache

# What is in every snapshot beside the databases.
places=(/state)
if [ -d /backups ]; then
  places+=(/backups)
fi

read_password() {
  cat >/run/password
}

open_repository() {
  if [ ! -f /repository/config ]; then
    if [ -n "$(ls -A /repository)" ]; then
      echo "the repository has files but no config: it is damaged, or another folder was named" >&2
      exit 3
    fi
    chmod 700 /repository
    restic init --quiet
  fi
}

# Files that SQLite says are its own, among those named like databases: NUL-terminated paths relative to $1.
list_databases() {
  cd "$1"
  find . -xdev -type f -size +0 \( -name '*.sqlite' -o -name '*.sqlite3' -o -name '*.db' -o -name '*.db3' \) \
    -not -path './.clawforce-restore/*' -print0
}

# In WAL mode, which only opens on a read-only mount while its side files are there.
is_wal() {
  [ "$(od -An -tu1 -j18 -N1 -- "$1" | tr -d ' ')" = 2 ]
}

is_sqlite() {
  [ "$(head -c 15 -- "$1" | tr -d '\0')" = "SQLite format 3" ]
}

# One tab-separated line for the program that started the script: "database", path in base64, user_version, verdict.
report_database() {
  printf 'database\t%s\t%s\t%s\n' "$(printf '%s' "$1" | base64 -w0)" "$2" "$3"
}

# The config version that OpenClaw stamps, in base64 (empty when there is none).
report_config() {
  if [ -f "$1/openclaw.json" ]; then
    stamp=$(sqlite3 :memory: "SELECT coalesce(json_extract(readfile('$1/openclaw.json'), '\$.meta.lastTouchedVersion'), '')" 2>/dev/null || true)
    printf 'config\t%s\n' "$(printf '%s' "$stamp" | base64 -w0)"
  fi
}

examine_copy() {
  version=$(sqlite3 -batch "$1" 'PRAGMA user_version' 2>/dev/null || echo unreadable)
  verdict=$(sqlite3 -batch "$1" 'PRAGMA integrity_check(1)' 2>&1 | head -n 1 || true)
  report_database "$2" "$version" "$verdict"
}
