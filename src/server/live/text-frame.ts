/** The last frame of a message, of text (RFC 6455). */
const finalText = 0x81;
/** Lengths that a header says in its second byte; then in two more, then in eight. */
const maxShort = 125;
const maxMiddle = 0xffff;

/** A text as a server's frame of a WebSocket: header and text in one piece, so that it is written by one call. */
export function toTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length <= maxShort ? 2 : length <= maxMiddle ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = finalText;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = maxShort + 1;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = maxShort + 2;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}
