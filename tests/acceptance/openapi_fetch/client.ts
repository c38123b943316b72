// A page's visitor likes, dislikes, takes it back, and reads the conversation after each; prints what was read, as JSON.
// Every type comes from the SiteAssist document, and nothing here casts.

import createClient from "openapi-fetch";
import type { components, paths } from "./siteassist.js";

type Vote = components["schemas"]["Vote"];
type Problem = components["schemas"]["Error"];

const [baseUrl = "", apiKey = "", saVid = "", conversationId = "", messageId = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl });

function taken<Data>(answer: { data?: Data; error?: Problem }): Data {
  if (answer.data === undefined) throw new Error(`${answer.error?.error.code}: ${answer.error?.error.message}`);
  return answer.data;
}

async function vote(feedback: Vote): Promise<Vote> {
  const stored = await client.POST("/messages/{messageId}/feedback", {
    params: { path: { messageId } },
    body: { feedback },
  });
  return taken(stored).feedback;
}

async function read(): Promise<{ feedback: Vote; feedbackAt: string | null }[]> {
  const conversation = await client.GET("/conversations/{conversationId}", { params: { path: { conversationId } } });
  return taken(conversation).messages.map(({ feedback, feedbackAt }) => ({ feedback, feedbackAt }));
}

const session = taken(await client.POST("/identity/init", { body: { apiKey, saVid } }));
client.use({
  onRequest: ({ request }) => request.headers.set("authorization", `Bearer ${session.sessionToken}`),
});

const steps = [];
for (const feedback of ["like", "dislike", null, null] as const) {
  steps.push({ stored: await vote(feedback), read: await read() });
}
const mine = taken(await client.GET("/conversations", { params: { query: { limit: 1, orderBy: "updatedAt" } } }));
const unknown = await client.GET("/conversations/{conversationId}", {
  params: { path: { conversationId: "00000000-0000-4000-8000-000000000000" } },
});

console.log(
  JSON.stringify({
    visitor: session.visitor.type,
    steps,
    conversations: mine.data.map((conversation) => conversation.id),
    unknown: [unknown.response.status, unknown.error?.error.code],
  }),
);
