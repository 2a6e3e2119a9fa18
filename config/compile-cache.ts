import { fileURLToPath } from "node:url";

/** Where what Node has compiled of the program is kept: beside the packages, and as short-lived as they are. */
export const compileCache = fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url));
