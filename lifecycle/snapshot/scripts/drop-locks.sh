# Names the locks of a gateway that does not run any more, and removes them.
report_gateway_locks
drop_gateway_locks "${roots[@]}"
