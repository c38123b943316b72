/** `<plaudit-thumbs>`: the two thumbs under an answer. The manual is docs/element.md of Plaudit. */

export type Vote = "like" | "dislike";
export type Contract = "plaudit" | "siteassist" | "handauncle";

/** `plaudit-vote`: the server has stored it. */
export interface VoteDetail {
  messageId: string;
  /** null: it was taken back. */
  vote: Vote | null;
  comment: string | null;
  /** The ids of the project's reasons that were chosen. */
  reasons: string[];
}

/** `plaudit-error`: the server has refused something, and a vote is shown again as it was confirmed last. */
export interface ErrorDetail {
  status: number;
  /** As the contract calls it; absent where something else than Plaudit answered. */
  code?: string;
  message?: string;
  details?: Record<string, unknown>;
}

/** `plaudit-device-token`: what a guest's device has to show from now on, in the header `x-device-token`. */
export interface DeviceTokenDetail {
  token: string;
}

/** The element's attributes, all of them optional. */
export interface Attributes {
  /** Without it the thumbs are disabled, as while an answer is streamed. */
  "message-id"?: string;
  /** My votes on all of its messages are asked for, in one request. */
  "conversation-id"?: string;
  receipt?: string;
  contract?: Contract;
  /** Where Plaudit is. Default: where the module was loaded from; name it where the module comes from a bundle. */
  endpoint?: string;
  /** The vote as the page knows it; "" for none. */
  value?: Vote | "";
  lang?: string;
  theme?: "light" | "dark" | "auto";
  /** After which votes a comment is asked for. Default: off. */
  comment?: "off" | "dislike" | "both";
  /** Present: the project's reasons are offered. */
  reasons?: "" | boolean;
}

export class PlauditThumbs extends HTMLElement {
  /** A fresh token for each request, or none. On the prototype it is every element's. */
  getToken: () => Promise<string | null | undefined | void> | string | null | undefined | void;
  /** More headers for each request, as those by which a guest is known. */
  getHeaders: () => Promise<Record<string, string> | undefined | void> | Record<string, string> | undefined | void;
}

export interface EventMap {
  "plaudit-vote": CustomEvent<VoteDetail>;
  "plaudit-error": CustomEvent<ErrorDetail>;
  "plaudit-device-token": CustomEvent<DeviceTokenDetail>;
}

declare global {
  interface HTMLElementTagNameMap {
    "plaudit-thumbs": PlauditThumbs;
  }
  interface GlobalEventHandlersEventMap extends EventMap {}
}
