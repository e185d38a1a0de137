/** A mistake that a schema finds: of one of several forms, the mistakes of each. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
}

/**
 * Says what is wrong with a body, of several forms that it could have of the one that it comes nearest
 * to. The value itself is not repeated: it may be a signed URL.
 */
export function mistakeIn(issues: readonly unknown[]): string {
  const { path, message } = deepest(issues as readonly Issue[], []);
  return `${path.length === 0 ? "body" : path.map(String).join(".")}: ${message}`;
}

function deepest(issues: readonly Issue[], above: readonly PropertyKey[]): Issue {
  const found = issues.flatMap((issue): Issue[] => {
    const path = [...above, ...issue.path];
    const forms = issue.errors?.filter((form) => form.length > 0) ?? [];
    return [{ ...issue, path }, ...forms.map((form) => deepest(form, path))];
  });
  return found.reduce((a, b) => (b.path.length > a.path.length ? b : a));
}
