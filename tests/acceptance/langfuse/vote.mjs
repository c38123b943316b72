// Langfuse's client for back ends: `vote.mjs URL PUBLIC_KEY SECRET_KEY MESSAGE`. What it is answered comes as a line of
// JSON each.
import { LangfuseClient } from "@langfuse/client";

const [baseUrl, publicKey, secretKey, traceId] = process.argv.slice(2);
const client = new LangfuseClient({ baseUrl, publicKey, secretKey });
const name = "user-feedback";

client.score.create({ traceId, name, value: 1, comment: "Exactly." });
await client.flush();
client.score.create({ traceId, name, value: 0, dataType: "BOOLEAN" });
await client.flush();
console.log(JSON.stringify(await client.api.scores.create({ traceId, name, value: 1 })));
for (const refused of [{ traceId, name: "accuracy", value: 0.9 }, { traceId: "nothing-of-ours", name, value: 1 }]) {
  await client.api.scores.create(refused).catch((error) => {
    console.log(JSON.stringify([error.statusCode, error.body.error]));
  });
}
await client.api.legacy.scoreV1.delete(`${name}-${traceId}`);
