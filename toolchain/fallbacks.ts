import { SetUpError } from "./set-up-error.ts";

/** Thrown by a fallback that this machine does not have, so that the next one is tried. Its message is a clause: why. */
export class Unavailable extends Error {}

/** One way to get a part, for when those before it are not there. */
export interface Fallback<T> {
  /** What is said when it was the one: "found on this machine", "downloaded from …", "built from Go modules". */
  readonly name: string;
  readonly get: () => Promise<T>;
}

export interface Chosen<T> {
  readonly value: T;
  /** The name of the fallback, with why those before it were passed over. */
  readonly origin: string;
}

/** Takes the first fallback that is available. Any other error of a fallback is final: it is worth knowing, not hiding. */
export async function firstAvailable<T>(part: string, fallbacks: readonly Fallback<T>[]): Promise<Chosen<T>> {
  const passedOver: string[] = [];
  for (const fallback of fallbacks) {
    try {
      const value = await fallback.get();
      return {
        value,
        origin: passedOver.length === 0 ? fallback.name : `${fallback.name}, as ${passedOver.join(" and ")}`,
      };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      passedOver.push(error.message);
    }
  }
  throw new SetUpError(`There is no way to get ${part}: ${passedOver.join("; ")}.`);
}
