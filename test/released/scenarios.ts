import { actors } from './scenarios/actors.ts';
import { children } from './scenarios/children.ts';
import { documents } from './scenarios/documents.ts';
import { flows } from './scenarios/flows.ts';
import { generations } from './scenarios/generations.ts';
import { lists } from './scenarios/lists.ts';
import { processes } from './scenarios/processes.ts';
import { program } from './scenarios/program.ts';
import { queues } from './scenarios/queues.ts';
import { recovery } from './scenarios/recovery.ts';
import { scoring } from './scenarios/scoring.ts';
import type { Scenario } from './stage.ts';

/** All scenarios, by their name in the list of differences. */
export const scenarios: Readonly<Record<string, Scenario>> = { ...flows, ...scoring, ...lists, ...children, ...recovery, ...generations, ...documents, ...queues, ...actors, ...processes, ...program };
