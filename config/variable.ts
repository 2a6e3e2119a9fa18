/** The value of a variable in an environment of `NAME=value`; undefined: it is not set. */
export function variableIn(environment: readonly string[], name: string): string | undefined {
  return environment.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}
