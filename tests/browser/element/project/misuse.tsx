// What the types refuse.

import { PlauditThumbs as Element } from "@plaudit/element";
import { PlauditThumbs } from "@plaudit/react";

// @ts-expect-error a token is text
Element.prototype.getToken = async () => 7;

document.addEventListener("plaudit-vote", ({ detail }) => {
  // @ts-expect-error a vote is no number
  const rating: number = detail.vote;
  return rating;
});

// @ts-expect-error there is no such contract
export const wrongContract = <PlauditThumbs messageId="m" contract="siteassistant" />;

// @ts-expect-error nor such a vote
export const wrongValue = <PlauditThumbs messageId="m" value="up" />;

// @ts-expect-error a prop is called as in React
export const wrongName = <PlauditThumbs message_id="m" />;
