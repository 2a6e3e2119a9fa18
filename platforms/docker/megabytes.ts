/** As the provider counts memory: a part of one counts whole. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
