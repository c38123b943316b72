// Votes on messages as Dify's client does, and prints what it is answered: a line of JSON each.
import { DifyClient } from "dify-client";

const [baseUrl, key, message, user, ...ratings] = process.argv.slice(2);
const client = new DifyClient(key, baseUrl);
for (const rating of ratings) {
  const answer = await client
    .messageFeedback(message, rating === "null" ? null : rating, user)
    .catch((error) => error.response);
  console.log(JSON.stringify([answer.status, answer.data]));
}
