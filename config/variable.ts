/** The value of a variable in an environment of `NAME=value`; undefined: it is not set. */
export function variableIn(environment: readonly string[], name: string): string | undefined {
  return environment.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** `NAME=value` in two. A value may have line breaks and more than one `=`; Docker takes a name without one as well. */
export function splitVariable(entry: string): [name: string, value: string] {
  const [name = "", ...rest] = entry.split("=");
  return [name, rest.join("=")];
}
