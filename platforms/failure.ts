/** A failure whose message is for the operator: what is wrong, where, what to do next. Printed without a stack trace. */
export class OperationFailure extends Error {
  override name = "OperationFailure";
}

/** Something had not ended when its time was over. That says that it is slow, and nothing else. */
export class TooLate extends OperationFailure {
  override name = "TooLate";
  readonly late = true;
}

/**
 * The engine of a platform can't be reached, or does not answer: nothing is known of what becomes of the call that
 * failed, and every other call will fail too until somebody has looked at the host.
 */
export class EngineFailure extends OperationFailure {
  override name = "EngineFailure";
  /** "The Docker host H does not answer (ECONNREFUSED)" */
  readonly what: string;
  /** What to do now, sentences. */
  readonly advice: string;

  constructor(what: string, advice: string) {
    super(`${what}. ${advice}`);
    this.what = what;
    this.advice = advice;
  }

  /** For a caller that has changed nothing yet. */
  untouched(): OperationFailure {
    return new OperationFailure(`${this.what}; nothing was done. ${this.advice}`);
  }
}

/** An engine that can't be reached as one sentence, for callers that have changed nothing; every other error passes through. */
export function untouchedBy(error: unknown): unknown {
  return error instanceof EngineFailure ? error.untouched() : error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a program prints before it ends with an error: the sentence of an expected failure, the stack of a fault of ours. */
export function reportOf(error: unknown): string {
  if (error instanceof OperationFailure) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
