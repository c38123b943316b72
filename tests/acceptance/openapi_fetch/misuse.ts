// What the document's types must refuse: this file is checked and never run. A line that is accepted after all is an
// error of the compiler, because it then expects one in vain.

import createClient from "openapi-fetch";
import type { paths } from "./siteassist.js";

const client = createClient<paths>();
const params = { path: { messageId: "123e4567-e89b-12d3-a456-426614174000" } };

// @ts-expect-error -- no such vote
void client.POST("/messages/{messageId}/feedback", { params, body: { feedback: "love" } });
// @ts-expect-error -- a vote must be there, if only as null
void client.POST("/messages/{messageId}/feedback", { params, body: {} });
// @ts-expect-error -- votes are sent with POST
void client.PUT("/messages/{messageId}/feedback", { params, body: { feedback: "like" } });
// @ts-expect-error -- the message must be named
void client.POST("/messages/{messageId}/feedback", { body: { feedback: "like" } });
// @ts-expect-error -- no such operation
void client.GET("/feedback");
