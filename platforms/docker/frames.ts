/** A piece of what a program printed: 1 is its standard output, 2 its standard error. */
export interface Frame {
  channel: number;
  data: Buffer;
}

/**
 * Docker's multiplexed stream piece by piece, as fast as it is taken: a large output never has to stand in memory. A
 * stream that ends within a frame is an error.
 */
export async function* framesOf(stream: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Frame> {
  let header: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let channel = 0;
  let left = 0;
  for await (const chunk of stream) {
    let rest: Buffer = chunk as Buffer;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = 8 - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < 8) {
          break;
        }
        channel = header[0] ?? 0;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const data = rest.subarray(0, left);
      left -= data.length;
      rest = rest.subarray(data.length);
      yield { channel, data };
    }
  }
  if (left > 0 || header.length > 0) {
    throw new Error("the output of a program in a container was cut off");
  }
}
