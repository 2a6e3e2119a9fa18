// The language host loads a main that ends in .ts through ts-node; this one lets Node strip the types itself.
import "./index.ts";
