import { createRequire } from "node:module";
import { isObject, read } from "./guarded-read.ts";

/** What the engine sends of a resource: values that are secret have a mark in it. */
interface Sent {
  toJavaScript(): object;
}

/** The part of the SDK that takes the marks off before a policy sees a value. */
interface Deserializer {
  deserializeProperties(sent: Sent, proxySecrets?: boolean): object;
}

const require = createRequire(import.meta.url);
const sentOf = new WeakMap<object, Sent>();
const propsOf = new WeakMap<Sent, object>();
const marksOf = new WeakMap<Sent, readonly string[]>();

/** Of the engine's protocol: the key that says what an object stands for, and what it says of a secret. */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/**
 * From here on the pack can tell which values the engine holds as secrets. The engine marks them; the SDK drops the
 * marks, and has no other way to them. Without this call no value counts as marked.
 */
export function keepSecretMarks(): void {
  const sdk = require("@pulumi/policy/deserialize.js") as Deserializer;
  const { deserializeProperties } = sdk;
  sdk.deserializeProperties = (sent, proxySecrets) => {
    // The SDK would make the same properties anew for each rule. No rule changes them.
    const known = proxySecrets === true ? undefined : propsOf.get(sent);
    if (known !== undefined) return known;
    const props = deserializeProperties(sent, proxySecrets);
    sentOf.set(props, sent);
    if (proxySecrets !== true) propsOf.set(sent, props);
    return props;
  };
}

/** Whether the value at a path, or something above it, is a secret of the engine's. */
export function isMarkedSecret(props: object, path: string): boolean {
  // The SDK's name for what its proxy stands before.
  const behind = read(props, "__getSpecialProxyTarget");
  const sent = isObject(behind) ? sentOf.get(behind) : undefined;
  if (sent === undefined) return false;
  const marks = marksOf.get(sent) ?? markedPaths(sent.toJavaScript(), "");
  marksOf.set(sent, marks);
  return marks.some(
    (marked) => path === marked || path.startsWith(`${marked}.`) || path.startsWith(`${marked}[`),
  );
}

function markedPaths(value: unknown, path: string): string[] {
  if (!isObject(value)) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => markedPaths(item, `${path}[${index}]`));
  if (read(value, signature) === secretSignature) return [path];
  return Object.entries(value).flatMap(([key, item]) =>
    markedPaths(item, path === "" ? key : `${path}.${key}`),
  );
}
