// Votes on a message as LibreChat's page does, and prints what it is answered: a line of JSON each.
//
// In a page the address comes from <base href>; here, where there is none, the client asks for paths alone.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { dataService, setTokenHeader, toMinimalFeedback, getTagByKey } = require("librechat-data-provider");
const [baseUrl, token, conversation, message] = process.argv.slice(2);
require("axios").defaults.baseURL = baseUrl;
setTokenHeader(token);

async function vote(feedback, conversationId = conversation) {
  const answer = await dataService
    .updateFeedback(conversationId, message, { feedback })
    .catch((error) => [error.response.status, error.response.data]);
  console.log(JSON.stringify(answer));
}

const chosen = (rating, tag, text) => toMinimalFeedback({ rating, tag: getTagByKey(tag), text });
await vote(chosen("thumbsUp", "accurate_reliable"));
await vote(chosen("thumbsDown", "inaccurate", "Wrong."));
await vote(undefined); // no thumb is chosen any more
await vote(chosen("thumbsDown", "other"), "another-conversation");
await vote({ rating: "sideways", tag: "other" });
