# Prepended to every script here (bash). Mounts: /state (the workload's state), /places/NAME (what belongs to it and is
# mounted elsewhere, NAME being its path in the container as in a URL), /backups (archives of it that are put back and never
# taken away), /repository (its restic repository), /cache (restic's cache), /stage (scratch, removed with the container).
# Not every workload has /places and /backups. The password comes by standard input.
set -euo pipefail
umask 077
# A name is bytes.
export LC_ALL=C
export RESTIC_REPOSITORY=/repository RESTIC_PASSWORD_FILE=/run/password RESTIC_CACHE_DIR=/cache

# The root $1 for people: "the state", or its path in the container.
shown() {
  if [ "$1" = /state ]; then echo 'the state'; else printf '%b\n' "$(sed 's/%/\\x/g' <<<"${1##*/}")"; fi
}

# The roots of the state: what comes back with it.
roots=(/state)
for root in /places/*; do
  [ -e "$root" ] || continue
  if [ ! -d "$root" ]; then
    printf '%s is no folder, and only folders and volumes can be state. Mount its folder, or take `state: true` out.\n' "$(shown "$root")" >&2
    exit 9
  fi
  roots+=("$root")
done
# No part of a state: what the programs here keep in it while they work, and what snapshots.exclude leaves out. LEFT_OUT has a
# line for each path of that: its root, and what is below it as find's expression and as restic's pattern.
past_no_state=(-regextype posix-extended)
exclude_no_state=()
for root in "${roots[@]}"; do
  past_no_state+=(-path "$root/.clawforce-restore" -prune -o)
  exclude_no_state+=(--exclude "$root/.clawforce-restore")
done
left_out_roots=()
left_out_expressions=()
exclude_left_out=()
while IFS='	' read -r root expression pattern; do
  [ -n "$root" ] || continue
  left_out_roots+=("$root")
  left_out_expressions+=("$expression")
  exclude_left_out+=(--exclude "$root/$pattern")
  past_no_state+=(-regex "$(sed 's/[.()]/\\&/g' <<<"$root")/$expression" -prune -o)
done <<<"${LEFT_OUT:-}"
exclude_no_state+=("${exclude_left_out[@]}")

# Whether the path $2 below the root $1 is left out.
is_left_out() {
  local index
  for index in "${!left_out_roots[@]}"; do
    if [ "${left_out_roots[index]}" = "$1" ] && [[ ${2#./} =~ ^(${left_out_expressions[index]})(/|$) ]]; then return 0; fi
  done
  return 1
}

# find's conditions for what is left out of the root $1, from within it: into `past_left_out`.
pass_left_out() {
  local index
  past_left_out=(-regextype posix-extended)
  for index in "${!left_out_roots[@]}"; do
    [ "${left_out_roots[index]}" != "$1" ] || past_left_out+=(-regex "\./${left_out_expressions[index]}" -prune -o)
  done
}

# What is in every snapshot beside the databases.
places=("${roots[@]}")
if [ -d /backups ]; then
  places+=(/backups)
fi

# Only one of ours works on a repository at a time, which a lock on the Docker host holds: locks of restic by ours are
# left over from a run that was killed. Those of a person stay; restic itself judges whether they are stale.
read_password() {
  cat >/run/password
  [ -f /repository/config ] && [ -n "$(ls -A /repository/locks 2>/dev/null)" ] || return 0
  for lock in $(restic list locks --quiet --no-lock); do
    if restic cat lock "$lock" --quiet --no-lock 2>/dev/null | grep -q '"hostname": *"clawforce"'; then
      rm -f "/repository/locks/$lock"
    fi
  done
  restic unlock --quiet 1>&2
}

# Where the root $1 stands below the folder of the state (STATE_MOUNT, its path in the container): nothing for that itself, `tmp/`
# for its folder tmp in a place of its own. Fails for a place elsewhere.
below_state() {
  local at
  [[ $1 == */places/* ]] || return 0
  at=$(shown "$1")
  [ -n "${STATE_MOUNT:-}" ] && [[ $at == "$STATE_MOUNT"/* ]] || return 1
  printf '%s/' "${at#"$STATE_MOUNT"/}"
}

# Locks that a gateway from 2026.9 on keeps in its state, NUL-terminated paths below the root $1. They name a process by its number.
# In a container that number is the same each time, so a lock that was left keeps the next gateway from starting.
list_gateway_locks() {
  local below file
  below=$(below_state "$1") || return 0
  find "$1" -xdev -type f -name '*.lock*' -print0 | while IFS= read -r -d '' file; do
    case $below${file#"$1"/} in
      tmp/openclaw-*/*.lock | tmp/openclaw-*/*.lock.* | gateway.*.lock) printf '%s\0' "$file" ;;
    esac
  done
}

# Their paths, seen from the folder of the state.
report_gateway_locks() {
  local root below lock
  for root in "${roots[@]}"; do
    below=$(below_state "$root") || continue
    list_gateway_locks "$root" | while IFS= read -r -d '' lock; do
      printf 'lock\t%s\n' "$(printf '%s' "$below${lock#"$root"/}" | base64 -w0)"
    done
  done
}

# In the roots of a copy that is to be started, or where nothing runs any more: what was locked is another state.
drop_gateway_locks() {
  local root
  for root in "$@"; do
    list_gateway_locks "$root" | xargs -0 -r rm -f --
  done
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

# find's conditions for the places that say nothing of a version (one a line in PLACES_OF_NO_VERSION), from within a state.
mapfile -t places_of_no_version <<<"${PLACES_OF_NO_VERSION:-}"
of_no_version=(-path ./.clawforce-restore)
for place in "${places_of_no_version[@]}"; do
  case $place in
    '') ;;
    '*'*) of_no_version+=(-o -path "$place") ;;
    *) of_no_version+=(-o -path "./$place") ;;
  esac
done
# What goes while find looks is not there: no failure.
calmly=(-xdev -ignore_readdir_race)
named_like_databases=(\( -name '*.sqlite' -o -name '*.sqlite3' -o -name '*.db' -o -name '*.db3' \))

# Files named like databases, NUL-terminated, relative to $1. Without locks, which a gateway keeps shut as long as it runs.
list_databases() {
  cd "$1"
  pass_left_out "$1"
  find . "${calmly[@]}" "${past_left_out[@]}" -type f "${named_like_databases[@]}" -size +0 \
    -not -path './.clawforce-restore/*' -not -path './tmp/*' -not -name '*.lock.*' -print0
}

# Those of them that tell what a version has made of the state. Reads no folder that says nothing of it.
list_databases_of_version() {
  cd "$1"
  pass_left_out "$1"
  find . "${calmly[@]}" "${past_left_out[@]}" \( "${of_no_version[@]}" \) -prune -o -type f "${named_like_databases[@]}" -size +0 -print0
}

# In WAL mode, which only opens on a read-only mount while its side files are there.
is_wal() {
  [ "$(od -An -tu1 -j18 -N1 -- "$1" 2>/dev/null | tr -d ' ')" = 2 ]
}

is_sqlite() {
  [ "$(head -c 15 -- "$1" 2>/dev/null | tr -d '\0')" = "SQLite format 3" ]
}

# In WAL mode and closed: nobody has it open, and all of it is in the one file.
is_closed() {
  is_wal "$1" && [ ! -e "$1-wal" ] && [ ! -e "$1-shm" ]
}

# Whether nothing is there under this name any more. What is there and can't be looked at is not gone.
is_gone() {
  local said
  said=$(stat -- "$1" 2>&1 >/dev/null) && return 1
  [[ $said == *'No such file or directory' || $said == *'Not a directory' ]]
}

# How many files, and their bytes: two words.
size_of() {
  find "$@" "${past_no_state[@]}" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f %.0f", NR, n }'
}

bytes_in() {
  local size
  size=$(size_of "$@")
  printf '%s' "${size#* }"
}

# "place", its name and its bytes, for each root but the first.
report_places() {
  local root
  for root in "${roots[@]:1}"; do
    printf 'place\t%s\t%s\n' "${root#/places/}" "$(bytes_in "$root" "${calmly[@]}")"
  done
}

# The name of what the databases of the root $1 are listed in.
map_of() {
  if [ "$1" = /state ]; then echo map; else echo "map.${1##*/}"; fi
}

