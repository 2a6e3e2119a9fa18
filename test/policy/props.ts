import { createRequire } from "node:module";

/** The SDK's own proxy, out of its file: its index loads the whole engine's SDK, half a second for each test file. */
export const { unknownCheckingProxy } = createRequire(import.meta.url)("@pulumi/policy/proxy.js") as {
  unknownCheckingProxy<Value>(props: Value): Value;
};

/** What the engine sends in place of a text that is not known at preview; the SDK compares with this very value. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Properties with a value at a path such as `spec.containers[].image`: one item in each list on the way. */
export function built(path: string, value: unknown): Record<string, unknown> {
  const [part = "", ...rest] = path.split(".");
  const below = rest.length === 0 ? value : built(rest.join("."), value);
  return part.endsWith("[]") ? { [part.slice(0, -2)]: [below] } : { [part]: below };
}
