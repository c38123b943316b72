// A chat in Vue: attributes, a function and an event, written as for any element.

import { createApp, h, ref } from "vue";
import "@plaudit/element";

const given = JSON.parse(document.querySelector("#given").textContent);
const heard = ref([]);

const thumbs = (id) => h("plaudit-thumbs", {
  key: id, "message-id": id, endpoint: given.plaudit, "conversation-id": given.conversation, class: "thumbs",
  comment: "dislike", ".getToken": async () => given.token,
  "onPlaudit-vote": ({ detail }) => heard.value.push(detail),
});

const isOpen = ref(true);

createApp({
  render: () => h("main", [
    h("h1", "A chat"),
    h("button", { id: "toggle", onClick: () => { isOpen.value = !isOpen.value; } }, "Toggle"),
    h("output", heard.value.map(({ vote }) => vote ?? "none").join(" ")),
    ...isOpen.value ? given.ids.map(thumbs) : [],
  ]),
}).mount("#root");
