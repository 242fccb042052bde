// The log of a process.

/** The agent's log; facts first, as in pino. */
export interface AgentLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
