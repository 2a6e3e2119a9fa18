/** A failure whose message is for the operator: what is wrong, where, what to do next. Printed without a stack trace. */
export class OperationFailure extends Error {
  override name = "OperationFailure";
}

/** Something had not ended when its time was over. That says that it is slow, and nothing else. */
export class TooLate extends OperationFailure {
  override name = "TooLate";
  readonly late = true;
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
