import { describe, expect, it } from 'vitest';
import { type Expression, parseExpression } from '../../src/definition/expression.ts';

function scan(source: string): Expression['reads'] {
  const expression = parseExpression(source);
  if ('message' in expression) throw new Error(expression.message);
  return expression.reads;
}

describe('what an expression reads', () => {
  it.each([
    ['steps.a.output.x', ['a']],
    ['steps."a-b".output', ['a-b']],
    ['steps . `a-b` . output', ['a-b']],
    ['$.steps.a.output', ['a']],
    ['$$.steps.a.output', ['a']],
    ['input.list.($$.steps.a.output)', ['a']],
    ['input.list[price > $$.steps.a.output]', ['a']],
    ['[steps.a.output, { "b": steps.b.output }]', ['a', 'b']],
    ['$sum(steps.a.output) + (steps.b.status = "failed" ? steps.c.output : 1)', ['a', 'b', 'c']],
    ['steps.a.output ~> $sum', ['a']],
    ['($x := steps.a.output; $x.y)', ['a']],
    ['$map(input.list, function($v) { $v * steps.a.output })', ['a']],
    ['steps.a.output^(price).name', ['a']],
    ['steps.a.output{ name: $sum(price) }', ['a']],
    ['input.list@$l.{ "x": $l.y }', []],
    ['input.list#$i.{ "i": $i, "n": name }', []],
    ['input ~> |account|{ "total": price * 2 }|', []],
    ['input.steps.a', []],
    ['$map(input.list, function($v, $i, $all) { $v.steps.a })', []],
  ])('%s reads %j and nothing unknown', (source, ids) => {
    const reads = scan(source);
    expect([...reads.steps]).toEqual(ids);
    expect(reads).toMatchObject({ allSteps: false, unknownNames: new Set(), unknownFields: new Set(), unknownVariables: new Set() });
  });

  it.each(['steps', '$keys(steps)', 'steps.*.output', '$lookup(steps, "a")', '$$', '$string($)', '**.price', 'steps.(a.output)', '($s := steps; $s.a)', 'steps[0].a', '*.a'])('%s may read every step', source => {
    expect(scan(source).allSteps).toBe(true);
  });

  it.each([
    ['inputs.x', ['inputs'], [], []],
    ['$sum(foo) + input.x', ['foo'], [], []],
    ['foo ? bar : "x"', ['foo', 'bar'], [], []],
    ['steps.a.result + steps.a.output', [], ['result'], []],
    ['steps.a.result', [], ['result'], []],
    ['$uper(input.x)', [], [], ['uper']],
    ['$x + 1', [], [], ['x']],
  ])('%s has the unknown names %j %j %j', (source, names, fields, variables) => {
    expect(scan(source)).toMatchObject({ unknownNames: new Set(names), unknownFields: new Set(fields), unknownVariables: new Set(variables) });
  });

  it('tells whether it needs an item', () => {
    expect(['item', 'item.x', 'index + 1', '$string(item)', '$$.item'].map(source => scan(source).readsItem)).toEqual([true, true, true, true, true]);
    expect(['input.item', 'steps.item.output', '"item"'].map(source => scan(source).readsItem)).toEqual([false, false, false]);
  });
});
