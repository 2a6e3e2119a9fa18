import { isObject, read } from "./guarded-read.ts";

/**
 * What the setting at a path is called, where the path itself does not say it: an assignment of `envs[0]`, or the name
 * beside an entry's value.
 */
export function settingNameAt(props: object, path: string): string | undefined {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const last = steps.at(-1) ?? "";
  const parent = valueAt(props, steps.slice(0, -1));
  if (!isObject(parent)) return undefined;
  if (last === "value") return textOf(read(parent, "name"));
  const text = Array.isArray(parent) ? textOf(read(parent, last)) : undefined;
  const equals = text?.indexOf("=") ?? -1;
  return equals > 0 ? text?.slice(0, equals) : undefined;
}

function valueAt(props: object, steps: readonly string[]): unknown {
  let value: unknown = props;
  for (const step of steps) {
    if (!isObject(value)) return undefined;
    value = read(value, step);
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
