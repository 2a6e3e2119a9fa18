import { describeManyFiles } from "../support/many-files.ts";

describeManyFiles(20_000, { short: "1s", enough: "10m" });
