/** Where in the flow a benchmark's expectations look. */
export interface Targets {
  /** The step that decides, by its number in the file. */
  readonly decision: (step: number | undefined) => string;
  /** The step whose output is the result. */
  readonly result: string;
  /** The steps of the file, for what is expected of all of them. */
  readonly steps: readonly string[];
  /** Where the tool calls are. */
  readonly calls: (step: number | undefined) => string;
}
