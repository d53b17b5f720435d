import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Expression, Node } from 'oxc-parser';
import { parseSync, Visitor } from 'oxc-parser';
import { globSync } from 'tinyglobby';

/** Words that stand where codes stand, and are none of ours. */
const foreign = new Set(['custom']);
const isCode = (text: string): boolean => /^[a-z]+(_[a-z]+)*$/.test(text) && !foreign.has(text);

const toName = (node: Node): string | undefined =>
  node.type === 'Identifier' ? node.name : node.type === 'MemberExpression' && node.property.type === 'Identifier' ? node.property.name : undefined;

/**
 * Finds every code of an error or a failure that the sources can give: what is written where a parameter, a property or
 * a default is called `code`. Each with the file it is in.
 */
export function findCodes(root: string): Map<string, string> {
  const files = globSync(['{src,persistence,machines}/**/*.ts'], { cwd: root }).toSorted();
  const programs = files.map(file => ({ file, program: parseSync(file, readFileSync(join(root, file), 'utf8')).program }));
  /** Functions by name: at which argument they take a code. */
  const takers = new Map<string, number>([['FlowError', 0]]);
  const constants = new Map<string, string>();
  const noteTaker = (name: string | undefined, parameters: readonly { readonly type: string }[]): void => {
    const place = parameters.findIndex(parameter => {
      const inner = (parameter.type === 'AssignmentPattern' ? (parameter as unknown as { left: Node }).left : parameter) as Node;
      return inner.type === 'Identifier' && inner.name === 'code';
    });
    // A mere test for a code takes one too, and gives none.
    if (name !== undefined && place >= 0 && !name.startsWith('is')) takers.set(name, place);
  };
  for (const { program } of programs) {
    new Visitor({
      FunctionDeclaration: node => noteTaker(node.id?.name, node.params),
      VariableDeclarator(node) {
        if (node.id.type !== 'Identifier' || !node.init) return;
        if (node.init.type === 'ArrowFunctionExpression') noteTaker(node.id.name, node.init.params);
        if (node.init.type === 'Literal' && typeof node.init.value === 'string') constants.set(node.id.name, node.init.value);
      },
      MethodDefinition: node => noteTaker(toName(node.key), node.value.params),
    }).visit(program);
  }

  const codes = new Map<string, string>();
  for (const { file, program } of programs) {
    const note = (value: Expression | Node | null | undefined): void => {
      if (!value) return;
      if (value.type === 'ConditionalExpression') {
        note(value.consequent);
        note(value.alternate);
      } else if (value.type === 'LogicalExpression') {
        note(value.left);
        note(value.right);
      } else {
        const text = value.type === 'Literal' ? value.value : value.type === 'Identifier' ? constants.get(value.name) : undefined;
        if (typeof text === 'string' && isCode(text)) codes.set(text, file);
      }
    };
    const noteCall = (callee: Node, args: readonly Node[]): void => {
      const place = takers.get(toName(callee) ?? (callee.type === 'MemberExpression' && callee.property.type === 'PrivateIdentifier' ? callee.property.name : ''));
      if (place !== undefined) note(args[place]);
    };
    new Visitor({
      CallExpression: node => noteCall(node.callee, node.arguments),
      NewExpression: node => noteCall(node.callee, node.arguments),
      Property(node) {
        if (toName(node.key) === 'code') note(node.value.type === 'AssignmentPattern' ? node.value.right : node.value);
      },
      AssignmentPattern(node) {
        if (toName(node.left) === 'code') note(node.right);
      },
    }).visit(program);
  }
  return codes;
}
