import type { DocumentPart } from './document-parts.ts';

/** Writes a document as JSON, with as much of it in memory as its largest part. */
export async function* writeJson(parts: AsyncIterable<DocumentPart>): AsyncGenerator<string> {
  let list: string | undefined;
  let before = '{';
  for await (const part of parts) {
    const isElement = 'element' in part;
    const goesOn = isElement && part.key === list;
    if (list !== undefined && !goesOn) before = '\n  ],';
    const name = goesOn ? '' : `\n  ${JSON.stringify(part.key)}: ${isElement ? '[' : ''}`;
    yield before + name + (isElement ? `\n${indent(part.element, '    ')}` : indent(part.value, '  ').trimStart());
    list = isElement ? part.key : undefined;
    before = ',';
  }
  yield `${list === undefined ? '' : '\n  ]'}\n}\n`;
}

/** Text in JSON has no line breaks of its own. */
const indent = (value: unknown, by: string): string => by + JSON.stringify(value, null, 2).replaceAll('\n', `\n${by}`);

/** The same as YAML. */
export async function* writeYaml(parts: AsyncIterable<DocumentPart>): AsyncGenerator<string> {
  const { stringify } = await import('yaml');
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  let list: string | undefined;
  for await (const part of parts) {
    const text = stringify({ [part.key]: 'element' in part ? [part.element] : part.value }, options);
    const goesOn = 'element' in part && part.key === list;
    yield goesOn ? text.slice(text.indexOf('\n') + 1) : text;
    list = 'element' in part ? part.key : undefined;
  }
}
