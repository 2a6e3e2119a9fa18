/** What the person at the machine must do, in a sentence: shown without a stack trace. */
export class SetUpError extends Error {
  override name = "SetUpError";
}

/** Ends a program: a `SetUpError` as its sentence, anything else with all there is to find the mistake by. */
export function failWith(error: unknown): never {
  console.error(error instanceof SetUpError ? error.message : error);
  process.exit(1);
}
