// LangSmith's client for JavaScript: `vote.mjs URL KEY RUN`. What comes of it is a line of JSON each.
import { Client } from "langsmith";

const [apiUrl, apiKey, run] = process.argv.slice(2);
const client = new Client({ apiUrl, apiKey });
const sessionId = "0f8fad5b-d9cb-469f-a165-70867728950e"; // of LangSmith's, without which the client warns
const say = (said) => console.log(JSON.stringify(said));
const read = async () => {
  const { run_id, key, score, comment } = await client.readFeedback(run);
  say([run_id, key, score, comment]);
};

await client.createFeedback(run, "user_score", { score: 1, comment: "Exactly.", sessionId });
await read();
await client.createFeedback(run, "user_score", { score: 0, traceId: run, sessionId });
await client.awaitPendingTraceBatches();
await read();
await client.updateFeedback(run, { comment: "On second thoughts." });
await read();
for await (const { run_id } of client.listFeedback({ runIds: [run] })) say([run_id]);
await client.createFeedback(run, "correctness", { score: 0.9, sessionId }).catch((error) => say([error.status]));
await client.deleteFeedback(run);
say((await client.createPresignedFeedbackToken(run, "user_score")).url);
