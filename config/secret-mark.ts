/**
 * Stands where a value is set as a secret. It holds no value, so that no message can show one.
 * A program gets the values themselves from `load.ts`, as Outputs.
 */
export class SecretMark {
  toJSON(): string {
    return "[secret]";
  }
}
