import { z } from 'zod';
import type { Place } from '../core/errors.ts';
import { FlowError, isFlowError } from '../core/errors.ts';

/** Which status says what to whoever asked, with every code that is said so. A code that is a stored failure is never an answer of its own. */
const codesByStatus: Readonly<Record<number, string>> = {
  400: `body_unreadable cursor_invalid not_yaml aliases_too_many duplicate_key merge_invalid message_invalid message_unknown field_unknown
    hello_expected version_unsupported request_invalid`,
  401: 'token_missing token_refused',
  403: 'scope_missing host_refused origin_refused inspection_read_only state_read_only server_read_only path_outside_folder',
  404: `execution_not_found artifact_not_found message_not_found actor_not_found flow_unknown queue_unknown route_unknown method_unknown topic_unknown
    consolidated_not_found consolidated_pending kind_unknown remote_unknown machine_unknown step_unknown definition_missing
    debug_target_unknown value_not_found`,
  405: 'method_refused',
  409: `execution_settled execution_unsettled execution_active execution_exists idempotency_key_taken retry_conflict retry_nothing retry_blocked
    retry_of_child definition_changed signals_full actor_exists actor_owner_missing actor_machine_missing machine_changed execution_imported
    execution_ambiguous queue_without_instances claim_lost interaction_unsettled record_settled row_refused run_superseded superseded
    instance_forgotten actor_settled table_differs backup_exists project_exists execution_unreadable migration_failed actor_not_root
    debug_not_held debug_isolated`,
  410: 'route_refused',
  413: 'body_too_large value_too_large request_too_large answer_too_large definition_too_large artifact_too_large expression_too_large',
  415: 'body_type_refused',
  416: 'range_unsatisfiable',
  422: `parameter_invalid breakpoint_invalid definition_invalid definition_unreadable plan_mismatch number_inexact missing_key unknown_key invalid_value key_not_allowed duplicate_step
    benchmark_not_planned duplicate_flow duplicate_assertion unknown_step alternative_shared alternative_awaited unknown_tool with_misfit output_misfit
    example_misfit unknown_machine unknown_flow unknown_name item_unknown step_not_upstream dependency_cycle expression_syntax input_schema_invalid
    artifact_name_invalid duplicate_artifact duration_invalid assertion_unknown bounds_contradict bounds_narrow weights_not_one holds_from_start
    account_unknown lamports_missing mint_differs benchmark_key_unknown step_never_runs braces_unknown wait_endless score_out_of_reach output_unused
    time_out_of_reach option_invalid input_invalid input_check_timeout value_not_json tool_invalid step_kind_invalid tool_unknown value_unknown
    consolidator_unknown signal_unknown signal_payload_invalid kind_invalid answer_invalid queue_invalid payload_invalid schema_async
    payload_version_unknown payload_upgrade_failed message_wait_invalid actor_value_not_json event_reserved import_invalid usage_invalid
    argument_not_json flow_module_invalid tools_module_invalid output_dir_unknown events_wildcard path_not_followed path_diverged mutants_survived
    service_unnamed paths_unavailable invariant_broken outcome_missing assertion_missing property_failed model_unscripted scripted codec_missing`,
  429: 'requests_too_many subscriptions_too_many client_too_fast',
  500: `internal_error uncaught_error output_outside_folder file_not_written file_unreadable file_unwritable key_not_loaded
    write_not_synchronous store_not_acquired store_not_a_database store_newer store_outdated store_damaged driver_conflict node_too_old
    store_read_failed socket_folder_unsafe token_file_unsafe package_missing xstate_unsupported
    inspector_missing`,
  501: 'kinds_unsupported artifacts_unsupported interactions_unsupported writes_unsupported queues_unavailable store_unsupported isolation_unavailable sync_unavailable',
  503: `runtime_faulted runtime_failed runtime_unsteady runtime_stopped runtime_running owner_missing owner_unreachable owner_silent owner_busy owner_stopping client_silent
    client_slow client_closed request_failed topic_ended store_gone store_log_gone store_closed store_owned stale_owner commit_failed store_cannot_open
    store_not_found store_unavailable driver_unavailable evaluator_unavailable queue_full port_taken`,
};