# What the paths of a snapshot begin with for each place, one a line. $1 the snapshot.
places_of_snapshot() {
  restic snapshots --json --no-lock "$1" >/stage/known
  sqlite3 :memory: "SELECT p.value FROM json_each(readfile('/stage/known')) s, json_each(s.value, '\$.paths') p
    WHERE p.value LIKE '/places/%'"
}

# A restore replaces each root by renames, and none goes through a mount. Two roots that are one folder, or one inside of the
# other, would be twice in a snapshot and be set back one over the other.
refuse_tangled() {
  local root
  for root in "${roots[@]}"; do
    refuse_mounts_inside "$root"
  done
  refuse_overlaps
}

refuse_overlaps() {
  local device inside point root one other
  declare -A real=()
  while read -r _ _ device inside point _; do
    for root in "${roots[@]}"; do
      [ "$point" != "$root" ] || real[$root]="$device ${inside%/}/"
    done
  done </proc/self/mountinfo
  for one in "${roots[@]}"; do
    for other in "${roots[@]}"; do
      if [ "$one" != "$other" ] && [[ ${real[$one]:-} == "${real[$other]:-none}"* ]]; then
        printf '%s and %s are on one folder, or one is inside of the other. A snapshot needs each file once: take `state: true` off one of them, or that mount out.\n' \
          "$(shown "$one")" "$(shown "$other")" >&2
        exit 9
      fi
    done
  done
}

