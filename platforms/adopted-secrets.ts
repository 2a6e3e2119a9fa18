const secretWords = /(^|_)(token|secret|passw(or)?d|passphrase|credentials?|key|auth)(_|$)/i;

/** By its name alone: whoever adopts a gateway sees which ones were taken for secrets. */
export function isSecretName(variable: string): boolean {
  return secretWords.test(variable);
}

/** The name that the secret of a variable would get. */
export function secretNameOf(variable: string): string {
  return variable.toLowerCase().replaceAll("_", "-");
}

/** What a container has of secrets, by their variables. Values go no further than the comparison here. */
export interface HeldSecrets {
  /** Of the instance. */
  instance: string;
  /** Variable -> the name that its secret would get. */
  names: Readonly<Record<string, string>>;
  /** Variable -> value. */
  values: Readonly<Record<string, string>>;
}

export interface NamedSecrets {
  /** Variable -> name of a secret that all of them share. */
  shared: Record<string, string>;
  /** Variable -> name of a secret that this one has for itself. */
  own: Record<string, string>;
}

/** The longest name of a secret. */
const longest = 63;

/**
 * One secret for one value: containers with different values of a variable get a name each, and none gets a name that
 * stands for something in the stack already.
 */
export function secretNames(all: readonly HeldSecrets[], taken: ReadonlySet<string>): NamedSecrets[] {
  const values = new Map<string, Set<string>>();
  for (const { names, values: held } of all) {
    for (const [variable, name] of Object.entries(names)) {
      values.set(name, (values.get(name) ?? new Set()).add(held[variable] ?? ""));
    }
  }
  const isShared = (name: string) => values.get(name)?.size === 1 && !taken.has(name);
  return all.map(({ instance, names }) => {
    const named: NamedSecrets = { shared: {}, own: {} };
    for (const [variable, name] of Object.entries(names)) {
      if (isShared(name)) named.shared[variable] = name;
      else named.own[variable] = `${name}-of-${instance}`.slice(0, longest);
    }
    return named;
  });
}
