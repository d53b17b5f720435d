/** Counts the bytes of a text's UTF-8; half a surrogate pair counts as the replacement character. */
export function countUtf8(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) bytes++;
    else if (code < 0x800) bytes += 2;
    else if (isPair(text, at)) {
      bytes += 4;
      at++;
    } else bytes += 3;
  }
  return bytes;
}

/** What marks the first byte of a character that has so many more. */
const firstBytes = [0, 0xc0, 0xe0, 0xf0] as const;

/** Writes a text as UTF-8, as `Buffer.from` does. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(countUtf8(text));
  let next = 0;
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (isPair(text, at)) code = text.codePointAt(at++) as number;
    else if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) {
      bytes[next++] = code;
      continue;
    }
    const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes[next++] = (code >> (6 * more)) | (firstBytes[more] as number);
    for (let left = more - 1; left >= 0; left--) bytes[next++] = ((code >> (6 * left)) & 0x3f) | 0x80;
  }
  return bytes;
}

const isPair = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  if (code < 0xd800 || code >= 0xdc00) return false;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low < 0xe000;
};
