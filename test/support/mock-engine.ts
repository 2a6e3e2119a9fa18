import * as pulumi from "@pulumi/pulumi";

/** A resource as a program has asked the engine for it. */
export interface Registered {
  type: string;
  name: string;
  parent: string;
  urn: string;
  /** False for a component. */
  custom: boolean;
  /** Reference to the provider that it names itself; empty: none. */
  provider: string;
  inputs: Record<string, unknown>;
  /** What a component says once it is made; undefined: nothing. */
  outputs: Record<string, unknown> | undefined;
  /** Only those that are set. */
  options: Record<string, unknown>;
  /** URNs. */
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
}

interface Struct {
  toJavaScript(): Record<string, unknown>;
}

interface Hooks {
  getBeforeCreateList(): string[];
  getAfterCreateList(): string[];
  getBeforeUpdateList(): string[];
  getAfterUpdateList(): string[];
  getBeforeDeleteList(): string[];
  getAfterDeleteList(): string[];
  getOnErrorList(): string[];
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getProvider(): string;
  getObject(): Struct;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    forEach(each: (value: { getUrnsList(): string[] }, key: string) => void): void;
  };
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getAliasesList(): { toObject(): object }[];
  getAliasurnsList(): string[];
  getImportid(): string;
  getHooks(): Hooks | undefined;
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
}

interface Answer {
  getUrn(): string;
}

type Register = (request: Request, callback: (error: unknown, answer: Answer) => void) => unknown;

type Accept = (request: unknown, callback: (error: null) => void) => void;

interface Monitor {
  newUrn(parent: string, type: string, name: string): string;
  registerResource: Register;
  registerResourceOutputs(
    request: { getUrn(): string; getOutputs(): Struct },
    callback: (error: null, answer: object) => void,
  ): void;
  registerResourceHook: Accept;
  registerErrorHook: Accept;
}

/** What the SDK marks a secret in the engine's wire format with. */
const secretMark = "4dabf18193072939515e22adb298388d";

const accept: Accept = (_request, callback) => callback(null);

/** What `program` asks the engine for, in its order. Nothing is made; each resource gets an id of its name. */
export async function registeredBy(program: () => unknown): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({
        id: `id-of-${name}`,
        state: { ...inputs, stdout: JSON.stringify({ container: `made-by-${name}` }) },
      }),
      call: () => {
        throw new Error("a program that only makes resources calls nothing");
      },
    },
    "clawforce",
    "test",
    false,
  );
  // The mocks of the SDK are not told of dependencies and options: read them where they pass.
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  monitor.newUrn = urnOf;
  monitor.registerResourceHook = accept;
  monitor.registerErrorHook = accept;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, answer) => {
      if (error === null || error === undefined) registered.push(seen(request, answer.getUrn()));
      callback(error, answer);
    });
  monitor.registerResourceOutputs = (request, callback) => {
    const found = registered.find(({ urn }) => urn === request.getUrn());
    if (found === undefined) throw new Error(`nobody has registered ${request.getUrn()}`);
    found.outputs = request.getOutputs().toJavaScript();
    callback(null, {});
  };
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

/** As the engine itself names it. The SDK's mocks leave out all types but the parent's. */
function urnOf(parent: string, type: string, name: string): string {
  const qualified = parent === "" ? type : `${parent.split("::")[2]}$${type}`;
  return `urn:pulumi:test::clawforce::${qualified}::${name}`;
}

/** A value with `show` of each secret in place of what the engine keeps encrypted. */
export function withSecrets(
  value: unknown,
  show: (secret: unknown) => unknown = (secret) => ({ secret }),
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => withSecrets(each, show));
  if (secretMark in value && "value" in value) return show(withSecrets(value.value, show));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withSecrets(each, show)]));
}

function seen(request: Request, urn: string): Registered {
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList();
  });
  return {
    ...{ type: request.getType(), name: request.getName(), parent: request.getParent(), urn },
    ...{ custom: request.getCustom(), provider: request.getProvider() },
    inputs: request.getObject().toJavaScript(),
    outputs: undefined,
    options: set({
      protect: request.getProtect(),
      retainOnDelete: request.getRetainondelete(),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      replacementTrigger: request.getReplacementTrigger()?.toJavaScript() ?? "",
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: [
        ...request.getAliasurnsList(),
        ...request.getAliasesList().map((alias) => JSON.stringify(alias.toObject())),
      ],
      import: request.getImportid(),
      hooks: hooksOf(request.getHooks()),
      timeouts: timeoutsOf(request.getCustomtimeouts()),
    }),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
  };
}

function hooksOf(hooks: Hooks | undefined): object {
  if (hooks === undefined) return {};
  return set({
    beforeCreate: hooks.getBeforeCreateList(),
    afterCreate: hooks.getAfterCreateList(),
    beforeUpdate: hooks.getBeforeUpdateList(),
    afterUpdate: hooks.getAfterUpdateList(),
    beforeDelete: hooks.getBeforeDeleteList(),
    afterDelete: hooks.getAfterDeleteList(),
    onError: hooks.getOnErrorList(),
  });
}

function timeoutsOf(timeouts: ReturnType<Request["getCustomtimeouts"]>): object {
  if (timeouts === undefined) return {};
  return set({
    create: timeouts.getCreate(),
    update: timeouts.getUpdate(),
    delete: timeouts.getDelete(),
  });
}

/** Without what says nothing: false, and what is empty. */
function set(values: Record<string, unknown>): Record<string, unknown> {
  const says = (value: unknown) =>
    typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => says(value)));
}
