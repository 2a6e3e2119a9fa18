import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Imported before everything else, for its effects, because that is when they count. Together a fifth of a warm preview;
 * measure with `npm run bench:preview`.
 */

const compiled = fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url));

/** What is imported from here on is compiled once and then read from here; where that can't be written, nothing happens. */
enableCompileCache(compiled);

/** The programs of hooks begin the same way: half of what their start costs, and requests are held meanwhile. */
process.env.NODE_COMPILE_CACHE ??= compiled;

/**
 * Stack traces stay as Node makes them. The SDK translates each one to its own TypeScript sources and takes one for every
 * resource and promise. Our files need no translation, they run as they are.
 */
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
