/**
 * What stands in /proc/PID/stat from its third field on: the state first, and 19 further the start in ticks since the machine was
 * booted. The name in the second field may itself hold spaces and brackets.
 */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
