const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Writes any text so that a browser shows it as it is, between tags and in quoted attributes; what cannot be seen shows as �. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, '\uFFFD')
    .replace(/[&<>"']/g, character => entities[character] ?? character);
}
