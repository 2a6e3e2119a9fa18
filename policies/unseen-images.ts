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

/** That something else than the program changes an image. @param by - what tells it to. */
export function movedTold(by: string): Told {
  return {
    what: `${quoted(by)} lets another program change the image`,
    why: "then an image runs that no review has seen, and no canary has proved",
    write: "no such setting: the image is changed by this program alone",
  };
}
