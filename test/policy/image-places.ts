import { type ImagePlace, imagePlacesOf } from "../../policies/image-places.ts";
import { unknownCheckingProxy } from "./props.ts";

/** Where a resource has images, its properties read through the SDK's own proxy. */
export function placesOf(type: string, props: object, ignoreChanges: readonly string[] = []): ImagePlace[] {
  return imagePlacesOf({ type, props: unknownCheckingProxy(props), ignoreChanges });
}