/** Why steps, flows, messages and actors have failed: found in what is answered, never the answer itself. */
const storedFailures = `imported_failure tool_failed tool_threw tool_input_invalid tool_output_invalid outcome_invalid retry_requested step_timeout
  process_died process_timeout process_damaged interrupted wait_timeout sleep_invalid with_invalid signal_invalid child_failed flow_too_deep
  child_flows_too_many commit_refused effect_failed machine_threw machine_stopped upstream_failed condition_false alternative_not_needed
  skipped_on_request when_invalid for_each_invalid items_halted flow_halted consolidation_timeout consolidation_invalid flow_timeout cancelled
  expression_failed expression_timeout machine_failed artifact_content_invalid interaction_invalid model_client_missing models_missing model_timeout
  model_answer_invalid models_failed exec_not_found exec_failed exec_output_invalid exec_output_too_large folder_not_found git_not_found
  git_not_a_repository git_failed http_network http_status http_header_invalid http_body_invalid http_body_too_large package_not_found
  package_invalid visibility_timeout handler_threw dead_lettered actor_not_storable actor_logic_missing promise_interrupted promise_timeout`;

const listCodes = (text: string): string[] => text.split(/\s+/).filter(code => code !== '');

/** The status of each code; a stored failure that is thrown after all is a fault of ours. */
export const statusByCode: ReadonlyMap<string, number> = new Map([
  ...Object.entries(codesByStatus).flatMap(([status, codes]) => listCodes(codes).map(code => [code, Number(status)] as const)),
  ...listCodes(storedFailures).map(code => [code, 500] as const),
]);

/** The body of every answer that is none: RFC 9457, with what a `FlowError` says. */
export const problemSchema = z.object({
  type: z.string().describe('`urn:flowstone:error:` and the code'),
  title: z.string().describe('The code: stable, to be decided by'),
  status: z.int().describe('As that of the answer'),
  detail: z.string().describe('What was expected, what came, and what to do'),
  file: z.string().optional(),
  line: z.int().optional().describe('1-based; where in a definition it is'),
  column: z.int().optional(),
  path: z.string().optional().describe('As `steps[2].retry`'),
  problems: z.array(z.object({
    code: z.string(), message: z.string(), file: z.string().optional(), line: z.int().optional(), column: z.int().optional(), path: z.string().optional(),
  })).optional().describe('All that is wrong with a definition, or an input'),
}).meta({ id: 'Problem' });
type ProblemDocument = z.infer<typeof problemSchema>;

const toPlace = (place: Place | undefined): Place => {
  const { file, line, column, path } = place ?? {};
  return { ...(file !== undefined && { file }), ...(line !== undefined && { line }), ...(column !== undefined && { column }), ...(path !== undefined && { path }) };
};

/** What is wrong with a definition has a code and a place; with an input only a path. */
function toFinding(problem: { readonly code?: string; readonly message?: string; readonly place?: Place; readonly path?: string }, code: string): Place & { readonly code: string; readonly message: string } {
  return { code: problem.code ?? code, message: String(problem.message ?? ''), ...toPlace(problem.place ?? problem) };
}

/** Seconds after which it may be asked again, where that may help. */
const retryAfter: Readonly<Record<number, string>> = { 429: '1', 503: '2' };

/** Says why there is no answer. @param redact takes out of it what must not be told */
export function toProblem(thrown: unknown, redact: (text: string) => string): ProblemDocument {
  const error = isFlowError(thrown) ? thrown : new FlowError('internal_error', 'Expected the server to answer; it has met an error that it does not know, and written it to its log');
  const given = error.details?.['problems'];
  const problems = Array.isArray(given) ? given.map(problem => toFinding(problem, error.code)) : [];
  const document: ProblemDocument = {
    type: `urn:flowstone:error:${error.code}`, title: error.code, status: statusByCode.get(error.code) ?? 500, detail: error.message, ...toPlace(error.place ?? problems[0]),
    ...(problems.length > 0 && { problems }),
  };
  return JSON.parse(redact(JSON.stringify(document))) as ProblemDocument;
}

/** A problem as an answer. */
export function answerProblem(problem: ProblemDocument, headers: Readonly<Record<string, string>> = {}): Response {
  const { status } = problem;
  const wait = retryAfter[status];
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      'content-type': 'application/problem+json', 'cache-control': 'no-store', ...(wait !== undefined && { 'retry-after': wait }),
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="flowstone"' }), ...headers,
    },
  });
}
