import type { Unread } from "./text-scan.ts";
import { quoted, type Told } from "./verdict.ts";

/** What brings images along that a pack can't look into. */
export const unseenImages: Readonly<Record<"chart" | "injector", Told>> = {
  chart: {
    what: "nobody can see here which images come from it",
    why: "a policy sees the values of a release, not its chart and files",
    write: "each image of the chart into `values`, with its digest",
  },
  injector: {
    what: "an injector puts a container of its own into the pod",
    why: "its image stands in the injector's settings, which no policy sees",
    write: "the injector's image by its digest, in its settings or in its own annotation",
  },
};

/** Why a text was not read, so that nobody takes it for one without images. */
export const unreadTold: Readonly<Record<Unread, Told>> = {
  long: unread("the text is longer than 256 kB, and was not read as YAML", "it in parts that are shorter"),
  deep: unread("the text nests deeper than 64 levels, and was not read as YAML", "it with less nesting"),
  tags: unread(
    "the text has more than 1,000 tags and anchors, and was not read as YAML",
    "it with fewer of them",
  ),
  aliases: unread(
    "the text has aliases of nothing, or too many of them, and was not read",
    "what they stand for in their place",
  ),
};

function unread(what: string, write: string): Told {
  return { what, why: "an image may stand in it that no rule sees", write };
}

/** That something else than the program changes an image. @param by - what tells it to. */
export function movedTold(by: string): Told {
  return {
    what: `${quoted(by)} lets another program change the image`,
    why: "then an image runs that no review has seen, and no canary has proved",
    write: "no such setting: the image is changed by this program alone",
  };
}
