import type { notKnown } from "./guarded-read.ts";
import type { Composed } from "./image-parts.ts";
import type { Unread } from "./text-scan.ts";

/**
 * What a search without a map has found: an image that the name of its place gives away, a value that nobody knows yet
 * and that may have one, a text that was not read, or what something else does with images.
 */
export type Found =
  | Composed
  | { path: string; value: typeof notKnown }
  /** A text that may name images. */
  | { path: string; unread: Unread }
  | FoundHand;

/** Something beside the program that has a hand in what runs. */
export interface FoundHand {
  path: string;
  /** It changes the image, or it puts a container beside the program's own. */
  hand: "moves" | "injects";
  /** What the program tells it by: an annotation, a label, a field. */
  by: string;
}
