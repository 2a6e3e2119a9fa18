import { type Registered, withSecrets } from "./mock-engine.ts";

/** All that a program asks the engine for, as a document that a change of it can be read from line by line. */
export interface PinnedProgram {
  /** What the programs of each workload are told of it. Elsewhere in the document: `<name>`. */
  told: Record<string, unknown>;
  /** By type and name. */
  resources: Record<string, object>;
}

export function pinned(all: readonly Registered[]): PinnedProgram {
  const told = toldOf(all);
  const texts = new Map(Object.entries(told).map(([name, input]) => [JSON.stringify(input), `<${name}>`]));
  return {
    told,
    resources: Object.fromEntries(
      all
        .toSorted((one, other) => (one.urn < other.urn ? -1 : 1))
        .map((each) => [shortName(each.urn), pinnedResource(each, texts)]),
    ),
  };
}

/** "Container canary" */
export function shortName(urn: string): string {
  const [type = "", name] = urn.split("::").slice(2);
  return `${type.split(/[$:]/).at(-1)} ${name}`;
}

function pinnedResource(found: Registered, texts: ReadonlyMap<string, string>): object {
  const inputs = withSecrets(found.inputs) as Record<string, unknown>;
  const edges = Object.entries(found.propertyDependencies).filter(([, urns]) => urns.length > 0);
  return {
    urn: found.urn,
    ...(found.parent !== "" && { parent: shortName(found.parent) }),
    ...(found.provider !== "" && { provider: shortName(found.provider) }),
    inputs: "stdin" in inputs ? { ...inputs, stdin: readable(inputs.stdin, texts) } : inputs,
    ...(found.outputs !== undefined && { outputs: withSecrets(found.outputs) }),
    ...(Object.keys(found.options).length > 0 && { options: found.options }),
    ...(found.dependencies.length > 0 && { after: found.dependencies.map(shortName).toSorted() }),
    ...(edges.length > 0 && {
      made_of: Object.fromEntries(edges.map(([input, urns]) => [input, urns.map(shortName).toSorted()])),
    }),
  };
}

function toldOf(all: readonly Registered[]): Record<string, unknown> {
  const commands = all.filter(({ inputs }) => typeof inputs.stdin === "string");
  return Object.fromEntries(
    commands.map(({ inputs }) => {
      const { workload } = JSON.parse(String(inputs.stdin)) as { workload: { name: string } };
      return [workload.name, workload];
    }),
  );
}

/** The JSON of a standard input, keys in their order, a workload by its name where it is that to the letter. */
function readable(stdin: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (typeof stdin !== "string") {
    const { secret } = stdin as { secret: string };
    return { secret: readable(secret, texts) };
  }
  const task: unknown = JSON.parse(stdin);
  return JSON.stringify(task) === stdin ? named(task, texts) : stdin;
}

function named(value: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const name = texts.get(JSON.stringify(value));
  if (name !== undefined) return name;
  if (Array.isArray(value)) return value.map((each) => named(each, texts));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, named(each, texts)]));
}