refuse_mounts_inside() {
  local point
  while read -r _ _ _ _ point _; do
    # The kernel writes blanks and backslashes of a path as octal numbers.
    point=$(printf '%b' "${point//\\/\\0}")
    if [[ $point == "$1"/* ]]; then
      echo "something else is mounted inside of $(shown "$1"), at ${point#"$1"/}. Unmount it, or move its files into the state." >&2
      exit 8
    fi
  done </proc/self/mountinfo
}

encoded() {
  printf '%s' "$1" | base64 -w0
}

# The name under which SQLite reads the file $1 as it stands, without side files and locks.
as_it_stands() {
  printf 'file:%s?immutable=1' "$(printf '%s' "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' '%')"
}

# How long a lock on a database is waited for, each time that it is tried.
patience='.timeout 20000'

# What SQLite said last, in one line.
last_said() {
  tail -n 1 /stage/said | tr '\t' ' '
}

# What is there of the database $1 with its side files, to tell whether it was written to meanwhile.
looks_of() {
  stat -c '%n %i %s %y' -- "$1" "$1-wal" "$1-journal" 2>/dev/null || true
}

# Copies the database $1, which does not open where it lies, to $2 with what a killed program has left beside it, and
# brings it in order there: the copy is one whole file. Fails when it is written to all the time.
copy_with_companions() {
  local attempt before
  for attempt in 1 2 3; do
    before=$(looks_of "$1")
    rm -f -- "$2" "$2-wal" "$2-shm" "$2-journal"
    cp -- "$1" "$2" || return 1
    [ ! -e "$1-wal" ] || cp -- "$1-wal" "$2-wal" || continue
    [ ! -e "$1-journal" ] || cp -- "$1-journal" "$2-journal" || continue
    if [ "$before" = "$(looks_of "$1")" ]; then
      sqlite3 -batch "$2" 'PRAGMA wal_checkpoint(TRUNCATE)' 'SELECT count(*) FROM sqlite_master' >/dev/null || return 1
      rm -f -- "$2-wal" "$2-shm" "$2-journal"
      return 0
    fi
    sleep "$attempt"
  done
  echo "it is written to all the time, and does not open" >&2
  return 1
}

# Copies the database $1 of a workload that serves to $2. What SQLite said is in /stage/said when that fails.
back_up() {
  local attempt
  for attempt in 1 2 3; do
    rm -f -- "$2"
    if is_closed "$1"; then
      cp -- "$1" "$2" 2>/stage/said && return 0
    else
      sqlite3 -batch -readonly "$1" "$patience" ".backup $2" 2>/stage/said && return 0
      # Locked is none of what a copy helps against: that would be torn.
      grep -q 'locked' /stage/said || { copy_with_companions "$1" "$2" 2>/stage/said && return 0; }
    fi
    ! is_gone "$1" || return 1
  done
  return 1
}

# Tables in which the migrations of a schema are kept, by whichever tool. Lower case.
migration_tables="'goose_db_version','schema_migrations','schema_migration','schema_meta','schema_version','schema_versions',
'schema_history','schema_info','flyway_schema_history','knex_migrations','alembic_version','_prisma_migrations','migrations',
'migration_runs','migration_sources','migration_versions','__drizzle_migrations','_sqlx_migrations','sequelizemeta',
'django_migrations','__efmigrationshistory','__diesel_schema_migrations','atlas_schema_revisions','gorp_migrations',
'kysely_migration','mikro_orm_migrations','bun_migrations','databasechangelog','refinery_schema_history','phinxlog'"

# One line for each of them that a database has: its name, a tab, and a query whose first row is its newest version, and
# all others its rows. Without times and without whose the database is: a restart changes those, or another agent.
migration_queries="
WITH columns AS (
  SELECT m.name AS tab, p.name AS col, lower(p.name) AS low, p.cid AS cid
  FROM sqlite_master m JOIN pragma_table_info(m.name) p
  WHERE m.type = 'table' AND lower(m.name) IN ($migration_tables)
), kept AS (
  SELECT * FROM columns WHERE NOT (low LIKE '%\\_at' ESCAPE '\\' OR low LIKE '%time%' OR low LIKE '%stamp%'
    OR low LIKE '%date%' OR low LIKE '%duration%' OR low LIKE '%\\_ms' ESCAPE '\\'
    OR low IN ('installed_on', 'installed_by', 'applied', 'agent_id', 'logs'))
), versions AS (
  SELECT tab, col, min(CASE low WHEN 'version_id' THEN 1 WHEN 'version_num' THEN 2 WHEN 'version' THEN 3
    WHEN 'schema_version' THEN 4 WHEN 'migration_name' THEN 5 WHEN 'migration' THEN 6 WHEN 'name' THEN 7
    WHEN 'filename' THEN 8 WHEN 'hash' THEN 9 WHEN 'id' THEN 10 ELSE 11 END)
  FROM kept GROUP BY tab
)
SELECT v.tab || char(9) || printf('SELECT replace(coalesce(max(\"%w\"), ''none''), char(10), '' '')', v.col)
  || coalesce((SELECT printf(' || CASE WHEN max(\"%w\") THEN '' (dirty)'' ELSE '''' END', col) FROM columns
       WHERE tab = v.tab AND low = 'dirty'), '')
  || coalesce((SELECT printf(' || CASE WHEN min(\"%w\") = 0 THEN '' (failed)'' ELSE '''' END', col) FROM columns
       WHERE tab = v.tab AND low = 'success'), '')
  || printf(' FROM \"%w\"; SELECT ', v.tab)
  || (SELECT group_concat(printf('quote(\"%w\")', col), ' || char(9) || ') FROM
       (SELECT col FROM kept WHERE tab = v.tab ORDER BY cid))
  || printf(' FROM \"%w\" ORDER BY 1', v.tab)
FROM versions v ORDER BY v.tab"

# First user_version, then the schema; nothing that SQLite makes by itself.
schema_query="PRAGMA user_version;
SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"

fingerprint_of() {
  sha256sum | cut -c1-16
}

# For the program that started the script, tab-separated, texts in base64: "database", path, user_version, fingerprint of
# the schema, verdict. And for each migration table: "migration", path, table, newest version, fingerprint of its rows.
# $1 the file, $2 its path in the state, $3 the verdict, $4.. options of sqlite3. Nothing when it fails: see /stage/said.
describe_database() {
  local file=$1 path=$2 verdict=$3 schema='' table query
  shift 3
  sqlite3 -batch "$@" "$file" "$patience" "$schema_query" >/stage/schema 2>/stage/said || return 1
  sqlite3 -batch "$@" "$file" "$patience" "$migration_queries" >/stage/queries 2>/stage/said || return 1
  if [ "$(wc -l </stage/schema)" -gt 1 ]; then
    schema=$(tail -n +2 /stage/schema | tr -s '[:space:]' ' ' | fingerprint_of)
  fi
  : >/stage/migrations
  while IFS='	' read -r table query; do
    sqlite3 -batch "$@" "$file" "$patience" "$query" >/stage/rows 2>/stage/said </dev/null || return 1
    printf 'migration\t%s\t%s\t%s\t%s\n' "$(encoded "$path")" "$(encoded "$table")" \
      "$(encoded "$(head -n 1 /stage/rows)")" "$(tail -n +2 /stage/rows | fingerprint_of)" >>/stage/migrations
  done </stage/queries
  printf 'database\t%s\t%s\t%s\t%s\n' "$(encoded "$path")" "$(head -n 1 /stage/schema)" "$schema" "$verdict"
  cat /stage/migrations
}

# $1 its path in the state, $2 what SQLite says.
report_unreadable() {
  printf 'database\t%s\tunreadable\t\t%s\n' "$(encoded "$1")" "$2"
}

# $1 a copy of a database, $2 its path in the state.
examine_copy() {
  local verdict
  verdict=$(sqlite3 -batch "$1" 'PRAGMA integrity_check(1)' 2>&1 | head -n 1 | tr '\t' ' ' || true)
  describe_database "$1" "$2" "$verdict" || report_unreadable "$2" "$(last_said)"
}

# A file of the root $1 by its path below it, as the reports name it: into `named`.
name_in() {
  named=${2#./}
  [ "$1" = /state ] || named=$1/$named
}

# What a version has put aside when it moved the state of the root $1: "archive", path in base64, size and time.
report_archives() {
  local size time path named
  cd "$1"
  pass_left_out "$1"
  find . "${calmly[@]}" "${past_left_out[@]}" \( "${of_no_version[@]}" \) -prune -o -type f \
    \( -name '*.migrated' -o -name '*.migrated.[0-9]*' -o -name '*.pre-startup-migration-*.bak' \) \
    -printf '%s\t%T+\t%P\0' >/stage/archives
  while IFS='	' read -r -d '' size time path; do
    name_in "$1" "$path"
    printf 'archive\t%s\t%s bytes of %s\n' "$(encoded "$named")" "$size" "${time%%.*}"
  done </stage/archives
}

# The config version that OpenClaw stamps, in base64 (empty when there is none). A configuration may have comments.
report_config() {
  local stamp
  if [ -f "$1/openclaw.json" ]; then
    stamp=$(sqlite3 :memory: "SELECT coalesce(json_extract(readfile('$1/openclaw.json'), '\$.meta.lastTouchedVersion'), '')" 2>/dev/null ||
      sed -n "s/.*lastTouchedVersion[\"']\{0,1\}[[:space:]]*:[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" "$1/openclaw.json" | head -n 1)
    printf 'config\t%s\n' "$(encoded "$stamp")"
  fi
}
