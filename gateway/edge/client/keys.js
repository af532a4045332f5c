// `crypto.randomUUID` is not there where a page comes over plain HTTP from another machine.

/** 128 random bits in hexadecimal: the name of something that may be sent twice and shall count once. */
export const freshKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
