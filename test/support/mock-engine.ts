import * as pulumi from "@pulumi/pulumi";

/** A resource as a program has asked the engine for it. */
export interface Registered {
  type: string;
  name: string;
  parent: string;
  urn: string;
  inputs: Record<string, unknown>;
  /** URNs. */
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    forEach(each: (value: { getUrnsList(): string[] }, key: string) => void): void;
  };
}

interface Answer {
  getUrn(): string;
}

type Register = (request: Request, callback: (error: unknown, answer: Answer) => void) => unknown;

type Accept = (request: unknown, callback: (error: null) => void) => void;

interface Monitor {
  registerResource: Register;
  registerResourceHook: Accept;
  registerErrorHook: Accept;
}

const accept: Accept = (_request, callback) => callback(null);

/** What `program` asks the engine for, in its order. Nothing is made; each resource gets an id of its name. */
export async function registeredBy(program: () => unknown): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: `id-of-${name}`, state: { ...inputs, stdout: "{}" } }),
      call: () => {
        throw new Error("a program that only makes resources calls nothing");
      },
    },
    "clawforce",
    "test",
    false,
  );
  // The mocks of the SDK are not told of dependencies: read them where they pass.
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  monitor.registerResourceHook = accept;
  monitor.registerErrorHook = accept;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, answer) => {
      if (error === null || error === undefined) registered.push(seen(request, answer.getUrn()));
      callback(error, answer);
    });
  // The SDK takes a stack trace for every resource and promise and has it translated: half of the time went there.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await program();
    // Each resource is asked for only when what it waits for is there.
    await pulumi.runtime.disconnect();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return registered;
}

function seen(request: Request, urn: string): Registered {
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList();
  });
  return {
    ...{ type: request.getType(), name: request.getName(), parent: request.getParent(), urn },
    inputs: request.getObject().toJavaScript(),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
  };
}
