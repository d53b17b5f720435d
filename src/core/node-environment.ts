/** The environment of another process of the program that runs this one, so that it is Node also where this is Electron. */
export function toNodeEnvironment(): NodeJS.ProcessEnv {
  return 'electron' in process.versions ? { ...process.env, ELECTRON_RUN_AS_NODE: '1' } : { ...process.env };
}
