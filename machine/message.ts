/** For the page, which knows no layer below this one. */
export { messageOf } from '../core/shared/message.ts';
