// Votes on messages as the client of assistant-ui's cloud does, and prints what it is answered: a line of JSON each.
import { AssistantCloud } from "assistant-cloud";

const [baseUrl, token, apiKey, userId] = process.argv.slice(2);
const inAPage = new AssistantCloud({ baseUrl, authToken: async () => token });
const onAServer = new AssistantCloud({ baseUrl, apiKey, userId, workspaceId: userId });

async function vote(cloud, thread, message, body) {
  const answer = await cloud.threads.messages
    .feedback(thread, message, body)
    .catch(({ name, status, code }) => [name, status, code]);
  console.log(JSON.stringify(answer));
}

await vote(inAPage, "c-1", "m-1", { type: "positive" });
await vote(inAPage, "c-1", "m-1", { type: "negative", comment: " Wrong. " });
await vote(onAServer, "c/2", "m/2", { type: "negative", comment: "Too short." });
await vote(onAServer, "c-1", "m-1", { type: "positive" });
await vote(onAServer, "another", "m/2", { type: "positive" });
await vote(inAPage, "c-1", "m-1", { type: "neutral" });
