// A chat in React: answers come and go, are drawn anew with each vote, and know a token only as long as they are there.

import { useState } from "react";
import { createRoot } from "react-dom/client";
import { PlauditThumbs, type VoteDetail } from "@plaudit/react";

interface Given { plaudit: string; ids: string[]; conversation: string; token: string }

const given: Given = JSON.parse(document.querySelector("#given")!.textContent!);

function Chat() {
  const [heard, hear] = useState<VoteDetail[]>([]);
  const [isOpen, open] = useState(true);
  return (
    <main>
      <h1>A chat</h1>
      <button id="toggle" onClick={() => open(!isOpen)}>Toggle</button>
      <output>{heard.map(({ vote }) => vote ?? "none").join(" ")}</output>
      {isOpen && given.ids.map((id) => (
        <PlauditThumbs key={id} messageId={id} endpoint={given.plaudit} conversationId={given.conversation}
                       className="thumbs" comment="dislike" reasons={false} getToken={async () => given.token}
                       onVote={(detail) => hear([...heard, detail])} />
      ))}
    </main>
  );
}

createRoot(document.querySelector("#root")!).render(<Chat />);
