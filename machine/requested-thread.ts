/**
 * How the machine worker gets its threads: it asks the page for them, since no worker starts a worker here. Why not is in
 * docs/decisions/0009-the-page-starts-all-threads.md. `threads.page.ts` answers.
 */

/** The threads that there are, each by the name of its `*.worker.ts`. */
export type ThreadEntry = 'hart' | 'compiler' | 'loader';

/** What the page is asked for. */
export interface ThreadRequest {
  readonly entry: ThreadEntry;
  /** Shown in the browser's tools. */
  readonly name: string;
  /** The new thread is posted this and nothing else: what it needs comes through it, from who asked. */
  readonly port: MessagePort;
  /** The page says here why the thread has failed, as a text; any message to the page ends the thread. */
  readonly control: MessagePort;
}

export interface RequestedThread {
  /** To the thread. */
  readonly port: MessagePort;
  /** Ends it, wherever it is. */
  end(): void;
}

/**
 * Asks `page` for a thread. `failed` is told if its script does not run, or throws, or posts what cannot be received here:
 * who waits for that message would wait for ever.
 */
export function requestThread(
  page: MessagePort,
  { entry, name }: Pick<ThreadRequest, 'entry' | 'name'>,
  failed: (error: Error) => void,
): RequestedThread {
  const [thread, control] = [new MessageChannel(), new MessageChannel()];
  thread.port1.onmessageerror = () => failed(unreadable());
  control.port1.onmessage = ({ data }: MessageEvent<string>) => failed(new Error(data));
  const request: ThreadRequest = { entry, name, port: thread.port2, control: control.port2 };
  page.postMessage(request, [thread.port2, control.port2]);
  return { port: thread.port1, end: () => control.port1.postMessage('end') };
}

/** For a thread: takes the port that it is posted, and calls `receive` with what comes through it. */
export function receiveFrom<Message>(
  { data: port }: MessageEvent<MessagePort>,
  receive: (message: Message, port: MessagePort) => void,
): void {
  port.onmessageerror = () => reportError(unreadable());
  port.onmessage = ({ data }: MessageEvent<Message>) => receive(data, port);
}

/** Why nothing can be made of a `messageerror`. */
export const unreadable = (): Error => new Error('a message could not be received; there may be too little memory');
