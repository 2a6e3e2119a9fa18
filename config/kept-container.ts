const ending = "-before-adoption";

/** The name under which the container of before an adoption is kept. */
export function keptName(workload: string): string {
  return `${workload}${ending}`;
}

export function isKeptName(container: string): boolean {
  return container.endsWith(ending);
}
