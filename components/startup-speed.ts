import { enableCompileCache } from "node:module";
import { compileCache } from "../config/compile-cache.ts";

/*
 * Imported before everything else, for its effects, because that is when they count. Together a fifth of a warm preview;
 * measure with `npm run bench:preview`.
 */

/** What is imported from here on is compiled once and then read from here; where that can't be written, nothing happens. */
enableCompileCache(compileCache);

/** What the hooks run begins the same way. */
process.env.NODE_COMPILE_CACHE ??= compileCache;

/**
 * Stack traces stay as Node makes them. The SDK translates each one to its own TypeScript sources and takes one for every
 * resource and promise. Our files need no translation, they run as they are.
 */
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
