// What the page's scripts speak of in their JSDoc.

type TagElement<T extends string> = T extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[T] : HTMLElement;

/** The element that `h` makes of a selector like `button.primary`. */
type ElementOf<S extends string> = S extends `${infer T}.${string}` ? TagElement<T> : TagElement<S>;

type Identity = import("../../js/identity.js").Identity;
type EventLog = import("../../js/event-log.js").EventLog;

/** web/about.json */
interface About {
  devTokens: boolean;
}

/** RFC 9457, as far as the page reads it. */
interface ProblemDocument {
  code?: string;
  title?: string;
  detail?: string;
  status?: number;
  field?: string;
  clientMessageId?: string;
}

interface CallOptions {
  query?: Record<string, string | number | null | undefined>;
  body?: unknown;
  token?: string;
}

/** As the service tells it in a history, on a topic and in acks. */
interface ChatMessage {
  messageId: string;
  clientMessageId: string;
  sessionId: string;
  seq: number;
  senderEmail: string;
  senderDisplayName: string;
  content: string;
  sentAt: string;
  delivered: boolean;
  seen: boolean;
  /** Counts from 1 what changed of it. */
  version: number;
  editedAt?: string;
  deleted?: boolean;
  replyTo?: Quote;
  reactions?: { emoji: string; by: string[] }[];
}

/** The message that another one answers, as the service sees it then. */
interface Quote {
  seq: number;
  deleted?: boolean;
  senderId?: string;
  content?: string;
}

/** What one may begin to write. */
interface Compose {
  edit: (message: ChatMessage) => void;
  reply: (message: ChatMessage) => void;
}

/** What can be asked for from a message. */
interface MessageActions {
  openMenu: (message: ChatMessage, button: HTMLElement) => void;
  goTo: (seq: number) => void;
  react: (message: ChatMessage, emoji: string | null) => void;
}

interface Peer {
  profileId: string;
  email: string;
  displayName: string;
}

/** An entry of the list of sessions. */
interface SessionSummary {
  sessionId: string;
  intent: string;
  peer: Peer;
  lastMessage: ChatMessage | null;
  unreadCount: number;
  lastSeq: number;
  createdAt: string;
  deliveredTo?: number;
  seenTo?: number;
  pinned?: boolean;
  archived?: boolean;
  mutedUntil?: string;
  draft?: string;
}

/** How far somebody has got in a session. */
interface ReceiptOf {
  sessionId: string;
  by: string;
  deliveredTo?: number;
  seenTo?: number;
}

interface PresenceOf {
  profileId: string;
  state: "online" | "away" | "offline";
  lastSeenAt?: string;
}

/** That somebody types. */
interface TypingOf {
  sessionId: string;
  state: "typing" | "recording" | "stopped";
  /** In seconds. */
  expiresIn: number;
}

/** What one shows of oneself. */
interface Shows {
  seenReceipts: boolean;
  deliveredReceipts: boolean;
  typing: boolean;
  presence: boolean;
}

/** What changes of one's own side of a conversation. */
interface StateChange {
  pinned?: boolean;
  archived?: boolean;
  mutedUntil?: string | null;
  draft?: string | null;
}

/** What one has not read; the sessions with the newest activity are named. */
interface UnreadTotals {
  total: number;
  bySession: { sessionId: string; unread: number }[];
}

type Told<T extends string, Fields> = Fields & { type: T; at: string };

/** What comes on /user/queue/events. */
type ChatEvent =
  | Told<"message", ChatMessage>
  | Told<"receipt", ReceiptOf>
  | Told<"session", SessionSummary>
  | Told<"presence", PresenceOf>
  | Told<"typing", TypingOf>
  | Told<"unread", { total: number }>
  | Told<"ready", { sync: string }>
  | Told<"reset", { reason: string }>;

type Client = import("@stomp/stompjs").Client;
type Frame = import("@stomp/stompjs").IFrame;
type Connection = import("../../js/connection.js").Connection;
type Conversation = import("../../js/conversation.js").Conversation;
type Conversations = import("../../js/conversations.js").Conversations;
type Inbox = import("../../js/inbox.js").Inbox;
type Pane = import("../../js/views/pane.js").Pane;
type Person = import("../../js/person.js").Person;
type RestApi = import("../../js/rest-api.js").RestApi;

/** A time as the service writes it, or in milliseconds. */
type When = string | number | Date;

/** A conversation as the browser's history keeps it. */
interface OpenChat {
  peer: string;
  intent: string;
}

interface ConnectionState {
  phase: "connecting" | "connected" | "waiting" | "offline" | "cut" | "refused";
  tries?: number;
  version?: string;
  transport?: string;
  reason?: string;
  /** In milliseconds, as Date.now() is. */
  retryAt?: number;
}

/** A WebSocket or what SockJS has in its place. */
interface SocketLike extends WebSocket {
  transport?: string;
}

interface Transport {
  name: string;
  prepare(): Promise<unknown>;
  open(log: EventLog): SocketLike;
}

declare var SockJS: new (url: string) => SocketLike;

type Header = [name: string, value: string];

interface FrameText {
  command: string;
  headers: Header[];
  body: string;
}

interface LogEntry {
  kind: "frame" | "beat" | "http" | "socket";
  direction: "in" | "out" | "note";
  title: string;
  summary: string;
  text: string;
  at: Date;
}

/** A message that has no ack yet. */
interface Send {
  clientMessageId: string;
  sessionId: string;
  intent: string;
  content: string;
  /** The seq of the message that it answers. */
  replyTo?: number;
  at: string;
  state: "waiting" | "sent" | "accepted" | "failed";
  problem?: string;
  tries: number;
  /** In milliseconds, as Date.now() is. */
  dueAt: number;
}

/** One thing to choose in a menu. */
interface MenuItem {
  label: string;
  icon: import("../../js/views/icons.js").IconName;
  act: () => void;
}

/** One of a row of emoji in a menu; the one that is `checked` is there already. */
interface MenuEmoji {
  emoji: string;
  name: string;
  checked: boolean;
  act: () => void;
}

/** A list item and what it shows. */
interface Item {
  signature: string;
  element: HTMLElement;
  isMessage: boolean;
}

type Put = (key: string, signature: string, make: () => HTMLElement, isMessage?: boolean) => void;

/** JSON Schema and the documents of the API: read for showing, and anything may be missing. */
type Schema = any;
type ApiDocument = any;

interface Field {
  name: string;
  schema: Schema;
  required: boolean;
  description?: string;
  where?: string;
}
