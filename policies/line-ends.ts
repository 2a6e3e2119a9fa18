/** What ends a line of a text, on whatever system it was written; the last three are for older readers of YAML. */
export const lineEnds = /\r\n?|[\n\u0085\u2028\u2029]/;

/** A text with the line ends that every reader knows. */
export function withPlainEnds(text: string): string {
  return text.replaceAll(/[\u0085\u2028\u2029]/g, "\n");
}
