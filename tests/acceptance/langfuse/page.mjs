// Langfuse's client for pages, which has the publishable key only: `page.mjs URL PUBLIC_KEY MESSAGE [RECEIPT]`.
import { LangfuseWeb } from "langfuse";

const [baseUrl, publicKey, traceId, receipt] = process.argv.slice(2);
const additionalHeaders = receipt ? { "X-Message-Receipt": receipt } : {};
const client = new LangfuseWeb({ baseUrl, publicKey, additionalHeaders, fetchRetryCount: 0 });

await client.score({ traceId, name: "user-feedback", value: 0, comment: "The notice period is wrong." });
await client.flushAsync();
