/**
 * Leaves stack traces as Node makes them. The SDK translates each one to its own TypeScript sources and makes one for every
 * resource and promise: a tenth of a warm preview. Our files need no translation, they run as they are.
 */
export function plainStackTraces(): void {
  delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
}
