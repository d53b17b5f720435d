import { FlowError } from '../core/errors.ts';
import { describeValue } from '../core/wording.ts';

/** What is followed, as the protocol names it. */
export interface TopicRequest {
  readonly topic: string;
  readonly params: Record<string, unknown>;
}

const forms = '`feed`, `execution:ID`, `executions?flow=…&label.NAME=…&status=…`, `queue:NAME`, `actor:ID`, `health`';
/** The parameter that stands behind the colon. */
const named: { readonly [topic: string]: string } = { execution: 'executionId', queue: 'queue', actor: 'actorId' };

/**
 * Reads what people write for a topic.
 *
 * @throws a `FlowError` with code `topic_unknown`
 */
export function parseTopic(text: string): TopicRequest {
  const [, name = '', id, query = ''] = (typeof text === 'string' && /^([a-z]+)(?::([^?]+))?(?:\?(.*))?$/s.exec(text)) || [];
  const search = [...new URLSearchParams(query)];
  if (id !== undefined && named[name] !== undefined && search.length === 0) return { topic: name, params: { [named[name]]: id } };
  if (id === undefined && name === 'health' && search.length === 0) return { topic: name, params: {} };
  if (id === undefined && name === 'feed') {
    const topics = search.filter(([key]) => key === 'topic').map(([, value]) => value);
    if (topics.length === search.length) return { topic: name, params: topics.length > 0 ? { topics } : {} };
  }
  if (id === undefined && name === 'executions') {
    const params: { flowId?: string; status?: string[]; labels?: Record<string, string> } = {};
    for (const [key, value] of search) {
      if (key === 'flow') params.flowId = value;
      else if (key === 'status') params.status = value.split(',');
      else if (key.startsWith('label.')) params.labels = { ...params.labels, [key.slice('label.'.length)]: value };
      else throw new FlowError('topic_unknown', `Expected \`flow\`, \`status\` or \`label.NAME\` behind \`executions?\`, got \`${key}\``);
    }
    return { topic: name, params };
  }
  throw new FlowError('topic_unknown', `Expected a topic to be one of ${forms}, got ${describeValue(text)}`);
}
