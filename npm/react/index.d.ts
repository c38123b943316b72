import type {
  Attributes, DeviceTokenDetail, ErrorDetail, PlauditThumbs as Element, VoteDetail,
} from "@plaudit/element";
import type { CSSProperties, ReactElement } from "react";

export type { Contract, DeviceTokenDetail, ErrorDetail, Vote, VoteDetail } from "@plaudit/element";

export interface PlauditThumbsProps extends Omit<Attributes, "message-id" | "conversation-id" | "reasons"> {
  messageId?: string | undefined;
  conversationId?: string | undefined;
  reasons?: boolean;
  id?: string;
  className?: string;
  style?: CSSProperties;
  getToken?: Element["getToken"];
  getHeaders?: Element["getHeaders"];
  onVote?: (detail: VoteDetail) => void;
  onVoteError?: (detail: ErrorDetail) => void;
  onDeviceToken?: (detail: DeviceTokenDetail) => void;
}

export function PlauditThumbs(props: PlauditThumbsProps): ReactElement;
