const encode = (character: string): string => `#${character.codePointAt(0)};`;

const toOneLine = (text: string): string => text.toWellFormed().replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ').trim();

/** Writes text so that Mermaid draws it as it is between quotes; what means something there becomes an entity code. */
export function escapeQuoted(text: string): string {
  return toOneLine(text).replace(/[#"<>&`\\%]|\$(?=\$)|(?<=\$)\$/g, encode);
}

/** Writes text so that Mermaid draws it as it is behind a colon, up to the end of the line. */
export function escapeTail(text: string): string {
  return toOneLine(text).replace(/[#"<>&`\\%;:{}~-]/g, encode);
}

/** Writes text so that Mermaid draws it as it is on a line of a note. */
export function escapeNote(text: string): string {
  return escapeTail(text).replaceAll(/(?<=\bend )note/gi, word => `${encode(word)}${word.slice(1)}`);
}

/** Cuts a label at so many characters. */
export function shortenLabel(text: string, length = 60): string {
  const characters = Array.from(text.replace(/\s+/g, ' ').trim());
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`;
}
