/** What an operator can do something about: one sentence that says what is wrong, where, and what to do. */
export class EvidenceFailure extends Error {
  override name = "EvidenceFailure";
}

/** The records of one workload prove nothing from some line on, or cannot be read. The others are not concerned. */
export class EvidenceDamaged extends EvidenceFailure {
  override name = "EvidenceDamaged";
  /** Where and what, as a phrase without the remedy. */
  readonly what: string;

  constructor(what: string) {
    super(
      `${what}. Put the file back from a copy. \`fleet evidence check\` says what it still proves, \`fleet evidence repair\` goes on without the rest.`,
    );
    this.what = what;
  }
}

/** The signing key cannot be used. */
export class EvidenceKeyError extends EvidenceFailure {
  override name = "EvidenceKeyError";
}
