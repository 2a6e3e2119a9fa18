import { fileURLToPath } from "node:url";

/** The project's folder: what the stack's program and its operations are run from. */
export const projectFolder = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
