import { describeManyFiles } from "../support/many-files.ts";

describeManyFiles(400_000, { short: "5s", enough: "30m" });
