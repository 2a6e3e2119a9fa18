# $1 snapshot id. Restores to an empty volume at /scratch/state, for a drill.
read_password
restic restore --quiet --no-lock "$1" --target /scratch --exclude /backups 1>&2
place_databases /scratch/stage/databases /scratch/state
drop_gateway_locks /scratch/state
