// How many characters a text counts: the server's rules, by the same expressions, which it serves beside this file.

const LINK = 23;
const EMOJI = 2;
const LIGHT = /[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]/;
// The server masks what can be no host before it looks for links, so that is done here too.
const DOTTED = /[\p{L}\p{N}_.\-\u0080-\u{10ffff}]+/gu;
const LONG_LABEL = /[A-Za-z0-9_-]{64}/;
const LONG_RUN = /[^\0-\x7f][\p{L}\p{N}_\-\u0080-\u{10ffff}]{16,}/gu;
// Space as the server's language has it.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS_OF_SPACE = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
const WORD = new RegExp(`[^${SPACE}]+`, "g");
// What is not there any more in a host's name once it is written in ASCII.
const UNSEEN = /[\xad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g;
const MOST_LABELS = 8;
const ENDS = 8;
const LONGEST = 4096;

const rules = fetch(new URL("text-rules.json", import.meta.url))
  .then((response) => response.json())
  .then((found) => ({
    most: found.maxWeight,
    link: new RegExp(found.link, "giu"),
    domain: new RegExp(found.domain, "giu"),
    short: new RegExp(found.short, "iu"),
    emoji: new RegExp(found.emoji, "gu"),
  }));

/** A function from a text to { weight, most }. */
export async function weigher() {
  const found = await rules;
  return (text) => ({ weight: weigh(normal(text), found), most: found.most });
}

const normal = (text) => text.replace(/\r\n?/g, "\n").normalize("NFC").replace(ENDS_OF_SPACE, "");

function weigh(text, rules) {
  const spans = links(text, rules).map(([start, end]) => [start, end, LINK]);
  for (const found of text.matchAll(rules.emoji)) spans.push([found.index, found.index + found[0].length, EMOJI]);
  spans.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  let weight = 0;
  let at = 0;
  for (const [start, end, counts] of spans) {
    if (start < at) continue;
    weight += plain(text.slice(at, start)) + counts;
    at = end;
  }
  return weight + plain(text.slice(at));
}

function plain(text) {
  let weight = 0;
  for (const character of text) weight += LIGHT.test(character) && character.length === 1 ? 1 : 2;
  return weight;
}

/** Where links are, in the text's own units. */
function links(text, rules) {
  const spans = [];
  for (const word of text.matchAll(WORD)) {
    if (!word[0].slice(0, -1).includes(".")) continue;
    const masked = word[0]
      .replace(DOTTED, (run) => (run.split(".").length - 1 <= MOST_LABELS && !LONG_LABEL.test(run) ? run : run.replaceAll(".", ",")))
      .replace(LONG_RUN, maskMiddle);
    for (const [start, end] of linksOfWord(masked, rules)) spans.push([word.index + start, word.index + end]);
  }
  return spans;
}

function maskMiddle(run) {
  const characters = [...run];
  return characters.map((each, at) => (at < ENDS || at >= characters.length - ENDS ? each : "$".repeat(each.length))).join("");
}

function linksOfWord(word, rules) {
  const spans = [];
  for (const found of word.matchAll(rules.link)) {
    const [, , before, url, protocol, domain, , path] = found;
    const end = found.index + found[0].length;
    const start = end - url.length;
    if (!isHost(domain) || (protocol ?? "https://").length + url.length > LONGEST) continue;
    if (protocol) {
      const short = rules.short.exec(url);
      if (short && short[1].length > 40) continue;
      spans.push([start, short ? start + short[0].length : end]);
      continue;
    }
    if (/[-_./]$/.test(before)) continue;
    const domains = [...domain.matchAll(rules.domain)].map((part) => [start + part.index, start + part.index + part[0].length]);
    if (domains.length && path) domains.at(-1)[1] = end;
    spans.push(...domains);
  }
  return spans;
}

/** Whether each label could be written in ASCII, as names in the domain name system are. */
function isHost(domain) {
  return domain.split(".").every((label) => {
    const seen = label.replace(UNSEEN, "");
    return seen.length > 0 && seen.length < 64 && (/^[\0-\x7f]*$/.test(seen) || !/^xn--/i.test(seen));
  });
}
