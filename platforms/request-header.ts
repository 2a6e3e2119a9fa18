import { OperationFailure } from "./failure.ts";

/** A value that no header can carry as it is must not arrive as another one: it is refused, and never repeated. */
export function refuseUnfitHeader(key: string, value: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw new OperationFailure(unfit(key, "a line break or another control character in it"));
  }
  if (value !== value.trim()) {
    throw new OperationFailure(unfit(key, "a blank at its beginning or end"));
  }
}

function unfit(key: string, what: string): string {
  return (
    `The value of the request header \`${key}\` has ${what}: no request can carry it, and none was sent. ` +
    "Set the secret in it again, without that: `pulumi config set --secret`."
  );
}
