const units: Readonly<Record<string, number>> = {
  "": 1,
  ...{ m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/** Bytes of "512Mi" or "1e9"; undefined: it is no quantity. */
export function bytesOf(text: string | number | undefined): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?(?:[eE]\d+)?)([kKMGTPm]i?)?$/.exec(String(text ?? "")) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor);
}
