import { z } from "zod";

/** What a key means, and what one could write there: for editors and for docs/configuration.md. Each example is parsed by a test. */
export function doc(
  description: string,
  ...examples: unknown[]
): { description: string; examples?: unknown[] } {
  return { description, ...(examples.length > 0 && { examples }) };
}

/** Rule and remedy for a value of the wrong form. */
export function form(noun: string, remedy: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `${JSON.stringify(input)} is no ${noun}. ${remedy}` };
}

export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    form("name", "Write lower-case letters, digits and hyphens, 63 at most"),
  );

/** What Docker takes for a name. */
function dockerName(what: string) {
  return z
    .string()
    .regex(
      /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
      form(`name of a ${what}`, "Write letters, digits, `_`, `.` and `-`"),
    );
}

/** Either side of a mount of Docker's. */
function mountPath(noun: string, remedy: string) {
  return z.string().regex(/^\/[^\0:]*$/, form(noun, remedy));
}

export const networkName = dockerName("network");

export const containerName = dockerName("container");

export const containerPath = mountPath(
  "absolute path",
  "Begin it with / and write no colon, as Docker's mounts want it",
);

export const hostPath = mountPath("absolute path of the Docker host", "Begin it with / and write no colon");

/** On the machine that updates; it also stands in options of ssh, which splits them at blanks. */
export const localPath = z
  .string()
  .regex(
    /^(~\/|\/)[^\s\0"'%$]*$/,
    form("path", "Begin it with / or ~/ and write no blanks, quotes, `%` or `$`"),
  );

export const urlPath = z.string().startsWith("/", form("path of a URL", "Begin it with /"));

export const port = z.int().min(1).max(65535);

export const argv = z
  .array(z.string())
  .min(1, 'there is no program to run. Write it and its arguments as a list, as in ["openclaw", "health"]');

/** A program of a health check: Docker's own first words are this program's to write. */
export const healthArgv = argv.refine(
  ([first]) => !["NONE", "CMD", "CMD-SHELL"].includes(first ?? ""),
  'the first word is Docker\'s, and would be run as a program. Leave out CMD; for CMD-SHELL write ["sh", "-c", "curl -f …"]',
);

export const pattern = z
  .string()
  .refine(
    (source) => regularExpression(source) !== undefined,
    form("regular expression", "Write it in JavaScript's syntax"),
  );

function regularExpression(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "m");
  } catch {
    return undefined;
  }
}

/** Matching the empty text against "nothing or the pattern" tells how many groups the pattern has. */
export function hasGroup(source: string): boolean {
  const groups = regularExpression(`${source}|`)?.exec("");
  return groups === undefined || groups === null || groups.length > 1;
}

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, form("name of an environment variable", "Write letters, digits and _"));

export const environment = z.record(variableName, z.string());

/** Where a workload keeps its state on the Docker host. */
export const volume = dockerName("volume");

const snapshotId = z
  .string()
  .regex(
    /^[0-9a-f]{8,64}$/,
    form("snapshot id", "Write 8 to 64 hex digits in quotes, as the report prints them"),
  );

const restoreObject = z.strictObject({
  snapshot: snapshotId.meta(doc("Id of the snapshot, in quotes, as `fleet report` prints it.", "34495128")),
  order: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/,
      form("name of an order", "Begin with a letter or digit; write letters, digits and `._:-`, 64 at most"),
    )
    .meta(
      doc(
        "Name of your own for this order. An order is carried out once; a new name is a new order.",
        "INC-42",
      ),
    ),
});

/** An id alone is what stack files of before have: it is read, and carried out no more. */
export const restoreOrder = z.union(
  [snapshotId.transform((snapshot): { snapshot: string; order?: string } => ({ snapshot })), restoreObject],
  'expected a restore order. Write {snapshot: "34e495d1", order: INC-42}, the id in quotes',
);

export const hosts = z
  .array(
    z
      .string()
      .regex(
        /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
        form(
          "host name",
          "Write it in lower case and without scheme, port and path, as in agent.example.com",
        ),
      ),
  )
  .meta(doc("Host names under which the ingress serves it. Default: none.", ["support-1.example.com"]));

/** An Ed25519 public key: 44 bytes of SPKI, of which the first 12 are always the same. */
export const publicKey = z
  .string()
  .regex(
    /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/,
    form("Ed25519 public key", "Write what `openssl pkey -in KEY -pubout -outform DER | base64` prints"),
  );
