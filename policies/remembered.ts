/**
 * A function of a text that remembers what it has made: the rules ask for the same names and texts again and again.
 *
 * @param most - characters of the texts that it remembers; beyond them it begins anew.
 */
export function remembered<Value>(make: (text: string) => Value, most: number): (text: string) => Value {
  const known = new Map<string, Value>();
  let length = 0;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const made = make(text);
    if (length > most) {
      known.clear();
      length = 0;
    }
    known.set(text, made);
    length += text.length;
    return made;
  };
}
