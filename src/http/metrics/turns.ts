import type { TurnFigures } from "../../store/turns.ts";
import { by, counter, type Family, gauge } from "./family.ts";

/** Metrics of a host that shares the work with others; without values for one that does all of it. */
export function turnMetrics(turns: TurnFigures | null): Family[] {
  return [
    gauge("hosts", "Hosts that share the work, this one among them.", turns && turns.hosts),
    gauge(
      "turns_held",
      "Turns that this host has; all hosts together have 64.",
      turns && turns.held,
    ),
    counter(
      "turns_total",
      "Turns that came and went; lost ones went to others, since this host was not heard of.",
      by("outcome", turns === null ? [] : outcomesOf(turns)),
    ),
    counter(
      "late_outcomes_total",
      "Outcomes that came after the end of their turn, and settled nothing.",
      turns === null ? [] : turns.late,
    ),
    gauge(
      "host_lag_seconds",
      "Age of the oldest of the entries that this host took last; 0 when none was due.",
      turns && turns.lagMs / 1000,
    ),
    gauge(
      "clock_ahead_seconds",
      "Time by which this host's clock is ahead of the database's.",
      turns && turns.aheadMs / 1000,
    ),
    counter(
      "database_statements_total",
      "Statements that this host had the database do: each goes there and back.",
      turns === null ? [] : turns.statements,
    ),
  ];
}

function outcomesOf({ taken, givenBack, lost }: TurnFigures): [string, number][] {
  return [
    ["taken", taken],
    ["given_back", givenBack],
    ["lost", lost],
  ];
}
