"use client";

// <plaudit-thumbs> for React: attributes, functions and events as props.

import { createElement, useEffect, useRef } from "react";

const EVENTS = { onVote: "plaudit-vote", onVoteError: "plaudit-error", onDeviceToken: "plaudit-device-token" };

export function PlauditThumbs(props) {
  const {
    messageId, conversationId, reasons, className, getToken, getHeaders, onVote, onVoteError, onDeviceToken, ...others
  } = props;
  const element = useRef(null);
  const handlers = useRef({});

  // In a browser only: the module defines an element, which a server has no place for.
  useEffect(() => void import("@plaudit/element"), []);
  useEffect(() => { handlers.current = { onVote, onVoteError, onDeviceToken }; });
  useEffect(() => listen(element.current, handlers), []);

  // When the element is put in place, and so before it asks for anything.
  const place = (node) => {
    element.current = node ?? element.current;
    if (node) give(node, { getToken, getHeaders });
  };
  return createElement("plaudit-thumbs", {
    ...others, "message-id": messageId, "conversation-id": conversationId, class: className,
    reasons: reasons ? "" : undefined, ref: place,
  });
}

function give(node, functions) {
  for (const [name, given] of Object.entries(functions)) {
    if (given) node[name] = given;
    else delete node[name];
  }
}

function listen(node, handlers) {
  const hear = Object.entries(EVENTS).map(([prop, event]) => [event, ({ detail }) => handlers.current[prop]?.(detail)]);
  for (const [event, handler] of hear) node.addEventListener(event, handler);
  return () => {
    for (const [event, handler] of hear) node.removeEventListener(event, handler);
  };
}
