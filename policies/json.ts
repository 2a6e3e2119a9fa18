import { isObject } from "./guarded-read.ts";

/** The value of a JSON text; undefined when it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object that a program of ours has printed; undefined when it is none. */
export function jsonObject(text: unknown): object | undefined {
  const value = typeof text === "string" ? parsedJson(text) : undefined;
  return isObject(value) && !Array.isArray(value) ? value : undefined;
}
