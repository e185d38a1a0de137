import type { Db, Sql } from "../../src/store/postgres/connect.ts";

/** A node of a plan, as PostgreSQL explains it. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Conflict Arbiter Indexes"?: readonly string[];
  /** Of each time that it was done, where the statement was executed. */
  readonly "Actual Rows"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Actual Loops"?: number;
  /** Where blocks are asked for, with those of all below it. */
  readonly "Shared Hit Blocks"?: number;
  readonly Plans?: readonly PlanNode[];
}

/**
 * The same database; the plan of each statement, before it is executed, is added to a list. With
 * `ANALYZE` it is executed once more: only where it changes nothing.
 */
export function explaining(
  db: Db,
  plans: PlanNode[][],
  how: "" | "ANALYZE, " | "ANALYZE, BUFFERS, " = "",
): Db {
  const explained = (sql: Sql): Sql => ({
    async all(text, values) {
      await note(sql, text, values);
      return await sql.all(text, values);
    },
    async get(text, values) {
      await note(sql, text, values);
      return await sql.get(text, values);
    },
    ask: (text, values) => sql.ask(text, values),
    async run(text, values) {
      await note(sql, text, values);
      return await sql.run(text, values);
    },
  });
  async function note(sql: Sql, text: string, values?: readonly unknown[]): Promise<void> {
    const [row] = await sql.all<Explained>(`EXPLAIN (${how}FORMAT JSON) ${text}`, values);
    plans.push(nodesOf((row as Explained)["QUERY PLAN"][0].Plan));
  }
  return {
    ...explained(db),
    transaction: (work) => db.transaction((sql) => work(explained(sql))),
    statements: () => db.statements(),
    close: () => db.close(),
  };
}

interface Explained {
  readonly "QUERY PLAN": readonly [{ readonly Plan: PlanNode }];
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
