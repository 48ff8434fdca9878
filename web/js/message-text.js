export const GONE = "This message was deleted";

/** What a message says now. @param {ChatMessage} message */
export const textOf = ({ deleted, content }) => (deleted ? GONE : content);
