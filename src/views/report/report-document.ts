/** A document of an execution, as a report holds it. */
export interface ReportDocument {
  readonly name: string;
  readonly kind: 'raw' | 'clean' | 'markdown' | 'html' | 'csv' | 'text' | 'binary';
  readonly stepId: string;
  readonly version: number;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Reads its content; called once, and only for what is shown. */
  read(): Promise<string>;
}

/** A document that was to be there, and why it is not. */
export interface MissingDocument {
  readonly name: string;
  readonly stepId: string;
  /** The step's status. */
  readonly status: string;
  readonly reason: string;
}

/** What an execution made, in the order of its definition. */
export interface ReportDocuments {
  readonly present: readonly ReportDocument[];
  readonly missing: readonly MissingDocument[];
}
