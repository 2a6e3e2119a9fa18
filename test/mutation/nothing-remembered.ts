/** In place of policies/remembered.ts, where one change follows the other: the next would get what the last has made. */
export function remembered<Value>(make: (text: string) => Value): (text: string) => Value {
  return make;
}
