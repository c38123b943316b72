// A page without a framework: every name that the types promise, with nothing cast.

import { PlauditThumbs, type ErrorDetail, type VoteDetail } from "@plaudit/element";

const votes: VoteDetail[] = [];
const errors: ErrorDetail[] = [];

PlauditThumbs.prototype.getToken = async () => localStorage.getItem("token");

export function thumbsUnder(answer: HTMLElement, id: string, receipt: string): PlauditThumbs {
  const thumbs = document.createElement("plaudit-thumbs");
  thumbs.setAttribute("message-id", id);
  thumbs.setAttribute("receipt", receipt);
  thumbs.getHeaders = () => ({ "x-device-id": "device-of-somebody" });
  thumbs.addEventListener("plaudit-vote", ({ detail }) => votes.push(detail));
  answer.append(thumbs);
  return thumbs;
}

document.addEventListener("plaudit-error", ({ detail }) => errors.push(detail));
document.addEventListener("plaudit-device-token", ({ detail }) => localStorage.setItem("device", detail.token));

export const liked = (): string[] => votes.filter(({ vote }) => vote === "like").map(({ messageId }) => messageId);
export const codes = (): (string | undefined)[] => errors.map(({ status, code }) => code ?? `${status}`);
