/** A partner's program: list, add, change and close a customer with nothing but the types of the document. */

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.d.ts";

type Problem = components["schemas"]["Problem"];

export async function tour(base: string, token: string): Promise<Record<string, unknown>> {
  const api = createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${token}` } });
  const list = "/api/v1/customers/";

  const before = await api.GET(list, { params: { query: { page_size: 1, ordering: "number" } } });
  const added = await api.POST(list, { body: { number: "TS-1", name: "Ada", credit_limit: "12.50", credit_currency: "EUR" } });
  if (!before.data || !added.data) {
    throw new Error(JSON.stringify(before.error ?? added.error));
  }
  const path = { id: added.data.id };
  const read = added.response.headers.get("ETag") ?? "";

  const changed = await api.PATCH(`${list}{id}/`, {
    params: { path, header: { "If-Match": read } },
    body: { name: "Ada L." },
  });
  const stale = await api.PATCH(`${list}{id}/`, {
    params: { path, header: { "If-Match": read } },
    body: { name: "Eve" },
  });
  const closed = await api.POST(`${list}{id}/close/`, { params: { path }, body: { reason: "moved away" } });
  const refused: Problem | undefined = stale.error;

  return {
    listed: before.data.results.map((customer) => customer.number),
    added: added.data.number,
    changed: changed.data?.name,
    refused: refused?.code,
    status: closed.data?.status,
  };
}
