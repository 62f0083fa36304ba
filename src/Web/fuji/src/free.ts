/** Gives a buffer's memory back at once rather than at the next collection, which a few megabytes a time do not hurry. The buffer is empty then. */
export function freeBuffer(buffer: ArrayBuffer): void {
  const { transfer } = buffer as { transfer?: (length: number) => ArrayBuffer };
  transfer?.call(buffer, 0);
}
